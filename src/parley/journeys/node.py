"""What every kind of node is made of: the fields they share, what a node sees, and what it may answer."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from parley.domain.errors import Problem
from parley.journeys.conditions import Conditions
from parley.journeys.durations import Duration
from parley.journeys.effects import Effect
from parley.journeys.facts import Facts
from parley.journeys.journey import Awaiting, Happened, Journey

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Text = Annotated[str, Meta(min_length=1, max_length=20_000)]
"""Unrendered Jinja; the channel's own limit counts for what it renders to."""
NodeId = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$",
        extra={"sentence": "must be 1 to 64 letters, digits, `-` and `_`, beginning with a letter or digit."},
    ),
]
Condition = Annotated[Any, Meta(extra={"read_as": "condition"})]
Filter = Annotated[Any, Meta(extra={"read_as": "filter"})]
RequiredDuration = Annotated[Duration, Meta(extra={"read_as": "duration"})]
OptionalDuration = Annotated[Duration | None, Meta(extra={"read_as": "duration"})]


class Settings(msgspec.Struct, frozen=True):
    """What counts for all nodes that do not say otherwise."""

    consent_category: Name | None = None
    sender: Name | None = None


class Turn(msgspec.Struct, frozen=True):
    """What a node sees when it is its turn."""

    journey: Journey
    settings: Settings
    facts: Facts
    now: datetime
    conditions: Conditions


class Asker(msgspec.Struct, frozen=True):
    """Who wants an action's effect: a scenario for one journey, or a campaign for everybody it is sent to."""

    scenario: str
    """Its name; of a campaign the campaign's."""
    settings: Settings
    now: datetime
    """When it is wanted: a `ttl` begins then."""


class Go(msgspec.Struct, frozen=True):
    """On, by this exit."""

    branch: str
    happened: Happened
    detail: str | None = None
    effects: tuple[Effect, ...] = ()
    results: dict[str, Any] = {}


class Pause(msgspec.Struct, frozen=True):
    """Wait here from now on."""

    due_at: datetime
    awaiting: Awaiting
    happened: Happened


class Stay(msgspec.Struct, frozen=True):
    """Go on waiting as before."""

    awaiting: Awaiting
    happened: Happened | None = None
    """None when nothing worth a line of the log happened."""


class Finish(msgspec.Struct, frozen=True):
    """The journey is over."""

    happened: Happened
    reason: str


Step = Go | Pause | Stay | Finish


class Node(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """One node. A kind adds its fields and says what it does when a customer comes (and, if it pauses, comes back)."""

    is_trigger: ClassVar[bool] = False
    pauses: ClassVar[bool] = False

    id: NodeId
    title: str = ""
    """For people: what the canvas and the reports show."""

    def exits(self) -> dict[str, str | None]:
        """Every way out by its path in the file; None where the journey ends."""
        return {}

    def faults(self, _: Settings, /) -> Iterable[Problem]:
        """What no single field can say of itself; paths are relative to the node."""
        return ()

    def enter(self, turn: Turn, /) -> Step:
        """The customer arrives."""
        raise NotImplementedError

    def resume(self, turn: Turn, /) -> Step:
        """The customer waited here and is woken. A node that became another kind meanwhile begins afresh."""
        return self.enter(turn)


class Action(Node, frozen=True, kw_only=True):
    """A node that asks for one thing to be done and goes on."""

    next: NodeId | None = None

    def exits(self) -> dict[str, str | None]:
        """One."""
        return {"next": self.next}

    def enter(self, turn: Turn, /) -> Step:
        """Hands the effect over; does not wait for its outcome."""
        asker = Asker(turn.journey.scenario, turn.settings, turn.now)
        return Go("next", Happened.ASKED, effects=(self.effect(asker),))

    def effect(self, asker: Asker) -> Effect:
        """What to do."""
        raise NotImplementedError


def end_of(ttl: Duration | None, now: datetime) -> datetime | None:
    """When a message that is asked for now has lost its use; None for never."""
    return None if ttl is None else ttl.after(now)
