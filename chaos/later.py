"""A worker of later: the same services, with a clock that is minutes or a day ahead, or messages that are days older.

A lease ends after two minutes, looks at the provider's list go on for a day, a rule has its hours: nobody waits.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from parley.domain.clock import Clock
from parley.house import House
from parley.providers.http import Wire
from parley.services.deliver_messages import Delivery
from parley.services.look_at_provider import LOOKS, NO_MORE, Looker
from parley.services.patience import LEASE
from parley.services.settle_by_rule import settle_by_rule

SOON = timedelta(minutes=1)
ROUNDS = 100_000
"""More than there can be: each does some of what is due."""
_OLDER = "UPDATE messages SET changed_at = changed_at - $1::interval WHERE state = 'uncertain'"


class Later:
    """Works beside the processes of the run, whose clocks stay; Sinch may still report."""

    def __init__(self, house: House, wire: Wire) -> None:
        self._house = house
        self._wire = wire

    async def recover(self) -> None:
        """Ends the leases: no message is left at *sending* whose process was killed."""
        house = self._house
        delivery = Delivery(house.database, house.box, self._wire, self._ahead(LEASE + SOON), house.chance)
        await _all_of(delivery.recover)
        await delivery.close()

    async def look(self) -> None:
        """At the first look and at the last one."""
        house = self._house
        for after in (LOOKS[0], LOOKS[-1]):
            looker = Looker(house.database, house.box, self._wire, self._ahead(after + LEASE + 2 * SOON), house.chance)
            await _all_of(looker.step)
            await looker.close()

    async def settle(self) -> int:
        """By the project's rule; says how many. Here it is the messages that become older: what the rule has sent again
        is due for workers whose clocks are right.
        """
        async with self._house.database.connection() as connection:
            await connection.execute(_OLDER, NO_MORE + timedelta(hours=1))
        return await _all_of(lambda: settle_by_rule(self._house.database, self._house.clock()))

    def _ahead(self, by: timedelta) -> Clock:
        return lambda: self._house.clock() + by


async def _all_of(step: Callable[[], Awaitable[int]]) -> int:
    done = 0
    for _ in range(ROUNDS):
        if not (some := await step()):
            return done
        done += some
    raise RuntimeError("it never comes to an end")
