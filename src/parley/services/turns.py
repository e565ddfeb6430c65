"""Whose messages one worker sends next: replies before campaigns, and to every sender its share of the places."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from enum import Enum, auto

from parley.queue.shares import Claimant, fair_shares
from parley.services.plan_messages import CAMPAIGN_PRIORITY, REPLY_PRIORITY
from parley.store.database import Connection
from parley.store.lanes import FIRST, Lane, Turn, WaitingLane, waiting_lanes

IN_FLIGHT = 100
"""Calls at once by one sender while no other has work, in one process."""
PLACES = 2 * IN_FLIGHT
"""Calls at once in one process. No sender holds more than are left free, so there is room for whoever comes next."""
LANES_AT_ONCE = 25
"""Of each priority, in one claim; the others come in the next ones."""


class Outlook(Enum):
    """What to expect of the next claim."""

    MORE = auto()
    NOT_YET = auto()
    """Something is due that must wait for a place."""
    NOTHING = auto()


class Turns:
    """What one worker may take next. It goes round all lanes, some in each claim."""

    def __init__(self, places: int = PLACES) -> None:
        self._places = places
        self._under_way: Counter[Lane] = Counter()
        self._after = {REPLY_PRIORITY: FIRST, CAMPAIGN_PRIORITY: FIRST}
        self._taken = 0
        self._held_back = False

    @property
    def under_way(self) -> Counter[Lane]:
        """Calls of each sender."""
        return self._under_way.copy()

    def begin(self, lane: Lane) -> None:
        """A call by that sender is under way."""
        self._under_way[lane] += 1

    def end(self, lane: Lane) -> None:
        """It has ended."""
        self._under_way[lane] -= 1
        if not self._under_way[lane]:
            del self._under_way[lane]

    async def next(self, connection: Connection, now: datetime) -> list[Turn]:
        """What to claim, the most urgent first. A share counts messages, and there are never more calls than those."""
        room = self._places - self._under_way.total()
        if room <= 0:
            self._held_back = True
            return []
        waiting = await waiting_lanes(connection, self._after, LANES_AT_ONCE, room, now)
        holding = self.under_way
        turns: list[Turn] = []
        for priority in self._after:
            lanes = [one for one in waiting if one.priority == priority]
            given = _shared(lanes, holding, room)
            holding.update({turn.lane: turn.share for turn in given})
            room -= sum(turn.share for turn in given)
            self._after[priority] = _where_to_go_on(lanes, given)
            turns += given
        self._held_back |= any(one.due for one in waiting) and not turns
        return turns

    def outlook(self, taken: int) -> Outlook:
        """After a claim that took so many."""
        self._taken += taken
        if taken or any(lane != FIRST for lane in self._after.values()):
            return Outlook.MORE
        found, held_back = self._taken, self._held_back
        self._taken, self._held_back = 0, False
        if found:
            return Outlook.MORE
        return Outlook.NOT_YET if held_back else Outlook.NOTHING


def _shared(waiting: Sequence[WaitingLane], holding: Counter[Lane], room: int) -> list[Turn]:
    """One that has all of its equal share due may have any number more."""
    claimants = [Claimant(room if one.due == one.share else one.due, holding[one.lane]) for one in waiting]
    shares = fair_shares(claimants, room)
    return [Turn(one.lane, one.priority, share) for one, share in zip(waiting, shares, strict=True) if share]


def _where_to_go_on(waiting: Sequence[WaitingLane], given: Sequence[Turn]) -> Lane:
    """Behind whoever came last, if others got nothing; else behind all that were looked at, or from the start."""
    if given:
        last = given[-1].lane
        if any(one.due for one in waiting if one.lane > last):
            return last
    return waiting[-1].lane if len(waiting) == LANES_AT_ONCE else FIRST
