"""Whom one claim finds counted in its senders' tiers, and what it adds.

A tier is held by one claim at a time, from before its messages are locked until it commits; a claim that finds it held
leaves those senders for its next turn and waits for nobody. So the count is exact however many workers decide at once.
Who was counted keeps the place for the 24 hours, unless no message that took it reached anybody: it is given back then
(services.give_back_places).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from parley.domain.message import Kind
from parley.integrations import Integration
from parley.policy import Defer, Facts, TierFacts, Verdict
from parley.policy.recipient_tier import SLICE, SPAN, counts, free_after, next_free, slice_of
from parley.store.database import Connection, Database
from parley.store.lanes import Lane, Turn
from parley.store.tiers import Reached, Slice, Span, Taken, count, counted, slices_of, sweep_tiers, try_tiers

OVER_TIER = "recipient_tier"
"""What the policy says of a message that waits for a place."""
KEPT = 2 * SPAN
"""Slices are swept after so long: a clock that was ahead for a while has not swept what counts."""


class Tier(msgspec.Struct, frozen=True):
    """How many people may be reached within 24 hours, by whoever shares the name."""

    name: str
    most: int


Tiers = Mapping[Lane, Tier]
"""Of the senders that have one."""


def tier_on(integration: Integration | None) -> Tier | None:
    """As permits are, named after what the provider or WhatsApp calls it: one count over all projects."""
    if integration is None or integration.people_per_day is None:
        return None
    return Tier(count_name(integration), integration.people_per_day)


def count_name(integration: Integration) -> str:
    """Who shares it is counted together."""
    portfolio = integration.limits.portfolio
    return f"portfolio:{portfolio}" if portfolio else f"sender:{integration.account_name}"


async def turns_held(connection: Connection, given: Sequence[Turn], tiers: Tiers) -> list[Turn]:
    """Those without a tier, and those whose tier is this claim's until it ends."""
    names = {tiers[turn.lane].name for turn in given if turn.lane in tiers}
    held = await try_tiers(connection, sorted(names)) if names else set()
    return [turn for turn in given if turn.lane not in tiers or tiers[turn.lane].name in held]


class _Count:
    """Of one tier, as this claim leaves it."""

    def __init__(self, slices: Iterable[Slice]) -> None:
        self.recipients: Counter[datetime] = Counter()
        self.expected: Counter[datetime] = Counter()
        for one in slices:
            self.recipients[one.slice] = one.recipients
            self.expected[one.slice] = one.expected
        self.reached = self.recipients.total()
        self._before = (self.recipients.copy(), self.expected.copy())

    def changes(self, tier: str) -> list[Slice]:
        """What it adds to each slice."""
        recipients, expected = self._before
        changes = [
            Slice(tier, one, self.recipients[one] - recipients[one], self.expected[one] - expected[one])
            for one in self.recipients
        ]
        return [one for one in changes if one.recipients or one.expected]


class Places:
    """Several messages to one person in one claim count once."""

    def __init__(self, tiers: Tiers, slices: Iterable[Slice], known: dict[Reached, datetime], span: Span) -> None:
        self._tiers = tiers
        self._known = known
        self._span = span
        self._messages: Counter[Reached] = Counter()
        """That take a place which they did not have. Of whom it says nothing, nothing is written."""
        by_tier: dict[str, list[Slice]] = defaultdict(list)
        for one in slices:
            by_tier[one.tier].append(one)
        self._counts = {tier.name: _Count(by_tier[tier.name]) for tier in tiers.values()}

    def seen(self, lane: Lane, facts: Facts) -> Facts:
        """The facts with what is known of the sender's tier."""
        tier = self._tiers.get(lane)
        if tier is None or facts.kind is not Kind.TEMPLATE:
            return facts
        so_far = self._counts[tier.name]
        is_counted = Reached(tier.name, facts.recipient or "") in self._known
        full = not is_counted and so_far.reached >= tier.most
        free_at = free_after(next_free(so_far.recipients, so_far.expected, tier.most)) if full else None
        return msgspec.structs.replace(
            facts, tier=TierFacts(tier.name, tier.most, so_far.reached, is_counted, free_at)
        )  # fmt: skip

    def leaves(self, facts: Facts, had: str | None, now: datetime) -> str | None:
        """One more message, by the facts it was allowed by: in which tier it takes a place, if in any.

        Who counts already moves to the slice of now. `had`: where the message took a place with an earlier try.
        """
        if facts.tier is None or not counts(facts, now):
            return None
        reached, into = Reached(facts.tier.name, facts.recipient or ""), slice_of(now)
        before = self._known.get(reached)
        self._messages[reached] += before is None or had != reached.tier
        if before is None or before < into:
            self._count(reached, before, into)
        return reached.tier

    def _count(self, reached: Reached, before: datetime | None, into: datetime) -> None:
        so_far = self._counts[reached.tier]
        if before is None:
            so_far.reached += 1
        else:
            so_far.recipients[before] -= 1
        so_far.recipients[into] += 1
        self._known[reached] = into

    def waits(self, facts: Facts, verdict: Verdict) -> None:
        """One more message that was told to come when a place is free."""
        if facts.tier is not None and isinstance(verdict, Defer) and verdict.code == OVER_TIER:
            self._counts[facts.tier.name].expected[verdict.until - SPAN - SLICE] += 1

    async def record(self, connection: Connection) -> None:
        """For the next claims, of whichever worker."""
        taken = [Taken(reached, self._known[reached], more) for reached, more in self._messages.items()]
        changes = [one for name, so_far in self._counts.items() for one in so_far.changes(name)]
        await count(connection, taken, changes, self._span)


NO_PLACES = Places({}, [], {}, Span(datetime.min.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)))
"""Of no tier."""


async def places_in(connection: Connection, tiers: Tiers, asked: Iterable[tuple[Lane, Facts]], now: datetime) -> Places:
    """As it stands: nobody else changes it before this transaction ends. `tiers` are those that it holds."""
    wanted = {
        Reached(tiers[lane].name, facts.recipient)
        for lane, facts in asked
        if lane in tiers and facts.kind is Kind.TEMPLATE and facts.recipient is not None
    }
    span = Span(now - SPAN - SLICE, now + SPAN)
    if not wanted:
        return Places({}, [], {}, span)
    slices = await slices_of(connection, {one.tier for one in wanted}, span)
    return Places(tiers, slices, await counted(connection, wanted, span), span)


async def forget_past(database: Database, now: datetime) -> int:
    """In a transaction of its own: whoever counts somebody of the past again waits for it. 0: a next step would find
    nothing.
    """
    async with database.transaction() as connection:
        await sweep_tiers(connection, now - KEPT)
    return 0
