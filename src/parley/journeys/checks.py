"""What must be true of the nodes together: one function per rule, one list."""

from collections.abc import Callable, Iterator
from difflib import get_close_matches

import msgspec

from parley.domain.errors import Problem
from parley.journeys.node import Node

Graph = dict[str, Node]


class Draft(msgspec.Struct, frozen=True):
    """The nodes under check."""

    nodes: Graph
    places: dict[str, str]
    """Node id to its path in the file: `nodes[2]`."""
    unreadable: frozenset[str] = frozenset()
    """Ids of nodes that have faults of their own: one may still point at them."""


def has_trigger(draft: Draft) -> Iterator[Problem]:
    """Without one nothing ever starts."""
    if not any(node.is_trigger for node in draft.nodes.values()):
        yield Problem("nodes", "have no trigger: add a node of type on_event.")


def exits_lead_somewhere(draft: Draft) -> Iterator[Problem]:
    """Every exit names a node, and not a trigger."""
    for node in draft.nodes.values():
        for label, target in node.exits().items():
            sentence = None if target is None else _fault_of_target(draft, target)
            if sentence is not None:
                yield Problem(f"{draft.places[node.id]}.{label}", sentence)


def _fault_of_target(draft: Draft, target: str) -> str | None:
    known = draft.nodes.keys() | draft.unreadable
    if target not in known:
        near = get_close_matches(target, sorted(known), n=1)
        return f"there is no node `{target}`{f'; did you mean `{near[0]}`?' if near else '.'}"
    is_trigger = target in draft.nodes and draft.nodes[target].is_trigger
    return f"`{target}` is a trigger; nothing can lead to it." if is_trigger else None


def every_node_is_reached(draft: Draft) -> Iterator[Problem]:
    """From some trigger."""
    reached = reachable(draft.nodes, [node.id for node in draft.nodes.values() if node.is_trigger])
    for node_id in draft.nodes:
        if node_id not in reached and reached:
            yield Problem(draft.places[node_id], f"`{node_id}` is never reached from a trigger.")


def every_cycle_waits(draft: Draft) -> Iterator[Problem]:
    """A circle without a wait would turn for ever."""
    for node_id in draft.nodes:
        circle = _circle_from(draft.nodes, node_id)
        if circle is not None and node_id == min(circle):  # once per circle, at one of its nodes
            yield Problem(draft.places[node_id], f"turns in a circle without a wait: {' → '.join([*circle, node_id])}.")


def reachable(nodes: Graph, starts: list[str], *, through_pauses: bool = True) -> set[str]:
    """The ids that can be come to from `starts` (included); a pause can be come to, and passed only if told so."""
    reached, ahead = set(starts), list(starts)
    while ahead:
        node = nodes.get(ahead.pop())
        if node is None or (node.pauses and not through_pauses):
            continue
        fresh = {target for target in node.exits().values() if target is not None} - reached
        reached |= fresh
        ahead.extend(sorted(fresh))
    return reached & nodes.keys()


def _circle_from(nodes: Graph, start: str) -> list[str] | None:
    """The shortest way from a node back to itself that meets no pause, without the return."""
    ways, seen = [[start]], {start}
    while ways:
        way = ways.pop(0)
        node = nodes.get(way[-1])
        if node is None or node.pauses:
            continue
        for target in node.exits().values():
            if target == start:
                return way
            if target is not None and target not in seen:
                seen.add(target)
                ways.append([*way, target])
    return None


CHECKS_OF_WHOLE: tuple[Callable[[Draft], Iterator[Problem]], ...] = (
    has_trigger,
    every_node_is_reached,
    every_cycle_waits,
)
"""For a scenario whose every node can be read: of another they would say things that are not so."""
