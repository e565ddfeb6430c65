"""Messages that reached nobody give their places in a tier back, and as many that wait for one are looked at again.

Whoever was refused or failed has not been written to, so WhatsApp does not count him (whatsapp.md 4.1: people who were
contacted). A message that was *given up* may have arrived: it keeps its place for the day.
"""

from datetime import datetime
from functools import partial

from parley.services.tiers import OVER_TIER
from parley.store.database import Connection, Database
from parley.store.messages import look_again
from parley.store.tiers import give_back, tiers_to_give_back, try_tiers
from parley.store.wakeups import announce_work

AT_ONCE = 500


async def give_back_places(database: Database, now: datetime) -> int:
    """How many messages gave one back; a tier that is being counted at this moment has its turn later."""
    return await database.run(partial(_give_back, now=now))


async def _give_back(connection: Connection, now: datetime) -> int:
    names = await tiers_to_give_back(connection)
    held = await try_tiers(connection, names) if names else set()
    if not held:
        return 0
    given = await give_back(connection, held, AT_ONCE)
    for lane, count in sorted(given.items()):
        await look_again(connection, lane, OVER_TIER, count, now)
    await announce_work(connection)
    return given.total()
