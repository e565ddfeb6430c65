"""`on_event`: the trigger. Every fitting event starts a journey of its own."""

from datetime import datetime, timedelta

from parley.journeys.conditions import Conditions
from parley.journeys.durations import Duration
from parley.journeys.facts import Event
from parley.journeys.journey import Happened
from parley.journeys.node import Filter, Go, Name, Node, NodeId, RequiredDuration, Step, Turn

MAX_AGE = Duration(months=0, rest=timedelta(days=1))
"""Unless the author says otherwise: so that importing a shop's history sends nothing."""


class OnEvent(Node, frozen=True, kw_only=True, tag="on_event"):
    """`{"id": "cart", "type": "on_event", "event": "cart_update", "filter": {…}, "max_age": "1 day", "next": "…"}`."""

    is_trigger = True

    event: Name
    filter: Filter = None
    max_age: RequiredDuration = MAX_AGE
    next: NodeId | None = None

    def exits(self) -> dict[str, str | None]:
        """One."""
        return {"next": self.next}

    def starts(self, event: Event, now: datetime, conditions: Conditions) -> bool:
        """Does this event begin a journey: of the type, young enough, and past the filter?"""
        if event.type != self.event or now >= self.max_age.after(event.occurred_at):
            return False
        return self.filter is None or conditions.matches(self.filter, event.properties, now)

    def enter(self, _: Turn, /) -> Step:
        """The event was checked before the journey began."""
        return Go("next", Happened.STARTED)
