"""How fast each account may send, held over all processes by buckets of permits in the store.

A worker asks for the permits of all its turns in one short statement, before it claims. What it does not need goes back
with the next one. A lane that got fewer than it wanted is left alone until the next are there.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from parley.integrations import Integration
from parley.queue.bucket import Limit, seconds_until_one
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

    def __init__(self) -> None:
        self._returned: Counter[str] = Counter()
        self._not_before: dict[Limit, float] = {}
        """By name and rate: one that was raised meanwhile is asked for at once."""

    def pause(self, limits: Limits) -> float:
        """Seconds until it makes sense to ask for these; 0 when it does now."""
        at = asyncio.get_running_loop().time()
        return max([0.0, *(self._not_before.get(limit, at) - at for limit in limits)])

    async def take(self, connection: Connection, turns: Sequence[Turn], limits: Mapping[Lane, Limits]) -> list[Turn]:
        """The turns, each with no more than there are permits for; the earlier first."""
        wanted: Counter[Limit] = Counter()
        for turn in turns:
            wanted.update(dict.fromkeys(limits[turn.lane], turn.share))
        if not wanted:
            return list(turns)
        granted = await take_permits(connection, [self._ask(limit, count) for limit, count in wanted.items()])
        for limit, count in wanted.items():
            self._heed(limit, count, granted[limit.name])
        left = Counter({name: one.count for name, one in granted.items()})
        cut = [_cut(turn, limits[turn.lane], left) for turn in turns]
        self._returned.update(left)
        return [turn for turn in cut if turn.share]

    def give_back(self, limits: Limits, count: int) -> None:
        """They were not used."""
        self._returned.update({limit.name: count for limit in limits})

    def _ask(self, limit: Limit, wanted: int) -> Ask:
        return Ask(limit.name, limit.per_second, limit.burst, wanted, self._returned.pop(limit.name, 0))

    def _heed(self, limit: Limit, wanted: int, granted: Granted) -> None:
        self._not_before.pop(limit, None)
        if granted.count < wanted:
            pause = max(PULSE_SECONDS, seconds_until_one(granted.left_over, limit))
            self._not_before[limit] = asyncio.get_running_loop().time() + pause


def _cut(turn: Turn, limits: Limits, left: Counter[str]) -> Turn:
    share = min([turn.share, *(left[limit.name] for limit in limits)])
    left.subtract({limit.name: share for limit in limits})
    return msgspec.structs.replace(turn, share=share)
