"""Whose messages one worker sends next: replies before campaigns, and to every sender its share of the places."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum, auto
from uuid import UUID

import msgspec

from parley.integrations import Integration
from parley.queue.shares import Claimant, fair_shares
from parley.queue.steady import steady_seconds
from parley.services.definitions import ProjectDefinitions, definitions_at, definitions_to_judge_by
from parley.services.patience import CALL_SECONDS
from parley.services.permits import Limits, Permits, limits_on
from parley.services.plan_messages import CAMPAIGN_PRIORITY, REPLY_PRIORITY
from parley.services.tiers import Tiers, tier_on, turns_held
from parley.store.database import Connection
from parley.store.holds import ask_by, end_asking
from parley.store.lanes import FIRST, Lane, Turn, WaitingLane, waiting_lanes

IN_FLIGHT = 200
"""Calls at once by one sender while no other has work, in one process."""
PLACES = 2 * IN_FLIGHT
"""Calls at once in one process. No sender holds more than are left free, so there is room for whoever comes next."""
LONGEST_WAIT = 1.0
"""Seconds for a place or a permit, then the queue is looked at again."""
HELD_SECONDS = 0.02
"""A claim takes about so long: then a tier that another worker was counting is free."""
ASKS_FOR = timedelta(seconds=CALL_SECONDS + 10)
"""Until a call that asks whether a provider is back is recorded, as a rule. Of whose worker nothing is heard by then,
another asks."""
LANES_AT_ONCE = 25
"""Of each priority, in one claim; the others come in the next ones."""


class Outlook(Enum):
    """What to expect of the next claim."""

    MORE = auto()
    NOT_YET = auto()
    """Something is due that must wait for a place or a permit."""
    NOTHING = auto()


class Held(msgspec.Struct, frozen=True):
    """What one claim may take, and what it is judged by."""

    turns: Sequence[Turn]
    projects: Mapping[UUID, ProjectDefinitions]
    tiers: Tiers


class _Round(msgspec.Struct):
    """What a worker has seen since it last took something or rested. When that is all lanes, it rests."""

    laps: Counter[int]
    """How often each priority has yet to come to its last lane, each for itself."""
    waits: dict[int, tuple[tuple[float, int], Lane]] = {}
    """Of each priority who gets the next permit: its rank, and behind which lane the claim began that looked at it."""
    held_back: bool = False
    """Something is due that got nothing,"""
    locked: bool = False
    """because somebody else holds what it needs, for an instant."""


class Turns:
    """What one worker may take next. It goes round all lanes, some in each claim."""

    def __init__(
        self,
        places: int = PLACES,
        lanes_at_once: int = LANES_AT_ONCE,
        *,
        steady: Callable[[], float] = steady_seconds,
    ) -> None:
        self._places = places
        self._lanes_at_once = lanes_at_once
        self._steady = steady
        self._under_way: Counter[Lane] = Counter()
        self._after = {REPLY_PRIORITY: FIRST, CAMPAIGN_PRIORITY: FIRST}
        self._round = _round_from(self._after)
        self._rests_until = 0.0
        self._permits = Permits(steady)
        self._limits: dict[Lane, Limits] = {}
        self._given: list[Turn] = []
        self._asking: set[Lane] = set()
        """Senders whose provider is away, by which only this worker may ask whether it is back."""

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
        """What to claim, the most urgent first. A share counts messages, and there are never more calls than those.

        Outside of any transaction: what is asked for here must not wait for the claim of another worker.
        """
        await self._end_asking(connection)
        room = self._places - self._under_way.total()
        if room <= 0:
            self._round = _Round(Counter(dict.fromkeys(self._after, 0)), held_back=True)
            return []
        began = dict(self._after)
        waiting = await waiting_lanes(connection, began, self._lanes_at_once, room, now)
        senders = {one.lane: await _sender_of(connection, one) for one in waiting}
        self._limits = {lane: limits_on(sender) for lane, sender in senders.items()}
        shares = self._share_out(waiting, room)
        given = await self._permits.take(connection, shares, self._limits)
        self._given = await self._ask(connection, given, {one.lane for one in waiting if one.is_away}, now)
        self._round.held_back |= len(self._given) < sum(1 for one in waiting if one.due)
        self._note_who_waits(waiting, began)
        return self._given

    async def hold(self, connection: Connection) -> Held:
        """In the transaction of the claim, before it looks at anything else: the turns without those whose tier
        another worker is counting.
        """
        projects = await definitions_to_judge_by(connection, {turn.lane.project_id for turn in self._given})
        lanes = {turn.lane for turn in self._given}
        senders = {lane: projects[lane.project_id].integrations.get(lane.sender) for lane in lanes}
        tiers = {lane: tier for lane, sender in senders.items() if (tier := tier_on(sender))}
        held = await turns_held(connection, self._given, tiers)
        if len(held) < len(self._given):
            self._round.held_back = self._round.locked = True
        return Held(held, projects, tiers)

    def used(self, sent: Mapping[Lane, int]) -> set[Lane]:
        """So many messages of the turns are leaving; the permits of the others go back. By which senders do they ask
        whether a provider that is away is back?
        """
        given: Counter[Lane] = Counter()
        for turn in self._given:
            given[turn.lane] += turn.share
        for lane, count in given.items():
            self._permits.give_back(self._limits[lane], count - sent.get(lane, 0))
        asking = self._asking & sent.keys()
        self._asking -= asking
        return asking

    @property
    def patience(self) -> float:
        """Seconds until something that is held back may go."""
        return max(0.0, self._rests_until - self._steady())

    def outlook(self, taken: int) -> Outlook:
        """After a claim that took so many."""
        if taken:
            self._round = _round_from(self._after)
            return Outlook.MORE
        seen = self._round
        seen.laps.subtract(priority for priority, lane in self._after.items() if lane == FIRST)
        if max(seen.laps.values()) > 0:
            return Outlook.MORE
        if seen.held_back:
            self._rest(seen)
        self._round = _round_from(self._after)
        return Outlook.NOT_YET if seen.held_back else Outlook.NOTHING

    def _rest(self, seen: _Round) -> None:
        """The next permit comes meanwhile. Were it always to begin with the first lanes then, those behind them that
        share a limit with them would never get one.
        """
        longest = self._steady() + (HELD_SECONDS if seen.locked else LONGEST_WAIT)
        self._rests_until = min([longest, *(free_at for (free_at, _), _ in seen.waits.values())])
        self._after |= {priority: page for priority, (_, page) in seen.waits.items()}

    async def _ask(self, connection: Connection, given: list[Turn], away: set[Lane], now: datetime) -> list[Turn]:
        """The turns without those by whose sender another worker asks; their permits go back."""
        wanted = {turn.lane for turn in given if turn.lane in away}
        self._asking = await ask_by(connection, wanted, now, now + ASKS_FOR)
        for lane in wanted - self._asking:
            self._permits.give_back(self._limits[lane], 1)
        return [turn for turn in given if turn.lane not in wanted - self._asking]

    async def _end_asking(self, connection: Connection) -> None:
        """By whom nothing has left after all."""
        while self._asking:
            await end_asking(connection, self._asking.pop())

    def _note_who_waits(self, waiting: Sequence[WaitingLane], began: Mapping[int, Lane]) -> None:
        given = {(turn.lane, turn.priority) for turn in self._given}
        waits = self._round.waits
        for one in waiting:
            limits = self._limits[one.lane]
            if one.due and (one.lane, one.priority) not in given and self._permits.pause(limits):
                ranked = self._permits.rank(one.lane, limits), began[one.priority]
                waits[one.priority] = min(waits.get(one.priority, ranked), ranked)

    def _share_out(self, waiting: Sequence[WaitingLane], room: int) -> list[Turn]:
        holding = self.under_way
        turns: list[Turn] = []
        for priority in self._after:
            lanes = [one for one in waiting if one.priority == priority]
            ready = [one for one in lanes if one.due and not self._permits.pause(self._limits[one.lane])]
            given_before = {turn.lane for turn in turns}
            claimants = [Claimant(self._wants(one, room, given_before), holding[one.lane]) for one in ready]
            shares = zip(ready, fair_shares(claimants, room), strict=True)
            given = [Turn(one.lane, priority, share) for one, share in shares if share]
            holding.update({turn.lane: turn.share for turn in given})
            room -= sum(turn.share for turn in given)
            self._after[priority] = self._where_to_go_on(lanes, ready, given)
            turns += given
        return turns

    def _where_to_go_on(
        self, lanes: Sequence[WaitingLane], ready: Sequence[WaitingLane], given: Sequence[Turn]
    ) -> Lane:
        """Behind whoever came last, if others got nothing; else behind all that were looked at, or from the start."""
        if given:
            last = given[-1].lane
            if ready[-1].lane > last:
                return last
        return lanes[-1].lane if len(lanes) == self._lanes_at_once else FIRST

    def _wants(self, one: WaitingLane, room: int, given: Collection[Lane]) -> int:
        """One that has all of its equal share due may have any number more; there are never permits beyond a burst.
        `given`: to whom an earlier priority has given something.
        """
        if one.is_away:
            return 0 if one.lane in given else 1
        due = room if one.due == one.share else one.due
        return min([due, *(int(limit.burst) for limit in self._limits[one.lane])])


def _round_from(after: Mapping[int, Lane]) -> _Round:
    """A priority that begins in the middle goes to its last lane first, and then round."""
    return _Round(Counter({priority: 1 if lane == FIRST else 2 for priority, lane in after.items()}))


async def _sender_of(connection: Connection, one: WaitingLane) -> Integration | None:
    project = await definitions_at(connection, one.lane.project_id, one.stamp)
    return project.integrations.get(one.lane.sender)
