"""Rewrites an expression so that nothing in it can multiply a list before anybody has counted.

minijinja repeats and pads lists lazily and charges nothing for it; the bill comes when the list is handed to Python.
So what is handed to a filter, function or method is frozen first (`x | default(xs)` becomes
`x | default(_keep((xs), _run)[0])`), and the operands of `*` are checked (`a * b` becomes `a|_factor * b|_factor`).
"""

import re
from collections.abc import Iterator, Sequence

from parley.presets.pieces import SyntaxFault

_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")
_LITERAL = re.compile(r"""\s*(-?\d+(\.\d+)?|true|false|none|"[^"]*"|'[^']*')?\s*""", re.IGNORECASE)
_NAMED = re.compile(r"(\s*\w+\s*=)(?!=)(.*)", re.DOTALL)
_KEYWORDS = frozenset({"if", "elif", "else", "for", "in", "is", "not", "and", "or"})
_STATEMENTS = frozenset({"set", "do", "append", "to", "output", "separated", "by", "abort", "recursive"})
_WORDS_OF_SYNTAX = _KEYWORDS | _STATEMENTS
_ENDS = frozenset("*/%+-~=!<>,:") | _WORDS_OF_SYNTAX
"""What an operand of `*` does not reach over."""


def guarded(words: Sequence[str]) -> str:
    """The expression or statement of a tag, from its words. Raises SyntaxFault for `f(*list)` and `f(**record)`."""
    if "*" not in words and "(" not in words:
        return "".join(words)
    return "".join(_guard_products(_fold(words)))


def _fold(words: Sequence[str]) -> list[str]:
    """Whatever stands in brackets becomes one word, guarded by itself."""
    folded: list[str] = []
    place = 0
    while place < len(words):
        if words[place] in _OPENING:
            end = _closing(words, place)
            is_call = words[place] == "(" and _is_callable(_last(folded))
            folded.append(words[place] + _inside(words[place + 1 : end], is_call=is_call) + words[end])
            place = end
        else:
            folded.append(words[place])
        place += 1
    return folded


def _closing(words: Sequence[str], opening: int) -> int:
    """Brackets are in pairs: the reader has counted them."""
    depth = 0
    for place in range(opening, len(words)):
        depth += (words[place] in _OPENING) - (words[place] in _CLOSING)
        if not depth:
            return place
    raise SyntaxFault("a bracket is never closed")


def _is_callable(name: str) -> bool:
    """What a namespace takes is checked where it is set."""
    return _is_operand(name) and name != "namespace"


def _inside(words: Sequence[str], *, is_call: bool) -> str:
    parts = ["".join(_guard_products(part)) for part in _split(_fold(words))]
    return ",".join(map(_frozen, parts) if is_call else parts)


def _split(words: Sequence[str]) -> Iterator[list[str]]:
    part: list[str] = []
    for word in words:
        if word == ",":
            yield part
            part = []
        else:
            part.append(word)
    yield part


def _frozen(argument: str) -> str:
    named = _NAMED.fullmatch(argument)
    name, value = (named[1], named[2]) if named else ("", argument)
    return argument if _LITERAL.fullmatch(value) else f"{name}_keep(({value}), _run)[0]"


def _guard_products(words: Sequence[str]) -> Iterator[str]:
    """Words in which brackets are folded."""
    marks = [place for place, word in enumerate(words) if word == "*"]
    marks = [place for place in marks if place - 1 not in marks]  # the second star of a power says nothing new
    checked: set[int] = set()
    for place in marks:
        if not _is_operand(_last(words[:place])):
            raise SyntaxFault("a list or record cannot be spread with * over the arguments of a call")
        if words[place + 1 : place + 2] != ["*"]:
            checked |= {place, _end_of_operand(words, place + 1)}
    for place, word in enumerate((*words, "")):
        yield f"|_factor {word}" if place in checked else word


def _end_of_operand(words: Sequence[str], start: int) -> int:
    """Past a sign, up to the next operator."""
    seen = False
    for place in range(start, len(words)):
        if seen and words[place].strip() in _ENDS:
            return place
        seen = seen or _is_operand(words[place])
    return len(words)


def _last(words: Sequence[str]) -> str:
    return next((word for word in reversed(words) if not word.isspace()), "")


def _is_operand(word: str) -> bool:
    """Can a value end with this word?"""
    return word not in _WORDS_OF_SYNTAX and (word[-1:].isalnum() or word[-1:] in {"_", '"', "'", ")", "]", "}"})
