"""What does not fit its type, said to whoever wrote it: the field, what it must be, what there is to choose from."""

import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from itertools import takewhile
from typing import Any

import msgspec
from msgspec import inspect

from parley.domain.errors import InvalidInputError, Problem
from parley.domain.plain_words import plainly

NOT_CHOSEN = "Invalid enum value "
"""So msgspec begins; the value follows, quoted."""
_NO_TAG = re.compile(r"Invalid value (.*)")
"""Of the field that tells which kind of object it is."""
_UNLIKE = re.compile(r" matching regex ")
_MISSING = re.compile(r"Object missing required field `(.*)`")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_TOO_SHORT = re.compile(r"Expected `\w+` of length >= ")
MOST_TOLD = 20
"""Of one file."""
_WHERE = re.compile(r"(.*) - at (`key` in )?`\$([^`]*)`", re.DOTALL)
_STEP = re.compile(r"\[[^\]]*\]|[^.\[\]]+")
_PLACE = re.compile(r"\[\d{1,9}\]")
_ANY = "[...]"
"""A value by name: the library does not tell by which."""


def misfit(error: msgspec.ValidationError, read_as: Any) -> tuple[str, str]:
    """The path of the field, empty for the whole, and the sentence without its full stop.

    A pattern is not shown: the type says in words what it means, as `Meta(pattern=…, extra={"sentence": …})`.
    """
    said, path, is_name = _parts(error)
    asked = _at(inspect.type_info(read_as), path)
    if is_name:
        return path, f"each name in it {_sentence(said, _names(asked))}"
    if missing := _MISSING.fullmatch(said):
        return joined(path, missing[1]), "is missing"
    if unknown := _UNKNOWN.fullmatch(said):
        return joined(path, unknown[1]), f"is not known here; known: {', '.join(_fields(asked))}"
    if found := _NO_TAG.fullmatch(said):
        tags = _tags(_at(inspect.type_info(read_as), path.rpartition(".")[0]))
        return path, f"must be one of {', '.join(tags)}; it is {found[1]}"
    return path, _sentence(said, asked)


def every_misfit(data: bytes, read_as: Any, whole: str) -> InvalidInputError:
    """A file that does not fit, told with all of its faults; `whole` is what one is about that has no field."""
    told = misfits_of(msgspec.json.decode(data), read_as)
    return InvalidInputError(Problem(path or whole, f"{sentence}.") for path, sentence in told)


def misfits_of(raw: Any, read_as: Any) -> list[tuple[str, str]]:
    """As `misfit`, of everything in a value: what was told is taken out of a copy, and the rest is read again."""
    told: list[tuple[str, str]] = []
    taken = _Taken(deepcopy(raw))
    while len(told) < MOST_TOLD:
        try:
            msgspec.convert(taken.raw, read_as, str_keys=True)
        except msgspec.ValidationError as error:
            said, place, _ = _parts(error)
            if missing := _MISSING.fullmatch(said):
                asked = _at(inspect.type_info(read_as), place)
                told += [(path, "is missing") for path in taken.missing(place, missing[1], asked)]
            elif not taken.is_shortened(said, place):
                path, sentence = misfit(error, read_as)
                told.append((taken.as_written(place) + path.removeprefix(place), sentence))
            if not taken.try_to_take_out(said, place):
                break
        else:
            break
    return told


class _Taken:
    """A value out of which faults are taken, so that the next can be seen; it knows where the rest has stood."""

    def __init__(self, raw: Any) -> None:
        self.raw = raw
        self._left: dict[str, list[int]] = {}
        """By the path of a list as it was written: which of its entries are still there."""
        self._gone: set[str] = set()
        """Paths as they were written."""

    def as_written(self, path: str) -> str:
        """The places of lists as the author counts them."""
        written = ""
        for step in _STEP.findall(path):
            left = self._left.get(written, ())
            place = int(step[1:-1]) if _PLACE.fullmatch(step) else len(left)
            written = joined(written, f"[{left[place]}]" if place < len(left) else step)
        return written

    def missing(self, path: str, said: str, asked: inspect.Type | None) -> list[str]:
        """Of an object's fields those that are not there, and were not there before either: not only the one `said`."""
        steps, written = _STEP.findall(path), self.as_written(path)
        if _ANY in steps:
            return [joined(written, said)]
        there = self._at(steps)
        needed = dict.fromkeys([said, *_needed(asked, there)])
        missing = [joined(written, field) for field in needed if field not in there]
        return [field for field in missing if field not in self._gone]

    def is_shortened(self, said: str, path: str) -> bool:
        """Is a list too short only because something was taken out?"""
        return bool(_TOO_SHORT.match(said)) and self.as_written(path) in self._left

    def try_to_take_out(self, said: str, path: str) -> bool:
        """What a sentence is about. False when that is the whole, or the path leads nowhere: a field may have any name,
        also one that reads like a path.
        """
        try:
            return self._take_out(said, path)
        except (AttributeError, IndexError, KeyError, TypeError):
            return False

    def _take_out(self, said: str, path: str) -> bool:
        steps = list(takewhile(lambda step: step != _ANY, _STEP.findall(path)))
        if (unknown := _UNKNOWN.fullmatch(said)) and _ANY not in path:
            return self._at(steps).pop(unknown[1], _NOT_THERE) is not _NOT_THERE
        if not steps:
            return False
        *above, last = steps
        inside = self._at(above)
        self._gone.add(self.as_written("".join(_dotted(steps))))
        if not _PLACE.fullmatch(last):
            return inside.pop(last, _NOT_THERE) is not _NOT_THERE
        place = int(last[1:-1])
        written = self.as_written("".join(_dotted(above)))
        self._left.setdefault(written, list(range(len(inside)))).pop(place)
        del inside[place]
        return True

    def _at(self, steps: Sequence[str]) -> Any:
        inside = self.raw
        for step in steps:
            inside = inside[int(step[1:-1]) if _PLACE.fullmatch(step) else step]
        return inside


_NOT_THERE = object()


def _dotted(steps: Sequence[str]) -> list[str]:
    return [step if number == 0 or step.startswith("[") else f".{step}" for number, step in enumerate(steps)]


def _parts(error: msgspec.ValidationError) -> tuple[str, str, bool]:
    """What is wrong, the path, and whether it is a name in the object there that is wrong."""
    where = _WHERE.fullmatch(str(error))
    return (where[1], where[3].strip("."), bool(where[2])) if where else (str(error), "", False)


def _sentence(said: str, asked: inspect.Type | None) -> str:
    if said.startswith(NOT_CHOSEN) and (known := _choices(asked)):
        one_of = "one of " if len(known) > 1 else ""
        return f"must be {one_of}{', '.join(known)}; it is {said.removeprefix(NOT_CHOSEN)}"
    if _UNLIKE.search(said) and (sentence := _words(asked)):
        return sentence
    return plainly(said)


def joined(name: str, path: str) -> str:
    """`buttons` and `[0].type`, `body` and `text`."""
    return f"{name}{path}" if path.startswith("[") or not path or not name else f"{name}.{path}"


def choices(read_as: Any) -> list[str]:
    """What a value, or each of a list, can be, where that is a closed list; else nothing."""
    return _choices(inspect.type_info(read_as))


def _at(kind: inspect.Type | None, path: str) -> inspect.Type | None:
    for step in _STEP.findall(path):
        kind = _inside(kind, step)
    return kind


def _kinds(kind: inspect.Type | None) -> Iterator[inspect.Type]:
    """What stands behind a type's limits and alternatives."""
    match kind:
        case None:
            return
        case inspect.Metadata(type=inner):
            yield from _kinds(inner)
        case inspect.UnionType(types=members):
            for one in members:
                yield from _kinds(one)
        case _:
            yield kind


def _inside(kind: inspect.Type | None, step: str) -> inspect.Type | None:
    found = (_step_into(one, step) for one in _kinds(kind))
    return next((one for one in found if one), None)


def _step_into(kind: inspect.Type, step: str) -> inspect.Type | None:
    match kind:
        case inspect.StructType(fields=fields):
            return next((field.type for field in fields if field.encode_name == step), None)
        case inspect.VarTupleType(item_type=inner) | inspect.ListType(item_type=inner):
            return inner
        case inspect.DictType(value_type=inner):
            return inner
        case _:
            return None


def _names(kind: inspect.Type | None) -> inspect.Type | None:
    """What the names in an object must be."""
    return next((one.key_type for one in _kinds(kind) if isinstance(one, inspect.DictType)), None)


def _structs(kind: inspect.Type | None) -> list[inspect.StructType]:
    return [one for one in _kinds(kind) if isinstance(one, inspect.StructType)]


def _needed(kind: inspect.Type | None, there: Mapping[str, Any]) -> list[str]:
    """Which fields an object must have; of several kinds the one that it says it is."""
    meant = [one for one in _structs(kind) if one.tag_field is None or there.get(one.tag_field) == one.tag]
    return [field.encode_name for one in meant for field in one.fields if field.required]


def _fields(kind: inspect.Type | None) -> list[str]:
    return [field.encode_name for one in _structs(kind) for field in one.fields]


def _tags(kind: inspect.Type | None) -> list[str]:
    return [str(one.tag) for one in _structs(kind) if one.tag is not None]


def _choices(kind: inspect.Type | None) -> list[str]:
    return [choice for one in _kinds(kind) for choice in _choices_of(one)]


def _choices_of(kind: inspect.Type) -> list[str]:
    match kind:
        case inspect.ListType(item_type=inner):
            return _choices(inner)
        case inspect.EnumType(cls=cls):
            return [str(member.value) for member in cls]
        case inspect.LiteralType(values=values):
            return [str(value) for value in values]
        case _:
            return []


def _words(kind: inspect.Type | None) -> str | None:
    match kind:
        case inspect.Metadata(extra=extra) if extra:
            return str(extra["sentence"])
        case inspect.UnionType(types=members):
            return next((words for one in members if (words := _words(one))), None)
        case _:
            return None
