"""How fast each account may send, held over all processes by buckets of permits in the store.

A worker asks for the permits of all its turns in one short statement, before it claims. What it does not need goes back
with the next one. A lane that got fewer than it wanted is left alone until the next are there.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import msgspec

from parley.integrations import Integration
from parley.queue.bucket import Limit, seconds_until_one
from parley.queue.steady import steady_seconds
from parley.store.database import Connection
from parley.store.lanes import Lane, Turn
from parley.store.permits import Ask, Granted, take_permits

PULSE_SECONDS = 0.1
"""A lane that ran out of permits is looked at again no sooner: one claim for several messages, not one for each."""

Limits = tuple[Limit, ...]


def limits_on(integration: Integration | None) -> Limits:
    """An account that was typed into a preset's form has none that we know of."""
    if integration is None:
        return ()
    requester = integration.account.get("project_id", integration.account_name)
    limits = [
        (f"sender:{integration.account_name}", integration.messages_per_second),
        (f"requests:{requester}", integration.requests_per_second),
    ]
    return tuple(Limit(name, per_second) for name, per_second in limits if per_second is not None)


class Permits:
    """One worker's dealings with the buckets."""

    def __init__(self, steady: Callable[[], float] = steady_seconds) -> None:
        self._steady = steady
        self._returned: Counter[str] = Counter()
        self._not_before: dict[Limit, float] = {}
        """By name and rate: one that was raised meanwhile is asked for at once."""
        self._dealt_at: dict[Lane, int] = {}
        """When each lane last got one, as a number that only grows. One for each lane there is."""
        self._dealt_count = 0

    def pause(self, limits: Limits) -> float:
        """Seconds until it makes sense to ask for these; 0 when it does now."""
        at = self._steady()
        return max([0.0, *(self._not_before.get(limit, at) - at for limit in limits)])

    def rank(self, lane: Lane, limits: Limits) -> tuple[float, int]:
        """Sorts lanes that wait: by when there is one for them, then by who has waited longest."""
        return max([0.0, *(self._not_before.get(limit, 0.0) for limit in limits)]), self._dealt_at.get(lane, 0)

    async def take(self, connection: Connection, turns: Sequence[Turn], limits: Mapping[Lane, Limits]) -> list[Turn]:
        """The turns, each with no more than there are permits for: the more urgent first, then in equal parts."""
        wanted, asked = _wanted(turns, limits)
        if not wanted:
            return list(turns)
        granted = await take_permits(connection, [self._ask(limit, wanted[limit.name]) for limit in asked])
        for limit in {limit for turn in turns for limit in limits[turn.lane]}:
            self._heed(limit, wanted[limit.name], granted[limit.name])
        if all(granted[name].count == count for name, count in wanted.items()):
            for turn in turns:
                self._note_dealt(turn.lane)
            return list(turns)
        left = Counter({name: one.count for name, one in granted.items()})
        shares = self._dealt(turns, limits, left)
        self._returned.update(left)
        return [msgspec.structs.replace(turn, share=share) for turn, share in zip(turns, shares, strict=True) if share]

    def give_back(self, limits: Limits, count: int) -> None:
        """They were not used."""
        self._returned.update({limit.name: count for limit in limits})

    def _dealt(self, turns: Sequence[Turn], limits: Mapping[Lane, Limits], left: Counter[str]) -> list[int]:
        """One by one, round and round, so that projects and accounts that share a limit share it evenly. Where there is
        one permit at a time, too: whoever has waited longest comes first.
        """
        shares = [0] * len(turns)
        for priority in dict.fromkeys(turn.priority for turn in turns):
            ring = [place for place, turn in enumerate(turns) if turn.priority == priority]
            ring.sort(key=lambda place: (self._dealt_at.get(turns[place].lane, 0), turns[place].lane))
            while ring:
                ring = [place for place in ring if _gets_one(turns[place], shares[place], limits, left)]
                for place in ring:
                    shares[place] += 1
                    self._note_dealt(turns[place].lane)
        return shares

    def _note_dealt(self, lane: Lane) -> None:
        self._dealt_count += 1
        self._dealt_at[lane] = self._dealt_count

    def _ask(self, limit: Limit, wanted: int) -> Ask:
        return Ask(limit.name, limit.per_second, limit.burst, wanted, self._returned.pop(limit.name, 0))

    def _heed(self, limit: Limit, wanted: int, granted: Granted) -> None:
        self._not_before.pop(limit, None)
        if granted.count < wanted:
            pause = max(PULSE_SECONDS, seconds_until_one(granted.left_over, limit))
            self._not_before[limit] = self._steady() + pause


def _wanted(turns: Sequence[Turn], limits: Mapping[Lane, Limits]) -> tuple[Counter[str], list[Limit]]:
    """How many of each limit, by its name; of projects that say different rates of one limit the lowest counts."""
    wanted: Counter[str] = Counter()
    asked: dict[str, Limit] = {}
    for turn in turns:
        for limit in limits[turn.lane]:
            wanted[limit.name] += turn.share
            known = asked.get(limit.name)
            asked[limit.name] = limit if known is None or limit.per_second < known.per_second else known
    return wanted, [*asked.values()]


def _gets_one(turn: Turn, has: int, limits: Mapping[Lane, Limits], left: Counter[str]) -> bool:
    """Of each of its limits, if it wants one more and there is one."""
    names = [limit.name for limit in limits[turn.lane]]
    if has == turn.share or not all(left[name] for name in names):
        return False
    left.subtract(names)
    return True
