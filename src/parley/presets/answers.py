"""What the other server's answer means. The preset's own rows first, then the ones every HTTP server means.

Trap: Exponea halts a whole campaign on one 400 (reference/presets). Here a 400 is about one person.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from itertools import chain
from typing import Any, Literal, Protocol

import msgspec

from parley.domain.errors import Problem
from parley.domain.http import HttpResponse
from parley.domain.message import Accepted, NotAccepted, Outcome, Remedy

LONGEST_QUOTE = 200
"""Characters of the provider's own words that a sentence repeats."""
LONGEST_WAIT = 86_400.0
"""Seconds. Whoever asks for more is not believed."""

Meaning = Literal["accepted", "retry", "wait", "refuse_person", "stop_sender", "stop_template", "ask"]


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row: an answer that looks like this means that."""

    status: int | str
    """201, or "2xx"."""
    means: Meaning
    where: dict[str, str | int | bool | None] = {}
    """Places in the JSON body and what stands there: {"error.status": "RESOURCE_EXHAUSTED"}."""
    code: str = ""
    sentence: str = ""
    message_ids: str = ""
    """Where the provider's ids stand: `statuses[*].message_id`."""
    in_json: bool = False
    """Only where the body is a JSON object: a page or bare text may come from something between, which does not know
    whether the provider has accepted the message.
    """


BUILT_IN: tuple[Answer, ...] = (
    Answer("2xx", "accepted"),
    Answer(301, "stop_sender", code="moved", sentence="The provider's server is at another address."),
    Answer(307, "stop_sender", code="moved", sentence="The provider's server is at another address."),
    Answer(308, "stop_sender", code="moved", sentence="The provider's server is at another address."),
    Answer(401, "stop_sender", code="unauthorized", sentence="The provider does not know these credentials."),
    Answer(402, "stop_sender", code="billing", sentence="The provider wants to be paid first."),
    Answer(403, "stop_sender", code="forbidden", sentence="These credentials may not do this."),
    Answer(408, "ask", code="timeout", sentence="The provider gave up waiting; it may have accepted the message."),
    Answer(429, "wait", code="rate_limited", sentence="The provider asks us to slow down."),
    Answer(500, "retry", code="provider_error", sentence="The provider had a fault.", in_json=True),
    Answer(501, "retry", code="provider_error", sentence="The provider cannot do this at the moment.", in_json=True),
    Answer(503, "wait", code="provider_unavailable", sentence="The provider is not available.", in_json=True),
    Answer(503, "ask", code="bad_gateway", sentence="Something on the way failed; the message may have been accepted."),
    Answer(502, "ask", code="bad_gateway", sentence="Something on the way failed; the message may have been accepted."),
    Answer(504, "ask", code="gateway_timeout", sentence="The answer got lost; the message may have been accepted."),
    Answer("4xx", "refuse_person", code="rejected", sentence="The provider rejects this request."),
    Answer("5xx", "ask", code="provider_error", sentence="The provider failed in a way that says nothing."),
)
"""Last resort, first match wins."""
ELSE = Answer("xxx", "ask", code="unexpected_answer", sentence="The provider answered in a way nobody expects.")

_SECONDS = re.compile(r"\d+(\.\d+)?", re.ASCII)
_STATUS = re.compile(r"[1-5]\d\d|[1-5]xx")
_STEP = re.compile(r"([^.\[\]]+)|\[(\d{1,4}|\*)\]|\.")
_PATH = re.compile(r"[^.\[\]]+(\[(\d{1,4}|\*)\])*(\.[^.\[\]]+(\[(\d{1,4}|\*)\])*)*")
_TAGS = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^<>]*>", re.DOTALL | re.IGNORECASE)


def answer_faults(answers: tuple[Answer, ...]) -> Iterator[Problem]:
    """What cannot be used in a preset's rows."""
    for number, answer in enumerate(answers):
        field = f"answers[{number}]"
        if not _STATUS.fullmatch(str(answer.status)):
            yield Problem(f"{field}.status", 'must be a status such as 201, or "2xx"')
        for path in (*answer.where, *filter(None, [answer.message_ids])):
            if not _PATH.fullmatch(path):
                yield Problem(field, f"{path[:60]!r} is not a path such as statuses[*].message_id")


class HasAnswers(Protocol):
    """A preset, as far as its answers go."""

    @property
    def answers(self) -> tuple[Answer, ...]:
        """Its own rows."""


def meaning(preset: HasAnswers, response: HttpResponse, recipients: int, now: datetime | None = None) -> Outcome:
    """What `response` means for a call to `recipients` people.

    Never raises, whatever the body holds. `now` is only for a Retry-After that is a date, when the answer has no Date
    header: two times of one clock, so that ours may be wrong.
    """
    content = _content(response.body)
    written = (str(response.status), f"{response.status // 100}xx")
    answer = next((row for row in chain(preset.answers, BUILT_IN) if _matches(row, written, content)), ELSE)
    if answer.means == "accepted":
        return Accepted(_message_ids(answer, content, recipients))
    sentence = _sentence(answer, response, content)
    wait = retry_after(response, now)
    return NotAccepted(answer.code or answer.means, sentence, Remedy(answer.means), wait)


def retry_after(response: HttpResponse, now: datetime | None = None) -> float | None:
    """How many seconds the answer asks to wait: it says them, or an HTTP date (RFC 9110, 10.2.3)."""
    given = (response.header("retry-after") or "").strip()
    if _SECONDS.fullmatch(given):
        return min(float(given), LONGEST_WAIT)
    until, since = _http_date(given), _http_date(response.header("date") or "") or now
    if until is None or since is None:
        return None
    return min(max((until - since).total_seconds(), 0.0), LONGEST_WAIT)


def _content(body: bytes) -> Any:
    """Parsed JSON, or None for anything else."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _matches(answer: Answer, written: tuple[str, str], content: Any) -> bool:
    if str(answer.status) not in written or (answer.in_json and not isinstance(content, dict)):
        return False
    return all(expected in _find(content, path) for path, expected in answer.where.items())


def _find(content: Any, path: str) -> list[Any]:
    """All values at `path`. What stands where a list should be counts as its only element (sinch.md 1.4)."""
    found = [content]
    for name, index in _steps(path):
        if name:
            found = [value[name] for value in found if isinstance(value, dict) and name in value]
        elif index == "*":
            found = [item for value in found for item in (value if isinstance(value, list) else [value])]
        elif index:
            lists = [value if isinstance(value, list) else [value] for value in found]
            found = [values[int(index)] for values in lists if int(index) < len(values)]
    return found


@lru_cache(maxsize=1_000)
def _steps(path: str) -> tuple[tuple[str | None, str | None], ...]:
    """(name, index) pairs; the dot between them is neither."""
    return tuple((step[1], step[2]) for step in _STEP.finditer(path))


def _message_ids(answer: Answer, content: Any, recipients: int) -> tuple[str, ...]:
    """All or none: an id that cannot be matched to its recipient is worse than no id."""
    if not answer.message_ids:
        return ()
    found = [value for value in _find(content, answer.message_ids) if isinstance(value, str) and value]
    return tuple(found) if len(found) == recipients else ()


def _sentence(answer: Answer, response: HttpResponse, content: Any) -> str:
    sentence = answer.sentence or f"The provider answered {response.status}."
    words = _words(content) or _bare_text(response.body)
    return f'{sentence} It said: "{words}"' if words else sentence


_SAYINGS = ("message", "details", "reason", "description", "error_description", "title", "detail")
"""Legacy answers have `details` or `reason`, Conversation's are nested or flat (sinch.md 1.2, 2.3)."""


def _words(content: Any) -> str:
    if isinstance(content, list) and content:
        return _words(content[0])
    if isinstance(content, str):
        return _quote(content)
    if not isinstance(content, dict):
        return ""
    inner = content.get("error")
    if isinstance(inner, dict):
        return _words(inner)
    said = [content[key] for key in _SAYINGS if isinstance(content.get(key), str) and content[key]]
    said += [inner] if isinstance(inner, str) else []
    return _quote(": ".join(dict.fromkeys(said)))


def _bare_text(body: bytes) -> str:
    text = body[:4_000].decode("utf-8", "replace")
    return "" if text[:1] in {"{", "["} else _quote(_TAGS.sub(" ", text))


def _quote(text: str) -> str:
    clean = " ".join("".join(letter if letter.isprintable() else " " for letter in text[:4_000]).split())
    clean = clean.replace('"', "'")
    return clean if len(clean) <= LONGEST_QUOTE else clean[: LONGEST_QUOTE - 1] + "…"


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
