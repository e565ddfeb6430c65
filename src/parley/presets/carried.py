"""Follows a message's own texts through a woven JSON body: are they only carried to where they are printed?

A text may be put into a name or a list, be appended, looped over with its list, and printed inside a JSON string. What
looks into it, counts it or joins it with something (a condition, a filter, `~`) could come out otherwise for another
text: then nothing is known of the body. The shapes below are those that `weave` writes.
"""

import re
from collections.abc import Mapping, Sequence

import msgspec

Path = tuple[str, str | None, int | None]
"""Name, key and place: `form_values.parameters[0]`."""

_OWN = frozenset({"recipient", "message_id", "form_values"})
_PATH = re.compile(r"\b(recipient|message_id|form_values)\b(?:\.(\w+)(?:\[(\d{1,4})\])?)?")
_SHADY = frozenset({"random", "previtem", "nextitem", "changed"})
"""Differs from message to message without naming anything of one, or hands on a text without naming it."""

_BEGIN, _END = r"\{%[-+]? ", r" +[-+]?%\}"
_OF_IT = r"\(\(\((?:recipient|message_id|form_values\.\w+(?:\[\d{1,4}\])?)\)\), \d+, _run\)"
_HELD = r"\(\(\(\w+(?:\[\d+\])?\)\), \d+, _run\)"
_REST = r"""(?P<rest>(?:"[^"\\]*"|'[^'\\]*'|[\w.~,\s])*)"""
"""Of a list literal: without brackets, so that what follows the last comma is an item of that list."""
_PRINTED = re.compile(rf"\{{\{{[-+]? _json_text(?:{_OF_IT}|{_HELD}) [-+]?\}}\}}")
_CAPTURED = re.compile(rf"\{{% set (?P<to>\w+) %\}}\{{\{{ _plain{_OF_IT} \}}\}}\{{% endset %\}}")
_LISTED = re.compile(rf"{_BEGIN}set (?P<to>\w+) = _keep\(\[[\w, ]*\], _run\)\[0\]{_END}")
_APPENDED = re.compile(rf"{_BEGIN}do _append\(\((?P<to>\w+)\), \((?:\[(?:{_REST},\s*)?\w+\]|\w+)\), _run\){_END}")
_LOOPED = re.compile(rf"{_BEGIN}for (?P<to>\w+) in _each\(\((?P<of>\w+)\), _run\){_END}")
_WRITTEN = re.compile(rf"{_BEGIN}(?:set (\w+) = |do _append\(\((\w+)\), |for (\w+) in )(?P<rest>.*)", re.DOTALL)
"""Into a name that may hold a text elsewhere, something that holds none."""


class _Names(msgspec.Struct):
    """That hold a text of the message somewhere in the body."""

    texts: set[str]
    lists: set[str]
    items: set[str]
    """Of a list: a text, or a list itself."""

    def all(self) -> set[str]:
        return self.texts | self.lists | self.items


def own_paths(parts: Sequence[str], fields: frozenset[str]) -> tuple[Path, ...] | None:
    """The message's own texts in a woven body, each once; None when one of them is more than carried and printed.

    `fields` are the names of all that differs from message to message.
    """
    tags = [part for part in parts if part.startswith(("{{", "{%"))]
    said = set().union(*map(_words, tags))
    if said & ((fields - _OWN) | _SHADY) or not _are_carried(tags):
        return None
    found = dict.fromkeys(path for tag in tags for path in _PATH.findall(tag))
    return tuple((name, key or None, int(place) if place else None) for name, key, place in found)


def _are_carried(tags: Sequence[str]) -> bool:
    names = _Names(set(_OWN), set(), set())
    before = 0
    while before < len(names.all()):
        before = len(names.all())
        for tag in tags:
            if _words(tag) & names.all() and not _is_carrying(tag, names):
                return False
    return not names.lists & (names.texts | names.items)  # else a loop could go through the letters of a text


def _is_carrying(tag: str, names: _Names) -> bool:
    """Adds to the names whichever holds a text by this tag."""
    if _PRINTED.fullmatch(tag):
        return True
    if (written := _WRITTEN.fullmatch(tag)) and not _words(written["rest"]) & names.all():
        return not _OWN & set(written.groups())
    for shape, holders in (
        (_CAPTURED, names.texts),
        (_LISTED, names.lists),
        (_APPENDED, names.lists),
        (_LOOPED, names.items),
    ):
        if found := shape.fullmatch(tag):
            holders.add(found["to"])
            return found["to"] not in _OWN and _is_plain(found.groupdict(), names)
    return False


def _is_plain(found: Mapping[str, str | None], names: _Names) -> bool:
    """Nothing else is done to a text, and a loop goes through a list."""
    is_rest_plain = not _words(found.get("rest") or "") & names.all()
    return is_rest_plain and ("of" not in found or found["of"] in names.lists)


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text))
