"""`condition`: two ways."""

from msgspec import field

from parley.journeys.journey import Happened
from parley.journeys.node import Condition as Question
from parley.journeys.node import Go, Node, NodeId, Step, Turn

MAX_DETAIL = 1000
"""Characters of the reason that the log keeps."""


class Condition(Node, frozen=True, kw_only=True, tag="condition"):
    """`{"id": "still", "type": "condition", "if": {…}, "then": "…", "else": "…"}`. A way left out ends the journey."""

    if_: Question = field(name="if")
    then: NodeId | None = None
    else_: NodeId | None = field(name="else", default=None)

    def exits(self) -> dict[str, str | None]:
        """Two."""
        return {"then": self.then, "else": self.else_}

    def enter(self, turn: Turn, /) -> Step:
        """Judged with what is known at this moment."""
        held = turn.conditions.holds(self.if_, turn.facts, turn.now)
        reason = turn.conditions.explain(self.if_, turn.facts, turn.now)
        return Go("then" if held else "else", Happened.CHOSEN, reason[:MAX_DETAIL])
