"""What a decoder of JSON does not tell whoever wrote the text: the line in place of a byte, a key that stands twice,
and how deep it may go.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from parley.domain.errors import InvalidInputError, Problem
from parley.domain.misfit import joined
from parley.domain.plain_words import plainly

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""Some editors begin a file of UTF-8 with it; in JSON it has no place."""
DEEPEST = 64
"""Lists and objects in each other, in what a person writes. Whoever recurses must not be led to the stack's end."""
_TOO_DEEP = f"is nested too deeply: {DEEPEST} levels are the limit"
_BYTE = re.compile(r"\(byte (\d+)\)")


def no_object(data: bytes, error: Exception) -> str:
    """Why a text is not read as a JSON object, by msgspec's error, without the full stop."""
    match error:
        case RecursionError():
            return _TOO_DEEP
        case UnicodeDecodeError():
            return NOT_UTF_8
        case msgspec.ValidationError():
            return plainly(str(error).partition(" - at ")[0])  # it names no field, and tells what the whole must be
        case _:
            return f"is not a JSON object: {told_by_line(data, error)}"


def no_json(error: ValueError) -> str:
    """Why the standard library does not read a text as JSON; what else was raised while it read tells it itself."""
    if isinstance(error, UnicodeDecodeError):
        return "it " + NOT_UTF_8
    if not isinstance(error, json.JSONDecodeError):
        return str(error)
    return f"{_AMISS.get(error.msg, 'it is malformed')} (line {error.lineno}, column {error.colno})"


NOT_UTF_8 = "is not UTF-8"
_AMISS = {
    "Expecting value": "a value is missing",
    "Expecting property name enclosed in double quotes": "a name in double quotes is missing",
    "Expecting ',' delimiter": "a comma is missing",
    "Expecting ':' delimiter": "a colon is missing",
    "Unterminated string starting at": "a text does not end",
    "Extra data": "something follows where it ends",
}
"""What Python calls it."""


def told_by_line(data: bytes, error: Exception) -> str:
    """The decoder's sentence, with the line and the column (in characters, both from 1) instead of the byte."""
    return _BYTE.sub(lambda found: f"({_place(data[: int(found[1])])})", plainly(str(error)))


def check_depth(value: Any, whole: str) -> None:
    """Raises InvalidInputError about `whole`."""
    within = [value]
    for _ in range(DEEPEST):
        within = [inner for outer in within for inner in _inside(outer)]
    if any(isinstance(one, dict | list) for one in within):
        raise too_deep(whole)


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def too_deep(whole: str) -> InvalidInputError:
    """Also of what the decoder itself does not follow."""
    return InvalidInputError([Problem(whole, f"{_TOO_DEEP}.")])


class _Pairs(tuple[tuple[str, Any], ...]):
    """An object as it is written."""

    __slots__ = ()


def check_once(data: bytes) -> None:
    """Raises InvalidInputError with each key that stands twice in one object of a JSON text that a decoder has read: it
    keeps the last and tells nothing.
    """
    whole = json.loads(data, object_pairs_hook=_Pairs, parse_int=float, strict=False)
    sentence = "stands twice in the same object, and only the last would count: remove one."
    if problems := [Problem(path, sentence) for path in _twice(whole, "")]:
        raise InvalidInputError(problems)


def _twice(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, list):
        for place, entry in enumerate(value):
            yield from _twice(entry, f"{path}[{place}]")
    if isinstance(value, _Pairs):
        seen: set[str] = set()
        for key, inner in value:
            if key in seen:
                yield joined(path, key)
            seen.add(key)
            yield from _twice(inner, joined(path, key))


def _place(before: bytes) -> str:
    line = before.rpartition(b"\n")[2].decode("utf-8", "replace")
    breaks = before.count(b"\n")
    return f"line {breaks + 1}, column {len(line) + 1}"
