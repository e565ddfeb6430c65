"""The fast way to a JSON body in which only plain values differ: `"to": ["{{ recipient }}"]`.

Rendering crosses from Rust to Python and back for every name that a template says; that was a third of the cost of
sending a message. Most bodies only print a few of the message's own texts. Such a body is rendered once with marks in
place of the texts, compacted once and cut at the marks; a message then costs one join. Whatever is more than that, a
condition on a value, a filter, a customer's number, has no stencil or does not fit it, and is rendered by minijinja as
ever: `presets/carried.py` says what may happen to a text on its way.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any

import msgspec

from parley.presets.carried import Path, own_paths

_OPEN, _CLOSE, _ZERO = "\ue000", "\ue001", 0xE010
_MARK = re.compile(f"{_OPEN}([\ue010-\ue019]+){_CLOSE}")
_PIECE_OF_A_MARK = re.compile("[\ue000-\ue0ff]|ue0[0-9a-f]{2}")
"""Every letter of a mark, also as Python writes it in a list: whatever takes a text apart leaves one of these."""
LONGEST_VALUE = 10_000
"""Characters. A longer one goes the way that counts what it costs."""


class Stencil(msgspec.Struct, frozen=True):
    """A compacted body, cut at the places of the values."""

    pieces: tuple[bytes, ...]
    """One more than there are places."""
    places: tuple[int, ...]
    """Which path stands in each."""
    paths: tuple[Path, ...]
    """All that the body names, each once, also what it does not print."""

    def fill(self, message: object) -> bytes | None:
        """The body, with what a message brings itself; None when a value is no text, too long, or no Unicode."""
        texts: list[bytes] = []
        for path in self.paths:
            value = _found(message, path)
            if not isinstance(value, str) or len(value) > LONGEST_VALUE:
                return None
            try:
                texts.append(msgspec.json.encode(value)[1:-1])
            except UnicodeEncodeError:
                return None
        printed = [texts[place] for place in self.places]
        return b"".join(chain.from_iterable(zip(self.pieces, [*printed, b""], strict=True)))


def stencil_of(
    parts: Sequence[str], fields: frozenset[str], render: Callable[[Mapping[str, Any]], bytes]
) -> Stencil | None:
    """For a woven JSON body, in its parts; `fields` are the names of what differs from message to message.

    `render` renders and compacts the body with the given variables; whatever it raises is the caller's.
    """
    paths = own_paths(parts, fields)
    marked = None if paths is None else _marked(paths)
    if paths is None or marked is None or any(_PIECE_OF_A_MARK.search(part) for part in parts):
        return None
    cut = _MARK.split(render(marked).decode())
    if any(_PIECE_OF_A_MARK.search(piece) for piece in cut[::2]):
        return None
    return Stencil(tuple(piece.encode() for piece in cut[::2]), tuple(map(_number, cut[1::2])), paths)


def _marked(paths: Sequence[Path]) -> dict[str, Any] | None:
    """What the body may name, each text a mark of its own; None when one name is a text and a list."""
    marked: dict[str, Any] = {"form_values": {}}
    for number, (name, key, place) in enumerate(paths):
        if key is None:
            marked[name] = _mark(number)
        elif place is None:
            if marked[name].setdefault(key, _mark(number)) != _mark(number):
                return None
        else:
            texts = marked[name].setdefault(key, [])
            if not isinstance(texts, list):
                return None
            texts += [""] * (place + 1 - len(texts))
            texts[place] = _mark(number)
    return marked


def _mark(number: int) -> str:
    return _OPEN + "".join(chr(_ZERO + int(digit)) for digit in str(number)) + _CLOSE


def _number(digits: str) -> int:
    return int("".join(str(ord(digit) - _ZERO) for digit in digits))


def _found(message: object, path: Path) -> Any:
    name, key, place = path
    value = getattr(message, name)
    if key is not None:
        value = value.get(key)
    if place is None:
        return value
    return value[place] if isinstance(value, list) and place < len(value) else None
