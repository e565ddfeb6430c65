"""All keywords of a project in one place, for looking up what a message says."""

from collections.abc import Iterable, Iterator

import msgspec

from parley.domain.errors import Problem
from parley.keywords.auto_response import AutoResponse
from parley.keywords.catalogue import shipped
from parley.keywords.plain import LONGEST, plain_form


class Heard(msgspec.Struct, frozen=True):
    """A keyword that was said."""

    response: AutoResponse
    said: str
    """As the customer wrote it."""
    languages: tuple[str, ...]
    """In which it is that keyword."""
    is_weak: bool
    """Left to a scenario that awaits a reply."""

    @property
    def language(self) -> str | None:
        """Where the word itself tells it: STOP does not, ARRÊT does."""
        return self.languages[0] if len(self.languages) == 1 else None


class KeywordBook:
    """A project's own auto-responses before the shipped ones."""

    def __init__(self, own: Iterable[AutoResponse] = ()) -> None:
        mine = {one.name: one for one in own}
        self.own = tuple(mine.values())
        self._by_word: dict[str, list[tuple[AutoResponse, tuple[str, ...], bool]]] = {}
        for response in [*mine.values(), *(one for name, one in shipped().items() if name not in mine)]:
            if response.active:
                weak = {plain_form(one) for one in response.weak}
                for word, languages in _words(response).items():
                    is_weak = "*" in response.weak or word in weak
                    self._by_word.setdefault(word, []).append((response, languages, is_weak))

    def hear(self, texts: Iterable[str], sender: str) -> Heard | None:
        """`texts` are what the customer said: a button's payload, its title, the message. None: no keyword."""
        for text in texts:
            listed = self._by_word.get(plain_form(text), ()) if text and len(text) <= LONGEST else ()
            for response, languages, weak in listed:
                if not response.senders or sender in response.senders:
                    return Heard(response, text, languages, weak)
        return None


def said_twice(responses: Iterable[AutoResponse]) -> Iterator[tuple[tuple[str, str], Problem]]:
    """Keywords that two of a project's own auto-responses claim at one account: both names, and the problem."""
    first: dict[str, AutoResponse] = {}
    for response in responses:
        for word in _words(response):
            other = first.setdefault(word, response)
            apart = response.senders and other.senders and not {*response.senders} & {*other.senders}
            if other is not response and not apart:
                names = (response.name, other.name)
                yield names, Problem("keywords", f"{word!r} is a keyword of {names[1]} and of {names[0]}.")


def _words(response: AutoResponse) -> dict[str, tuple[str, ...]]:
    """Languages by keyword."""
    found: dict[str, tuple[str, ...]] = {}
    for language, words in response.keywords.items():
        for word in {plain_form(one) for one in words}:
            found[word] = (*found.get(word, ()), language)
    return found
