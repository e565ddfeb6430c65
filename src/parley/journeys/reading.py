"""Reads a scenario file, strictly: every problem with its path, so that an author mends them in one go."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from hashlib import blake2b
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

import msgspec
from msgspec import Meta
from msgspec.structs import FieldInfo, fields

from parley.domain.errors import InvalidInputError, Problem
from parley.journeys.checks import CHECKS, Draft
from parley.journeys.conditions import Conditions
from parley.journeys.durations import Duration, parse_duration
from parley.journeys.node import Node, Settings
from parley.journeys.nodes import KINDS
from parley.journeys.scenario import Scenario

MAX_BYTES = 2_000_000
MAX_NODES = 100
"""As Exponea's own limit; a scenario of 30 is already hard to read."""

T = TypeVar("T", bound=msgspec.Struct)
Readers = dict[str, Callable[[Any, str], Any]]


class _File(msgspec.Struct, frozen=True):
    """The outer fields of the file."""

    kind: Literal["scenario"]
    name: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,99}$")]
    nodes: Annotated[list[Any], Meta(min_length=1, max_length=MAX_NODES)]
    title: str = ""
    description: str = ""
    active: bool = True
    settings: dict[str, Any] = {}


def parse_scenario(data: bytes, conditions: Conditions) -> Scenario:
    """The scenario that the file's bytes say. `conditions` is the module `parley.segments`.

    Raises InvalidInputError with every problem; see docs/reference/scenarios.md for the shape.
    """
    raw = _json(data)
    file = _read(_File, raw, "", {})
    readers: Readers = {
        "condition": conditions.parse_condition,
        "filter": conditions.parse_filter,
        "duration": _read_duration,
    }
    settings, nodes = _parts(file, readers)
    return Scenario(
        name=file.name,
        title=file.title or file.name,
        description=file.description,
        version=_version(raw),
        active=file.active,
        settings=settings,
        nodes=nodes,
    )


def _parts(file: _File, readers: Readers) -> tuple[Settings, dict[str, Node]]:
    problems: list[Problem] = []
    settings = _collect(partial(_read, Settings, file.settings, "settings", {}), problems) or Settings()
    nodes: dict[str, Node] = {}
    places: dict[str, str] = {}
    for index, raw in enumerate(file.nodes):
        place = f"nodes[{index}]"
        node = _collect(partial(_read_node, raw, place, settings, readers), problems)
        if node is not None and node.id in nodes:
            problems.append(Problem(f"{place}.id", f"`{node.id}` is the id of {places[node.id]} already."))
        elif node is not None:
            nodes[node.id], places[node.id] = node, place
    # Of a scenario with unreadable nodes one cannot say where its exits lead.
    if not problems:
        problems.extend(problem for check in CHECKS for problem in check(Draft(nodes, places)))
    if problems:
        raise InvalidInputError(problems)
    return settings, nodes


def _read_node(raw: Any, place: str, settings: Settings, readers: Readers) -> Node:
    kind = raw.get("type") if isinstance(raw, dict) else None
    if not isinstance(kind, str) or kind not in KINDS:
        raise InvalidInputError([Problem(f"{place}.type", f"must be one of {', '.join(KINDS)}.")])
    body = {key: value for key, value in raw.items() if key != "type"}
    node = _read(KINDS[kind], body, place, readers)
    faults = [Problem(f"{place}.{fault.field}", fault.sentence) for fault in node.faults(settings)]
    if faults:
        raise InvalidInputError(faults)
    return node


def _collect(read: Callable[[], T], problems: list[Problem]) -> T | None:
    try:
        return read()
    except InvalidInputError as error:
        problems.extend(error.problems)
        return None


def _read(kind: type[T], raw: Any, place: str, readers: Readers) -> T:
    """A Struct from a JSON object, field by field: msgspec alone would stop at the first problem."""
    if not isinstance(raw, dict):
        raise InvalidInputError([Problem(place or "scenario", "must be an object.")])
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
    read_as = _read_as(field.type)
    if read_as is not None:
        return {field.name: readers[read_as](value, place)}
    try:
        return {field.name: msgspec.convert(value, field.type)}
    except msgspec.ValidationError as error:
        raise InvalidInputError([_problem_of(error, place)]) from error


def _read_as(annotation: Any) -> str | None:
    """The reader that a field's type asks for by its Meta (parley.journeys.node)."""
    if get_origin(annotation) is not Annotated:
        return None
    extras = (meta.extra for meta in get_args(annotation)[1:] if isinstance(meta, Meta) and meta.extra)
    return next((extra["read_as"] for extra in extras), None)


def _problem_of(error: msgspec.ValidationError, place: str) -> Problem:
    sentence, _, path = str(error).partition(" - at `$")
    return Problem(place + path.rstrip("`"), f"{sentence[0].lower()}{sentence[1:]}.")


def _read_duration(raw: object, place: str) -> Duration:
    duration = parse_duration(raw)
    if isinstance(duration, str):
        raise InvalidInputError([Problem(place, duration)])
    return duration


def _json(data: bytes) -> Any:
    if len(data) > MAX_BYTES:
        raise InvalidInputError([Problem("scenario", f"is larger than {MAX_BYTES} bytes.")])
    try:
        return json.loads(data, object_pairs_hook=_once_each, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise InvalidInputError([Problem("scenario", f"is not JSON: {error}.")]) from error


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A key written twice is a slip that JSON would hide."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for index, (key, _) in enumerate(pairs) if key in dict(pairs[:index]))
        raise ValueError(f"the key `{twice}` stands twice in one object")
    return found


def _refuse(word: str) -> Iterator[None]:
    raise ValueError(f"{word} is not a value")


def _version(raw: Any) -> str:
    return blake2b(json.dumps(raw, sort_keys=True).encode(), digest_size=8).hexdigest()
