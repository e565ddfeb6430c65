"""Reads a scenario file, strictly: every problem with its path, so that an author mends them in one go."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from hashlib import blake2b
from types import NoneType
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

import msgspec
from msgspec import Meta
from msgspec.structs import FieldInfo, fields

from parley.domain.errors import InvalidInputError, Problem
from parley.journeys.checks import CHECKS_OF_WHOLE, Draft, exits_lead_somewhere
from parley.journeys.conditions import Conditions
from parley.journeys.durations import Duration, parse_duration
from parley.journeys.node import Node, Settings
from parley.journeys.nodes import KINDS
from parley.journeys.scenario import Scenario

MAX_BYTES = 2_000_000
MAX_NODES = 100
"""As Exponea's own limit; a scenario of 30 is already hard to read."""

PLAIN_WORDS = {
    "`str`": "a text",
    "`array`": "a list",
    "`object`": "an object",
    "`int`": "a number",
    "`float`": "a number",
    "`bool`": "true or false",
    "`null`": "nothing",
    " | ": " or ",
}
"""For the reader of a problem, who knows JSON but not Python."""

P = TypeVar("P")
T = TypeVar("T", bound=msgspec.Struct)
Readers = dict[str, Callable[[Any, str], Any]]


class _File(msgspec.Struct, frozen=True):
    """The outer fields of the file."""

    kind: Literal["scenario"]
    name: Annotated[
        str,
        Meta(
            pattern=r"^[a-z0-9][a-z0-9_-]{0,99}$",
            extra={"sentence": "must be 1 to 100 small letters, digits, `-` and `_`."},
        ),
    ]
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
    readers: Readers = {
        "condition": conditions.parse_condition,
        "filter": conditions.parse_filter,
        "duration": _read_duration,
    }
    problems: list[Problem] = []
    file = _collect(partial(_read, _File, raw, "", {}), problems)
    settings = _collect(partial(_read, Settings, _part(raw, "settings", {}), "settings", {}), problems)
    nodes = _read_nodes(_part(raw, "nodes", [])[:MAX_NODES], settings or Settings(), readers, problems)
    if problems or file is None or settings is None:
        raise InvalidInputError(problems)
    return Scenario(
        name=file.name,
        title=file.title or file.name,
        description=file.description,
        version=_version(raw),
        active=file.active,
        settings=settings,
        nodes=nodes,
    )


def _part(raw: Any, key: str, empty: P) -> P:
    """A part that can be read although the file around it may have faults."""
    part = raw.get(key) if isinstance(raw, dict) else None
    return part if isinstance(part, type(empty)) else empty


def _read_nodes(raws: list[Any], settings: Settings, readers: Readers, problems: list[Problem]) -> dict[str, Node]:
    """The nodes by id; what is wrong with them goes to `problems`."""
    nodes: dict[str, Node] = {}
    places: dict[str, str] = {}
    for index, raw in enumerate(raws):
        place = f"nodes[{index}]"
        node = _collect(partial(_read_node, raw, place, settings, readers), problems)
        if node is not None and node.id in nodes:
            problems.append(Problem(f"{place}.id", f"`{node.id}` is the id of {places[node.id]} already."))
        elif node is not None:
            nodes[node.id], places[node.id] = node, place
    unreadable = frozenset(_part(raw, "id", "") for raw in raws) - nodes.keys()
    draft = Draft(nodes, places, unreadable)
    problems.extend(exits_lead_somewhere(draft))
    if not problems:
        problems.extend(problem for check in CHECKS_OF_WHOLE for problem in check(draft))
    return nodes


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
    extra = _extra(field.type)
    if "read_as" in extra:
        return {field.name: readers[extra["read_as"]](value, place)}
    try:
        return {field.name: msgspec.convert(value, field.type)}
    except msgspec.ValidationError as error:
        raise InvalidInputError([_problem_of(error, place, extra.get("sentence"))]) from error


def _extra(annotation: Any) -> dict[str, Any]:
    """What a field's type says of itself in its Meta: how to read it, or the sentence for a wrong value."""
    if get_origin(annotation) is Literal:
        return {"sentence": f"must be one of {', '.join(map(str, get_args(annotation)))}."}
    if get_origin(annotation) is not Annotated:
        members = get_args(annotation)
        return _extra(members[0]) if members and members[-1] is NoneType else {}
    metas = [meta for meta in get_args(annotation)[1:] if isinstance(meta, Meta)]
    return next((meta.extra for meta in metas if meta.extra), {})


def _problem_of(error: msgspec.ValidationError, place: str, sentence: str | None) -> Problem:
    fault, _, path = str(error).partition(" - at `$")
    if sentence is not None and not path:
        return Problem(place, sentence)
    for word, plain in PLAIN_WORDS.items():
        fault = fault.replace(word, plain)
    return Problem(place + path.rstrip("`"), f"{fault[0].lower()}{fault[1:]}.")


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
