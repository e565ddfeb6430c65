"""A scenario: what should happen to customers, as its author wrote it."""

import msgspec

from parley.journeys.node import Node, Settings
from parley.journeys.nodes.on_event import OnEvent


class Scenario(msgspec.Struct, frozen=True):
    """Read by `parse_scenario`; every node named in it exists."""

    name: str
    title: str
    description: str
    version: str
    """Tells two definitions apart: a hash of what the file says, not of how it is laid out."""
    active: bool
    """False: starts nothing; those who wait go on."""
    settings: Settings
    nodes: dict[str, Node]
    """By id, in the order of the file."""

    def triggers(self) -> tuple[OnEvent, ...]:
        """The nodes that start journeys."""
        return tuple(node for node in self.nodes.values() if isinstance(node, OnEvent))
