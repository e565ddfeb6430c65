"""What one claim knows of the pairs of account and person, and what it adds to them."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import msgspec

from parley.domain.message import Kind
from parley.integrations import Integration
from parley.policy import Facts, PairFacts
from parley.policy.pair_rate import EACH, MOST_OWED, owed
from parley.store.database import Connection, Database
from parley.store.pairs import Pair, hold_pairs, lock_pairs, pay, sweep_pairs

REACHES_A_PERSON = frozenset({Kind.TEMPLATE, Kind.TEXT, Kind.MEDIA})


def pair_of(facts: Facts, integration: Integration | None) -> Pair | None:
    """None where WhatsApp counts no pair, or the account's file says so."""
    limited = integration is not None and integration.limits.pair_rate and facts.kind in REACHES_A_PERSON
    if not limited or facts.sender is None or facts.recipient is None:
        return None
    return Pair(facts.sender.account, facts.recipient)


class Pairs:
    """Several messages to one person in one claim count one after another."""

    def __init__(self, known: dict[Pair, datetime]) -> None:
        self._known = known
        self._sent: Counter[Pair] = Counter()

    def seen(self, facts: Facts, pair: Pair | None) -> Facts:
        """The facts with what is known of their pair."""
        if pair is None:
            return facts
        return msgspec.structs.replace(facts, pair=PairFacts(self._known.get(pair)))

    def leaves(self, pair: Pair | None, now: datetime) -> None:
        """One more message to that person."""
        if pair is not None:
            self._known[pair] = owed(self._known.get(pair), now) + EACH
            self._sent[pair] += 1

    async def record(self, connection: Connection, project_id: UUID, now: datetime) -> None:
        """For the next claims, of whichever worker."""
        if self._sent:
            await pay(connection, project_id, self._sent, EACH, MOST_OWED, now)


async def pairs_in(connection: Connection, project_id: UUID, pairs: Iterable[Pair | None], now: datetime) -> Pairs:
    """Held until the transaction ends. Somebody who had nothing lately is held where the claim has several messages to
    him; of one message each, two workers can both let theirs go, and that is no burst.
    """
    asked = Counter(pair for pair in pairs if pair is not None)
    wanted = sorted(asked)
    if not wanted:
        return Pairs({})
    if max(asked.values()) > 1:
        return Pairs(await hold_pairs(connection, project_id, wanted, now))
    return Pairs(await lock_pairs(connection, project_id, wanted))


async def forget_paid(database: Database, now: datetime) -> int:
    """Pairs that have paid all they owed say nothing any more. 0: a next step would find nothing."""
    async with database.connection() as connection:
        await sweep_pairs(connection, now)
    return 0
