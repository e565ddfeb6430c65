"""Reads a scenario file: its outer fields, its nodes, and how the nodes lead to each other."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from parley.domain.errors import InvalidInputError, Problem
from parley.journeys.checks import CHECKS_OF_WHOLE, Draft, exits_lead_somewhere
from parley.journeys.conditions import Conditions
from parley.journeys.definition_file import (
    DefinitionName,
    Readers,
    collect,
    json_object,
    part_of,
    read_struct,
    readers_of,
    version_of,
)
from parley.journeys.node import Node, Settings
from parley.journeys.nodes import KINDS
from parley.journeys.scenario import Scenario

MAX_NODES = 100
"""As Exponea's own limit; a scenario of 30 is already hard to read."""

N = TypeVar("N", bound=Node)


class _File(msgspec.Struct, frozen=True):
    """The outer fields of the file."""

    kind: Literal["scenario"]
    name: DefinitionName
    nodes: Annotated[list[Any], Meta(min_length=1, max_length=MAX_NODES)]
    title: str = ""
    description: str = ""
    active: bool = True
    settings: dict[str, Any] = {}


def parse_scenario(data: bytes, conditions: Conditions) -> Scenario:
    """The scenario that the file's bytes say. `conditions` is the module `parley.segments`.

    Raises InvalidInputError with every problem; see docs/reference/scenarios.md for the shape.
    """
    raw = json_object(data, "scenario")
    readers = readers_of(conditions)
    problems: list[Problem] = []
    file = collect(partial(read_struct, _File, raw, "", {}), problems)
    settings = collect(partial(read_struct, Settings, part_of(raw, "settings", {}), "settings", {}), problems)
    nodes = _read_nodes(part_of(raw, "nodes", [])[:MAX_NODES], settings or Settings(), readers, problems)
    if problems or file is None or settings is None:
        raise InvalidInputError(problems)
    return Scenario(
        name=file.name,
        title=file.title or file.name,
        description=file.description,
        version=version_of(raw),
        active=file.active,
        settings=settings,
        nodes=nodes,
    )


def _read_nodes(raws: list[Any], settings: Settings, readers: Readers, problems: list[Problem]) -> dict[str, Node]:
    """The nodes by id; what is wrong with them goes to `problems`."""
    nodes: dict[str, Node] = {}
    places: dict[str, str] = {}
    for index, raw in enumerate(raws):
        place = f"nodes[{index}]"
        node = collect(partial(read_node, raw, place, settings, readers, KINDS), problems)
        if node is not None and node.id in nodes:
            problems.append(Problem(f"{place}.id", f"`{node.id}` is the id of {places[node.id]} already."))
        elif node is not None:
            nodes[node.id], places[node.id] = node, place
    unreadable = frozenset(part_of(raw, "id", "") for raw in raws) - nodes.keys()
    draft = Draft(nodes, places, unreadable)
    problems.extend(exits_lead_somewhere(draft))
    if not problems:
        problems.extend(problem for check in CHECKS_OF_WHOLE for problem in check(draft))
    return nodes


def read_node(raw: Any, place: str, settings: Settings, readers: Readers, kinds: Mapping[str, type[N]]) -> N:
    """A node of one of these kinds. Raises InvalidInputError."""
    kind = raw.get("type") if isinstance(raw, dict) else None
    if not isinstance(kind, str) or kind not in kinds:
        raise InvalidInputError([Problem(f"{place}.type", f"must be one of {', '.join(kinds)}.")])
    body = {key: value for key, value in raw.items() if key != "type"}
    node = read_struct(kinds[kind], body, place, readers)
    faults = [Problem(f"{place}.{fault.field}", fault.sentence) for fault in node.faults(settings)]
    if faults:
        raise InvalidInputError(faults)
    return node
