"""The fast way to a JSON body in which only plain values differ: `"to": ["{{ recipient }}"]`.

Rendering crosses from Rust to Python and back for every name that a template says; that was a third of the cost of
sending a message. Most bodies only print a few of the message's own texts. Such a body is rendered once with marks in
their places and compacted once; a message then costs one join. Whatever is more than that, a condition on a value, a
filter, a customer's number, has no stencil or does not fit it, and is rendered by minijinja as ever.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

_PATH = r"(?P<name>recipient|message_id|form_values)(?:\.(?P<key>\w+)(?:\[(?P<place>\d+)\])?)?"
_PRINTED = re.compile(rf"\{{\{{ _json_text\(\(\({_PATH}\)\), \d+, _run\) \}}\}}")
"""One of the message's own texts, printed inside a JSON string: a part as `weave` writes it."""
_OPEN, _CLOSE = "\ue000", "\ue001"
_MARK = re.compile(f"{_OPEN}(\\d+){_CLOSE}".encode())
_DRAWS = frozenset({"random"})
"""Differs from message to message without naming anything of one: by the message's id."""
LONGEST_VALUE = 10_000
"""Characters. A longer one goes the way that counts what it costs."""

Path = tuple[str, str | None, int | None]


class Stencil(msgspec.Struct, frozen=True):
    """A compacted body, cut at the places of the values."""

    pieces: tuple[bytes, ...]
    """One more than there are paths."""
    paths: tuple[Path, ...]

    def fill(self, message: object) -> bytes | None:
        """The body, with what a message brings itself; None when a value is no text, too long, or no Unicode."""
        parts = [self.pieces[0]]
        for path, piece in zip(self.paths, self.pieces[1:], strict=True):
            value = _found(message, path)
            if not isinstance(value, str) or len(value) > LONGEST_VALUE:
                return None
            try:
                parts += (msgspec.json.encode(value)[1:-1], piece)
            except UnicodeEncodeError:
                return None
        return b"".join(parts)


def stencil_of(parts: Sequence[str], fields: frozenset[str], render: Callable[[str], bytes]) -> Stencil | None:
    """For a woven JSON body, in its parts; `fields` are the names of what differs from message to message.

    `render` renders and compacts a text in which nothing differs; whatever it raises is the caller's.
    """
    printed: list[Path] = []
    marked: list[str] = []
    for part in parts:
        if found := _PRINTED.fullmatch(part):
            marked.append(f"{_OPEN}{len(printed)}{_CLOSE}")
            printed.append((found["name"], found["key"], int(found["place"]) if found["place"] else None))
        elif _OPEN in part or _CLOSE in part or (_is_tag(part) and _names(part) & (fields | _DRAWS)):
            return None
        else:
            marked.append(part)
    cut = _MARK.split(render("".join(marked)))
    return Stencil(tuple(cut[::2]), tuple(printed[int(number)] for number in cut[1::2]))


def _is_tag(part: str) -> bool:
    return part.startswith(("{{", "{%"))


def _names(part: str) -> set[str]:
    return set(re.findall(r"\w+", part))


def _found(message: object, path: Path) -> Any:
    name, key, place = path
    value = getattr(message, name)
    if key is not None:
        value = value.get(key)
    if place is None:
        return value
    return value[place] if isinstance(value, list) and place < len(value) else None
