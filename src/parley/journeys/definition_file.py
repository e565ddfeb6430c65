"""Reads a definition file, strictly: every problem with its path, so that an author mends them in one go."""

import json
from collections.abc import Callable, Iterator
from hashlib import blake2b
from types import NoneType
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

import msgspec
from msgspec import Meta
from msgspec.structs import FieldInfo, fields

from parley.domain.errors import InvalidInputError, Problem
from parley.domain.malformed import no_json
from parley.domain.misfit import joined, misfits_of
from parley.journeys.conditions import Conditions
from parley.journeys.durations import Duration, parse_duration

MAX_BYTES = 2_000_000

DefinitionName = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9][a-z0-9_-]{0,99}$",
        extra={"sentence": "must be 1 to 100 small letters, digits, `-` and `_`."},
    ),
]

P = TypeVar("P")
T = TypeVar("T")
S = TypeVar("S", bound=msgspec.Struct)
Readers = dict[str, Callable[[Any, str], Any]]


def json_object(data: bytes, what: str) -> dict[str, Any]:
    """The file's JSON. Raises InvalidInputError about `what`: too large, not an object, a key that stands twice."""
    if len(data) > MAX_BYTES:
        raise InvalidInputError([Problem(what, f"is larger than {MAX_BYTES} bytes.")])
    try:
        raw = json.loads(data, object_pairs_hook=_once_each, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise InvalidInputError([Problem(what, f"is not JSON: {_why(error)}.")]) from error
    if not isinstance(raw, dict):
        raise InvalidInputError([Problem(what, "must be an object.")])
    return raw


def _why(error: ValueError | RecursionError) -> str:
    return no_json(error) if isinstance(error, ValueError) else "it is nested too deeply"


def version_of(raw: Any) -> str:
    """Tells two definitions apart by what they say."""
    return blake2b(json.dumps(raw, sort_keys=True).encode(), digest_size=8).hexdigest()


def readers_of(conditions: Conditions) -> Readers:
    """How to read a field whose type says `read_as`."""
    return {
        "condition": conditions.parse_condition,
        "filter": conditions.parse_filter,
        "audience": conditions.parse_audience,
        "duration": _read_duration,
    }


def part_of(raw: Any, key: str, empty: P) -> P:
    """A part that can be read although what is around it may have faults."""
    part = raw.get(key) if isinstance(raw, dict) else None
    return part if isinstance(part, type(empty)) else empty


def collect(read: Callable[[], T], problems: list[Problem]) -> T | None:
    """What `read` makes; or None, and what is wrong goes to `problems`."""
    try:
        return read()
    except InvalidInputError as error:
        problems.extend(error.problems)
        return None


def read_struct(kind: type[S], raw: Any, place: str, readers: Readers) -> S:
    """A Struct from a JSON object, field by field: msgspec alone would stop at the first problem."""
    if not isinstance(raw, dict):
        raise InvalidInputError([Problem(place, "must be an object.")])
    dot = f"{place}." if place else ""
    known = {field.encode_name: field for field in fields(kind)}
    problems = [Problem(f"{dot}{key}", f"is not known here; known: {', '.join(known)}.") for key in raw.keys() - known]
    values: dict[str, Any] = {}
    for key, field in known.items():
        try:
            values.update(_read_field(field, raw, f"{dot}{key}", readers))
        except InvalidInputError as error:
            problems.extend(error.problems)
    if problems:
        raise InvalidInputError(sorted(problems, key=lambda problem: problem.field))
    return kind(**values)


def _read_field(field: FieldInfo, raw: dict[str, Any], place: str, readers: Readers) -> dict[str, Any]:
    if field.encode_name not in raw:
        if field.required:
            raise InvalidInputError([Problem(place, "is missing.")])
        return {}
    value = raw[field.encode_name]
    if value is None and field.default is None:
        return {}
    extra = _extra(field.type)
    if "read_as" in extra:
        return {field.name: readers[extra["read_as"]](value, place)}
    try:
        return {field.name: msgspec.convert(value, field.type)}
    except msgspec.ValidationError as error:
        raise InvalidInputError(_problems_of(value, field, place, extra.get("sentence"))) from error


def _extra(annotation: Any) -> dict[str, Any]:
    """What a field's type says of itself in its Meta: how to read it, or the sentence for a wrong value."""
    if get_origin(annotation) is Literal:
        return {"sentence": f"must be one of {', '.join(map(str, get_args(annotation)))}."}
    if get_origin(annotation) is not Annotated:
        members = get_args(annotation)
        return _extra(members[0]) if members and members[-1] is NoneType else {}
    metas = [meta for meta in get_args(annotation)[1:] if isinstance(meta, Meta)]
    return next((meta.extra for meta in metas if meta.extra), {})


def _problems_of(value: Any, field: FieldInfo, place: str, sentence: str | None) -> Iterator[Problem]:
    for path, said in misfits_of(value, field.type):
        told = sentence if sentence is not None and not path else said
        yield Problem(joined(place, path), f"{told.removesuffix('.')}.")


def _read_duration(raw: object, place: str) -> Duration:
    duration = parse_duration(raw)
    if isinstance(duration, str):
        raise InvalidInputError([Problem(place, duration)])
    return duration


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A key written twice is a slip that JSON would hide."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for index, (key, _) in enumerate(pairs) if key in dict(pairs[:index]))
        raise ValueError(f"the key `{twice}` stands twice in one object")
    return found


def _refuse(word: str) -> Iterator[None]:
    raise ValueError(f"{word} is not a value")
