"""The lexicons: data, one file per language in `lexicons/`, their lists described in `lists.json`. Read once."""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Literal

import msgspec

from parley.templates.promotion.terms import Hit, Index
from parley.templates.promotion.words import Sentence

COMMON = "common"
"""The file of what is said in every language: Black Friday, cashback."""
ENOUGH_WORDS = 2
"""So many of a language's commonest words make a text one of it."""

Role = Literal["offer", "pitch", "call", "question", "urgency", "praise", "reminder", "harmless", "code", "anchor"]


class TermList(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the terms of a list have in common."""

    role: Role
    what: str
    """As a person would call it."""
    category: str | None = None
    """Which of the ten categories they speak for."""


class Lexicon(msgspec.Struct, frozen=True):
    """The terms of one language."""

    words: frozenset[str]
    """Common ones, to know the language by."""
    index: Index


@cache
def term_lists() -> dict[str, TermList]:
    """By name."""
    return msgspec.json.decode(_folder().joinpath("lists.json").read_bytes(), type=dict[str, TermList])


@cache
def lexicons() -> dict[str, Lexicon]:
    """By language."""
    found = {file.name.removesuffix(".json"): _read(file.read_bytes()) for file in _folder("lexicons").iterdir()}
    common = found.pop(COMMON)
    return {language: _with(common, terms) for language, terms in sorted(found.items())}


def find_hits(sentences: Sequence[Sentence], language: str | None) -> list[Hit]:
    """Every term of the text's language: the one that is named, else the ones it reads like, else all."""
    return [
        hit
        for lexicon in _lexicons_for(sentences, language)
        for number, sentence in enumerate(sentences)
        for hit in lexicon.index.hits(sentence.words, number)
    ]


def _lexicons_for(sentences: Sequence[Sentence], language: str | None) -> list[Lexicon]:
    base = (language or "").replace("-", "_").partition("_")[0].casefold()
    if base in lexicons():
        return [lexicons()[base]]
    forms = [form for sentence in sentences for word in sentence.words for form in word.forms[:1]]
    counts = {name: sum(form in lexicon.words for form in forms) for name, lexicon in lexicons().items()}
    best = max(counts.values())
    return [lexicons()[name] for name, count in counts.items() if best < ENOUGH_WORDS or count == best]


def _folder(*names: str) -> Traversable:
    return files("parley.templates.promotion").joinpath(*names)


def _read(data: bytes) -> dict[str, list[str]]:
    return msgspec.json.decode(data, type=dict[str, list[str]])


def _with(common: dict[str, list[str]], terms: dict[str, list[str]]) -> Lexicon:
    lists = {name: terms.get(name, []) + common.get(name, []) for name in term_lists()}
    return Lexicon(frozenset(terms["words"]), Index(lists))
