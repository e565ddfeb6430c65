"""What does not fit its type, said to whoever wrote it: the field, what it must be, what there is to choose from."""

import re
from itertools import takewhile
from typing import Any

import msgspec
from msgspec import inspect

NOT_CHOSEN = "Invalid enum value "
"""So msgspec begins; the value follows, quoted."""
_UNLIKE = re.compile(r" matching regex ")
_MISSING = "Object missing required field"
_UNKNOWN = re.compile(r"unknown field `(.*)`")
_NOT_THERE = object()
MOST_TOLD = 20
"""Of one file."""
_STEP = re.compile(r"\[[^\]]*\]|[^.\[\]]+")


def misfit(error: msgspec.ValidationError, read_as: Any) -> tuple[str, str]:
    """The path of the field, empty for the whole, and the sentence without its full stop.

    A pattern is not shown: the type says in words what it means, as `Meta(pattern=…, extra={"sentence": …})`.
    """
    said, _, place = str(error).partition(" - at `$")
    path = place.strip(".`")
    asked = _at(inspect.type_info(read_as), path)
    if said.startswith(NOT_CHOSEN) and (known := _choices(asked)):
        one_of = "one of " if len(known) > 1 else ""
        return path, f"must be {one_of}{', '.join(known)}; it is {said.removeprefix(NOT_CHOSEN)}"
    if _UNLIKE.search(said) and (sentence := _words(asked)):
        return path, sentence
    return path, said


def misfits(data: bytes, read_as: Any) -> list[tuple[str, str]]:
    """As `misfit`, of every field: one that was told is taken out, and the rest is read again."""
    raw = msgspec.json.decode(data)
    told: list[tuple[str, str]] = []
    for _ in range(MOST_TOLD):
        try:
            msgspec.convert(raw, read_as, str_keys=True)
        except msgspec.ValidationError as error:
            path, sentence = misfit(error, read_as)
            if not (sentence.startswith(_MISSING) and any(one.startswith(path) for one, _ in told)):
                told.append((path, sentence))  # else it is missing because it was taken out
            if not _take_out(raw, path, sentence):
                break
        else:
            break
    return told


def _take_out(raw: Any, path: str, sentence: str) -> bool:
    """The field, or the list that it stands in, whose places must not move. False when the whole does not fit."""
    unknown = _UNKNOWN.search(sentence)
    steps = [*_STEP.findall(path), *([unknown[1]] if unknown else [])]
    named = list(takewhile(lambda step: not step.startswith("["), steps))
    if not named:
        return False
    *above, last = named
    for step in above:
        raw = raw[step]
    return raw.pop(last, _NOT_THERE) is not _NOT_THERE


def joined(name: str, path: str) -> str:
    """`buttons` and `[0].type`, `body` and `text`."""
    return f"{name}{path}" if path.startswith("[") or not path else f"{name}.{path}"


def choices(read_as: Any) -> list[str]:
    """What a value, or each of a list, can be, where that is a closed list; else nothing."""
    return _choices(inspect.type_info(read_as))


def _at(kind: inspect.Type | None, path: str) -> inspect.Type | None:
    for step in _STEP.findall(path):
        kind = _inside(kind, step)
    return kind


def _inside(kind: inspect.Type | None, step: str) -> inspect.Type | None:
    match kind:
        case inspect.Metadata(type=inner):
            return _inside(inner, step)
        case inspect.UnionType(types=members):
            return next((found for one in members if (found := _inside(one, step))), None)
        case inspect.StructType(fields=fields):
            return next((field.type for field in fields if field.encode_name == step), None)
        case inspect.VarTupleType(item_type=inner) | inspect.ListType(item_type=inner):
            return inner
        case inspect.DictType(value_type=inner):
            return inner
        case _:
            return None


def _choices(kind: inspect.Type | None) -> list[str]:
    match kind:
        case inspect.Metadata(type=inner):
            return _choices(inner)
        case inspect.UnionType(types=members):
            return [choice for one in members for choice in _choices(one)]
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
