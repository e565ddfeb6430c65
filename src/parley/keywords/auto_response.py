"""The definition of an auto-response, read from a file of the kind `auto_response`."""

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Literal

import msgspec

from parley.domain.errors import InvalidInputError, Problem
from parley.domain.misfit import every_misfit
from parley.keywords.plain import LONGEST, MOST_WORDS, plain_form

LONGEST_REPLY = 1_024
"""Characters: an answer to one word is short. WhatsApp would take 4,096 (whatsapp.md 1.6)."""
_LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2})?")
FALLBACK = "en"


class ConsentAction(StrEnum):
    """What a keyword does to the customer's consents."""

    REVOKE = "revoke"
    """Ends them. Nothing more is sent to the address, unless the response is a project's own and names categories."""
    GRANT = "grant"
    CONFIRM = "confirm"
    """Grants what the customer said elsewhere and has yet to confirm (double opt-in); without that it says nothing."""
    NONE = "none"


class AutoResponse(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keywords, what they do, and what is answered."""

    kind: Literal["auto_response"] = "auto_response"
    name: str
    title: str = ""
    active: bool = True
    action: ConsentAction = ConsentAction.NONE
    categories: tuple[str, ...] = ()
    """Of consent. Empty: a revocation means all of them; a grant those that a keyword had revoked, else `whatsapp`;
    a confirmation all that wait for it."""
    keywords: Mapping[str, tuple[str, ...]] = {}
    """By language. The whole message must say one."""
    weak: tuple[str, ...] = ()
    """Keywords that are left to a scenario while one awaits the customer's reply; `*`: all of them."""
    reply: Mapping[str, str] = {}
    """By language, with Jinja; empty: no answer."""
    senders: tuple[str, ...] = ()
    """Integrations at which it listens; empty: all."""

    def reply_in(self, *wanted: str | None) -> str | None:
        """The first of these languages that there is an answer in, else English, else any."""
        for language in wanted:
            for code in (language, (language or "").split("_")[0]):
                if code in self.reply:
                    return self.reply[code or ""]
        return self.reply.get(FALLBACK) or next(iter(self.reply.values()), None)


def parse_auto_response(data: bytes, shipped: Mapping[str, AutoResponse]) -> AutoResponse:
    """What a file of a shipped name leaves out stays as shipped. Raises InvalidInputError with every problem."""
    try:
        named = msgspec.json.decode(data, type=_Named)
        given = msgspec.json.decode(data)
        response = msgspec.convert(_left_out(named.name, given, shipped) | given, AutoResponse)
    except msgspec.ValidationError as error:
        raise every_misfit(data, AutoResponse, "auto_response") from error
    problems = [*_problems(response), *_shipped_problems(response, shipped)]
    if problems:
        raise InvalidInputError(problems)
    return response


def _left_out(name: str, given: Mapping[str, object], shipped: Mapping[str, AutoResponse]) -> dict[str, object]:
    if name not in shipped:
        return {}
    original: dict[str, object] = msgspec.to_builtins(shipped[name])
    return original | ({"weak": ()} if "keywords" in given else {})


class _Named(msgspec.Struct):
    name: str


def _problems(response: AutoResponse) -> Iterator[Problem]:
    if not any(response.keywords.values()):
        yield Problem("keywords", 'name at least one, by language: {"en": ["STOP"]}.')
    for field, languages in (("keywords", response.keywords), ("reply", response.reply)):
        strange = [language for language in languages if not _LANGUAGE.fullmatch(language)]
        yield from (Problem(f"{field}.{one}", "must be a language such as en or pt_BR.") for one in strange)
    said = [(language, word) for language, words in response.keywords.items() for word in words]
    for language, word in said:
        if not plain_form(word):
            sentence = f"{word!r} must have a letter, at most {MOST_WORDS} words and {LONGEST} characters."
            yield Problem(f"keywords.{language}", sentence)
    known = {plain_form(word) for _, word in said}
    unknown = [word for word in response.weak if word != "*" and plain_form(word) not in known]
    yield from (Problem("weak", f"{word!r} is none of the keywords.") for word in unknown)
    odd = [language for language, text in response.reply.items() if not 0 < len(text.strip()) <= LONGEST_REPLY]
    yield from (Problem(f"reply.{language}", f"must have 1 to {LONGEST_REPLY} characters.") for language in odd)


def _shipped_problems(response: AutoResponse, shipped: Mapping[str, AutoResponse]) -> Iterator[Problem]:
    original = shipped.get(response.name)
    if original is None:
        return
    if response.action is not original.action:
        yield Problem("action", f"{response.name} is shipped, and its action is {original.action}: use another name.")
    if original.action is ConsentAction.REVOKE:
        if not response.active:
            yield Problem("active", "WhatsApp wants every request to stop honoured: this one cannot be switched off.")
        if response.senders:
            yield Problem("senders", "whoever writes STOP is heard at every account: leave this empty.")
