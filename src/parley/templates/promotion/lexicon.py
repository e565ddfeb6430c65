"""The lexicons: data, one file per language in `lexicons/`, their lists described in `lists.json`. Read once."""

import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Literal

import msgspec

from parley.templates.promotion.terms import Hit, Index
from parley.templates.promotion.words import Sentence, Word

COMMON = "common"
"""The file of what is said in every language: Black Friday, cashback."""
LATIN = "LATIN"
"""The script of all of them."""
_NAMES = {"CJK": "Chinese"}
"""Of scripts, where Unicode's is not the usual one."""
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


def foreign_script(sentences: Sequence[Sentence]) -> str | None:
    """`Arabic`, of a text whose letters are mostly such as no lexicon has."""
    letters = [letter for word in _words(sentences) for letter in word.text if letter.isalpha()]
    foreign = Counter(_script(letter) for letter in letters if not letter.isascii())
    del foreign[LATIN]
    if foreign.total() * 2 <= len(letters):
        return None
    script = foreign.most_common(1)[0][0]
    return _NAMES.get(script, script.capitalize())


def unknown_language(sentences: Sequence[Sentence], language: str | None) -> str | None:
    """The language that is named, where it has no lexicon and the text does not read like one that has."""
    if not language or _base(language) in lexicons() or not _words(sentences):
        return None
    return language if max(_common_words(sentences).values()) < ENOUGH_WORDS else None


def _lexicons_for(sentences: Sequence[Sentence], language: str | None) -> list[Lexicon]:
    if (base := _base(language)) in lexicons():
        return [lexicons()[base]]
    counts = _common_words(sentences)
    best = max(counts.values())
    return [lexicons()[name] for name, count in counts.items() if best < ENOUGH_WORDS or count == best]


def _base(language: str | None) -> str:
    return (language or "").replace("-", "_").partition("_")[0].casefold()


def _common_words(sentences: Sequence[Sentence]) -> dict[str, int]:
    """How many of each language's commonest words the text has."""
    forms = [form for sentence in sentences for word in sentence.words for form in word.forms[:1]]
    return {name: sum(form in lexicon.words for form in forms) for name, lexicon in lexicons().items()}


def _words(sentences: Sequence[Sentence]) -> list[Word]:
    """Without variables, numbers and links."""
    return [word for sentence in sentences for word in sentence.words if not word.forms[0].startswith("<")]


def _script(letter: str) -> str:
    """The first word of a letter's name in Unicode."""
    return unicodedata.name(letter, "unknown").partition(" ")[0].partition("-")[0]


def _folder(*names: str) -> Traversable:
    return files("parley.templates.promotion").joinpath(*names)


def _read(data: bytes) -> dict[str, list[str]]:
    return msgspec.json.decode(data, type=dict[str, list[str]])


def _with(common: dict[str, list[str]], terms: dict[str, list[str]]) -> Lexicon:
    lists = {name: terms.get(name, []) + common.get(name, []) for name in term_lists()}
    return Lexicon(frozenset(terms["words"]), Index(lists))
