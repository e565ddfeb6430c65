"""What messages cost: quoted and reserved when they are planned, settled by their reports, given back when they fail.

The rules are `parley.costs`; here they meet the store. A batch costs one statement for the ledger, and one more where
a price depends on how many went before it in the month (free service messages, volume tiers).
"""

from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from parley.costs import (
    SERVICE,
    Category,
    Delivered,
    Entry,
    EntryKind,
    PriceList,
    Quote,
    Standing,
    after,
    cancel,
    fail,
    failed_fee,
    reserve,
    settle,
    with_entry,
)
from parley.domain.callback import Billed
from parley.domain.message import Kind, State
from parley.domain.money import Money, nothing
from parley.domain.template_category import filed_today
from parley.policy import Defer, Deny, Facts, Verdict
from parley.policy.window_open import is_open
from parley.services.budgets import OVER_BUDGET, Budgets, budgets_in
from parley.services.definitions import ProjectDefinitions, project_definitions
from parley.store.database import Connection
from parley.store.ledger import Booking, Counter, LedgerRow, book, count_up, counts_of
from parley.store.messages import MessageRow, NewMessage
from parley.store.windows import enter_free

IN_A_CONVERSATION = frozenset({Kind.TEXT, Kind.MEDIA})
ARRIVED = frozenset({State.DELIVERED, State.READ})
BOOKED = ARRIVED | {State.FAILED, State.REFUSED, State.EXPIRED, State.CANCELLED}
"""These change what is reserved or spent."""


class Turn(msgspec.Struct, frozen=True):
    """A message reached a state."""

    before: MessageRow
    """As it stood."""
    state: State
    at: datetime
    billed: Billed | None = None
    """What the provider's report said of the price."""
    quote: Quote | None = None
    """A new one, worked out at the wire."""


class Quotes:
    """Works out what messages of one project would cost. Those it has quoted count for those that follow."""

    def __init__(self, project: ProjectDefinitions, counts: Mapping[Counter, int]) -> None:
        self._project = project
        self._counts = Tally(counts)

    def quote(self, facts: Facts, at: datetime, old: Quote | None = None) -> Quote | None:
        """None: it costs nothing at WhatsApp, or has no recipient or template. `old` where nothing has changed."""
        category = _category(facts)
        if category is None or facts.recipient is None or facts.sender is None:
            return old
        window = facts.window
        delivered = Delivered(
            recipient=facts.recipient,
            category=category,
            at=at,
            in_window=window is not None and window.by_recipient and is_open(window.last_inbound_at, at),
            in_free_entry=window is not None and window.free_until is not None and at < window.free_until,
        )
        message = self._project.prices.as_charged(delivered)
        if old is not None and self._is_same(old, message):
            return old
        counter = counter_of(self._project, message, facts.sender.account, facts.sender.name)
        if counter is None:
            return self._project.prices.estimate(message)
        self._counts[counter] += 1
        return self._project.prices.estimate(after(message, self._counts[counter] - 1))

    def _is_same(self, old: Quote, message: Delivered) -> bool:
        prices = self._project.prices
        return (
            old.category is message.category
            and old.in_window == message.in_window
            and old.in_free_entry == message.in_free_entry
            and old.day == prices.day(message.at)
            and old.currency == prices.costs.currency
        )


def _category(facts: Facts) -> Category | None:
    if facts.kind in IN_A_CONVERSATION:
        return Category.SERVICE
    if facts.kind is not Kind.TEMPLATE or facts.template is None or facts.template.status is None:
        return None
    filed_as = facts.text.filed_as if facts.text else None
    return Category(filed_today(filed_as or facts.template.category or "").lower())


class Till:
    """What messages of one project cost and whether there is money for them, in one transaction."""

    def __init__(self, quotes: Quotes, budgets: Budgets, now: datetime) -> None:
        self._quotes = quotes
        self._budgets = budgets
        self._now = now

    def seen(self, facts: Facts, origin: str, old: Quote | None = None) -> tuple[Facts, Quote | None]:
        """The facts with what is known of the budget, and what the message costs now. `old`: what it holds."""
        new = self._quotes.quote(facts, self._now, old)
        budget = self._budgets.facts(origin, old, new)
        return (facts if budget is None else msgspec.structs.replace(facts, budget=budget)), new

    def decided(self, verdict: Verdict, origin: str, old: Quote | None, new: Quote | None) -> Quote | None:
        """The quote that is kept then: with its money set aside, unless it is refused or a budget has no room."""
        if new is None or isinstance(verdict, Deny):
            kept = new
        elif isinstance(verdict, Defer) and verdict.code == OVER_BUDGET:
            kept = msgspec.structs.replace(new, reserved=False)
        elif isinstance(verdict, Defer) and old is not None:
            kept = old  # looked at again when it is to leave
        else:
            kept = msgspec.structs.replace(new, reserved=bool(new.amount))
        self._budgets.moves(origin, old, kept)
        return kept


async def till_in(
    connection: Connection, project_id: UUID, project: ProjectDefinitions, now: datetime, *, asked: bool = False
) -> Till:
    """Of a transaction that plans or claims. `asked`: somebody only asks, and holds nobody up."""
    quotes = await quotes_in(connection, project, now)
    return Till(quotes, await budgets_in(connection, project_id, project, now, asked=asked), now)


def origin_of(origin: Mapping[str, Any]) -> str:
    """The scenario or campaign that asked for a message."""
    return origin.get("scenario") or origin.get("campaign") or ""


def quote_of(row: MessageRow) -> Quote | None:
    """As it is stored."""
    return None if row.quote is None else msgspec.convert(row.quote, Quote)


async def quotes_in(connection: Connection, project: ProjectDefinitions, now: datetime) -> Quotes:
    """With the counts of the month, as far as they were committed."""
    owners = {_account(one.account_name) for one in project.integrations.values()}
    owners |= {_owner(project, name) for name in project.integrations}
    return Quotes(project, await counts_of(connection, owners, project.prices.day(now)) if owners else {})


def counter_of(project: ProjectDefinitions, message: Delivered, account: str, sender: str) -> Counter | None:
    """What its price depends on beside itself."""
    name = project.prices.counted(message)
    if name is None:
        return None
    owner = _account(account) if name == SERVICE else _owner(project, sender)
    return Counter(owner, name, project.prices.month(message.at))


def _account(account: str) -> str:
    return f"account:{account}"


def _owner(project: ProjectDefinitions, sender: str) -> str:
    """Of all the business numbers whose charged messages count together."""
    integration = project.integrations.get(sender)
    portfolio = integration.limits.portfolio if integration else None
    return f"portfolio:{portfolio}" if portfolio else f"project:{project.about.get('id', '')}"


def estimate_said(quote: Quote | None) -> dict[str, Any]:
    """For the event of the planned message."""
    if quote is None or quote.amount is None:
        return {}
    return {"estimated_cost": str(quote.amount), "currency": quote.currency}


def cost_said(cost: Money | None) -> dict[str, Any]:
    """For the event of the message that arrived."""
    return {} if cost is None else {"cost": str(cost.amount), "currency": cost.currency}


async def book_reservations(
    connection: Connection, project_id: UUID, planned: Iterable[NewMessage], now: datetime
) -> None:
    """Of messages that are written in this transaction."""
    bookings = [
        booking(one, one.quote, entry)
        for one in planned
        if one.quote is not None and one.quote.reserved
        for entry in reserve(_standing(nothing(one.quote.currency)), one.quote.money, now, one.quote.why)
    ]
    if bookings:
        await book(connection, project_id, bookings)


async def book_turns(connection: Connection, turns: Sequence[Turn], now: datetime) -> dict[UUID, Money | None]:
    """What messages did cost that arrived just now; None: nobody knows. `turns` of a message in their order."""
    of_project: dict[UUID, list[Turn]] = defaultdict(list)
    for turn in turns:
        if turn.quote is not None or (turn.before.quote is not None and turn.state in BOOKED):
            of_project[turn.before.project_id].append(turn)
    costs: dict[UUID, Money | None] = {}
    for project_id in sorted(of_project):
        costs |= await _book_project(connection, project_id, of_project[project_id], now)
    return costs


async def _book_project(
    connection: Connection, project_id: UUID, turns: Sequence[Turn], now: datetime
) -> dict[UUID, Money | None]:
    project = await project_definitions(connection, project_id)
    books = _Books(project, now)
    for turn in turns:
        books.turn(turn)
    await books.settle_counted(connection)
    if books.bookings:
        await book(connection, project_id, books.bookings)
    if books.answers:
        await enter_free(connection, books.answers)
    return books.costs


class _Books:
    """Of one project in one transaction."""

    def __init__(self, project: ProjectDefinitions, now: datetime) -> None:
        self.bookings: list[Booking] = []
        self.costs: dict[UUID, Money | None] = {}
        self.answers: list[tuple[UUID, str, datetime]] = []
        """Customer, account and time of deliveries that may begin 72 free hours."""
        self._project = project
        self._prices: PriceList = project.prices
        self._now = now
        self._stands: dict[UUID, Standing] = {}
        self._quotes: dict[UUID, Quote] = {}
        self._counted: dict[Counter, list[tuple[Turn, Quote, Delivered]]] = defaultdict(list)

    def turn(self, turn: Turn) -> None:
        """Books it, or keeps it for `settle_counted`."""
        row = turn.before
        quote = self._quotes.get(row.id) or quote_of(row)
        if turn.quote is not None:
            self._requote(turn, quote, turn.quote)
        elif quote is None:
            return
        elif turn.state in ARRIVED:
            if row.state not in ARRIVED:
                self._arrived(turn, quote)
        elif turn.state is State.FAILED:
            fee = failed_fee(self._prices.costs.markup, quote.currency)
            self._book(row, quote, fail(self._stand(row, quote), fee, self._now, "it was not delivered"))
        else:
            self._book(row, quote, cancel(self._stand(row, quote), self._now, turn.state.value))

    async def settle_counted(self, connection: Connection) -> None:
        """Those whose price depends on how many went before, in the order of the count."""
        if not self._counted:
            return
        before = await count_up(connection, {one: len(turns) for one, turns in self._counted.items()})
        for counter, turns in self._counted.items():
            for place, (turn, quote, message) in enumerate(turns):
                self._settle(turn, quote, self._prices.quote(after(message, before[counter] + place)))

    def _requote(self, turn: Turn, old: Quote | None, new: Quote) -> None:
        """What was set aside goes back, and what it costs now is set aside."""
        row = turn.before
        if old is not None:
            self._book(row, old, cancel(self._stand(row, old), self._now, "worked out anew"))
        self._quotes[row.id] = new
        self._stands[row.id] = _standing(nothing(new.currency))
        if new.reserved:
            self._book(row, new, reserve(self._stand(row, new), new.money, self._now, new.why))

    def _arrived(self, turn: Turn, quote: Quote) -> None:
        row = turn.before
        if quote.in_free_entry and row.account is not None:
            self.answers.append((row.customer_id, row.account, turn.at))
        if turn.billed is not None and turn.billed.free:
            said = f"free: the provider's report says {turn.billed.said}"
            self._settle(turn, quote, msgspec.structs.replace(quote, amount=self._prices.free, why=said))
            return
        message = _delivered(turn, quote)
        counter = counter_of(self._project, message, row.account or "", row.integration or "")
        if counter is None:
            self._settle(turn, quote, self._prices.quote(message))
        else:
            self._counted[counter].append((turn, quote, message))

    def _settle(self, turn: Turn, quote: Quote, final: Quote) -> None:
        """Money of another currency than was set aside (the project's was changed meanwhile) is a settlement apart."""
        row, stands = turn.before, self._stand(turn.before, quote)
        cost = None if final.amount is None else Money(final.amount, final.currency)
        if final.currency != quote.currency:
            self._book(row, quote, cancel(stands, self._now, "the project's currency was changed"))
            stands = self._stands[row.id] = _standing(nothing(final.currency), is_settled=stands.is_settled)
        kept = {"day": quote.day, "saved": quote.saved, "market": final.market}
        told = settle(stands, cost, self._now, final.why)
        self._book(row, msgspec.structs.replace(final, **kept), told)
        if told:
            self.costs[row.id] = cost

    def _stand(self, row: MessageRow, quote: Quote) -> Standing:
        known = self._stands.get(row.id)
        if known is None:
            given_back = row.state == State.FAILED
            aside = nothing(quote.currency) if given_back else quote.set_aside
            known = self._stands[row.id] = _standing(aside, is_settled=quote.settled)
        return known

    def _book(self, row: MessageRow, quote: Quote, entries: Sequence[Entry]) -> None:
        for entry in entries:
            self.bookings.append(booking(row, quote, entry))
            self._stands[row.id] = with_entry(self._stands[row.id], entry)


def _delivered(turn: Turn, quote: Quote) -> Delivered:
    """As it was reported; the provider's word on its category counts before ours."""
    row, billed = turn.before, turn.billed
    return Delivered(
        recipient=row.recipient or "",
        category=(billed and billed.category and _CATEGORIES.get(billed.category)) or quote.category,
        at=turn.at,
        in_window=quote.in_window and billed is None,
        in_free_entry=quote.in_free_entry and billed is None,
        market=None if row.recipient else quote.market,
    )


_CATEGORIES = {category.value: category for category in Category} | {
    "authentication-international": Category.AUTHENTICATION_INTERNATIONAL
}


def entry_of(row: LedgerRow) -> Entry:
    """As the rules see it."""
    return Entry(
        EntryKind(row.kind),
        Money(row.reserved, row.currency),
        Money(row.spent, row.currency),
        row.at,
        row.why,
        row.known,
    )


def booking(message: MessageRow | NewMessage, quote: Quote, entry: Entry) -> Booking:
    """An entry with all that the ledger keeps beside it."""
    settles = entry.kind is EntryKind.SETTLE
    row = LedgerRow(
        at=entry.at,
        kind=entry.kind.value,
        day=quote.day,
        origin=origin_of(message.origin),
        market=quote.market,
        category=quote.category.value,
        currency=quote.currency,
        reserved=entry.reserved.amount,
        spent=entry.spent.amount,
        saved=quote.saved if settles else _ZERO,
        known=entry.known,
        why=entry.why,
    )
    return Booking(message.id, row)


_ZERO = Decimal(0)


def _standing(reserved: Money, *, is_settled: bool = False) -> Standing:
    return Standing(reserved, nothing(reserved.currency), is_settled)
