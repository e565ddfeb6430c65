"""`end`: the journey is over, said aloud."""

from parley.journeys.journey import Happened
from parley.journeys.node import Finish, Node, Step, Turn


class End(Node, frozen=True, kw_only=True, tag="end"):
    """`{"id": "bought", "type": "end", "title": "Bought meanwhile"}`."""

    def enter(self, _: Turn, /) -> Step:
        """Nothing follows; the title says why."""
        return Finish(Happened.ENDED, self.title or "the end")
