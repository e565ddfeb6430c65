"""What a decoder of JSON does not tell whoever wrote the text: the line in place of a byte, a key that stands twice,
and how deep it may go.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from parley.domain.errors import InvalidInputError, Problem
from parley.domain.misfit import joined
from parley.domain.plain_words import plainly

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""Some editors begin a file of UTF-8 with it; in JSON it has no place."""
DEEPEST = 64
"""Lists and objects in each other, in what a person writes. Whoever recurses must not be led to the stack's end."""
_BYTE = re.compile(r"\(byte (\d+)\)")


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
    return InvalidInputError([Problem(whole, f"is nested too deeply: {DEEPEST} levels are the limit.")])


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
