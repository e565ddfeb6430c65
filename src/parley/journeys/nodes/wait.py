"""`wait`: so long, then on."""

from msgspec import field

from parley.journeys.journey import Happened
from parley.journeys.node import Go, Node, NodeId, Pause, RequiredDuration, Stay, Step, Turn


class Wait(Node, frozen=True, kw_only=True, tag="wait"):
    """`{"id": "pause", "type": "wait", "for": "1 hour", "next": "…"}`."""

    pauses = True

    for_: RequiredDuration = field(name="for")
    next: NodeId | None = None

    def exits(self) -> dict[str, str | None]:
        """One."""
        return {"next": self.next}

    def enter(self, turn: Turn, /) -> Step:
        """Counts from the arrival."""
        return Pause(self.for_.after(turn.now), "time", Happened.WAITING)

    def resume(self, turn: Turn, /) -> Step:
        """On when the time has come; a reply does not shorten it."""
        due_at = turn.journey.due_at
        return Stay("time") if due_at is not None and turn.now < due_at else Go("next", Happened.WAITED)
