"""What messages cost, from their planning to their last report: reserved, settled, given back, and never changed."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from parley.services.anonymize import anonymize
from parley.services.steer_campaigns import Order, steer
from parley.store.database import Database
from tests.support.builders import NOW, Cast
from tests.walks.test_campaigns import SALE, add_crowd
from tests.walks.walk import Walk, inbound, status

SLOVAK = Decimal("0.0860")
"""Marketing in the rest of Central and Eastern Europe since October 2026."""
KINDS = ["reserve", "release", "fee", "settle", "correct"]
MARKETING: dict[str, Any] = {
    "kind": "template",
    "name": "spring_sale",
    "language": "en",
    "category": "MARKETING",
    "status": "approved",
    "override": "An offer, to people who agreed to offers.",
    "body": {"text": "Hello {{1}}, everything is cheaper this week."},
    "buttons": [{"type": "quick_reply", "text": "Stop"}],
}
HELLO: dict[str, Any] = {
    "kind": "campaign",
    "name": "hello",
    "send": {"type": "send_text", "text": "Hello"},
    "settings": {"consent_category": "whatsapp"},
}


async def told(database: Database, *columns: str) -> list[tuple[Any, ...]]:
    """Of every entry, in their order."""
    async with database.connection() as connection:
        rows = await connection.fetch("SELECT * FROM cost_entries")
    ordered = sorted(rows, key=lambda row: (row["at"], KINDS.index(row["kind"])))
    return [tuple(row[column] for column in columns) for row in ordered]


async def entries(database: Database) -> list[tuple[Any, ...]]:
    return await told(database, "kind", "reserved", "spent")


async def sums(database: Database) -> Mapping[str, Any]:
    """Of the ledger; and they must be those that budgets and reports look at."""
    async with database.connection() as connection:
        ledger = await connection.fetchrow(
            "SELECT sum(reserved) AS reserved, sum(spent) AS spent, sum(saved) AS saved FROM cost_entries"
        )
        totals = await connection.fetchrow(
            "SELECT sum(reserved) AS reserved, sum(spent) AS spent, sum(saved) AS saved FROM ("
            "SELECT reserved, spent, saved FROM cost_changes UNION ALL "
            "SELECT reserved, spent, saved FROM cost_totals) AS t"
        )
    assert ledger is not None
    assert totals is not None
    assert dict(ledger) == dict(totals)
    return dict(ledger)


async def launch(walk: Walk, *definitions: Mapping[str, Any], name: str = "sale") -> None:
    await walk.apply(*definitions)
    await walk.launch(name)
    await walk.come_to_rest()


async def settings(walk: Walk, **costs: Any) -> None:
    await walk.apply({"kind": "settings", "costs": costs})


async def test_what_is_planned_is_set_aside_and_what_arrives_is_spent(walk: Walk, people: Cast) -> None:
    await launch(walk, MARKETING, SALE)
    assert await entries(walk.database) == [("reserve", SLOVAK, 0)]
    await walk.call_back(status("SINCH-1-0", "delivered", NOW + timedelta(seconds=5)))
    await walk.call_back(status("SINCH-1-0", "read", NOW + timedelta(seconds=9)))
    assert await entries(walk.database) == [("reserve", SLOVAK, 0), ("settle", -SLOVAK, SLOVAK)]
    assert (await sums(walk.database))["reserved"] == 0
    told = [(one["status"], one.get("estimated_cost"), one.get("cost")) for one in await walk.events(people.alice)]
    assert told == [
        ("queued", "0.0860", None),
        ("accepted", None, None),
        ("delivered", None, "0.0860"),
        ("read", None, None),
    ]


async def test_a_reading_without_a_delivery_settles_it(walk: Walk, people: Cast) -> None:
    await launch(walk, MARKETING, SALE)
    await walk.call_back(status("SINCH-1-0", "read", NOW + timedelta(seconds=5)))
    await walk.call_back(status("SINCH-1-0", "delivered", NOW + timedelta(seconds=9)))
    assert await entries(walk.database) == [("reserve", SLOVAK, 0), ("settle", -SLOVAK, SLOVAK)]


async def test_what_is_refused_reserves_nothing(walk: Walk, people: Cast) -> None:
    await launch(walk, MARKETING, SALE)
    async with walk.database.connection() as connection:
        rows = await connection.fetch(
            "SELECT state, quote ->> 'amount', quote ->> 'reserved' FROM messages WHERE state = 'refused'"
        )
    assert [tuple(row) for row in rows] == [("refused", "0.0860", None)] * 2


@pytest.mark.parametrize("fee", [None, "0.001"])
async def test_what_fails_gives_it_back_and_costs_the_providers_fee(walk: Walk, people: Cast, fee: str | None) -> None:
    if fee:
        await settings(walk, markup={"per_failed": fee})
    await launch(walk, MARKETING, SALE)
    failed = status("SINCH-1-0", "failed", NOW + timedelta(seconds=5))
    await walk.call_back(failed)
    await walk.call_back(failed)
    kind = ("fee", -SLOVAK, Decimal(fee)) if fee else ("release", -SLOVAK, Decimal(0))
    assert await entries(walk.database) == [("reserve", SLOVAK, 0), kind]
    await walk.call_back(status("SINCH-1-0", "delivered", NOW + timedelta(seconds=9)))
    assert (await sums(walk.database))["spent"] == SLOVAK + Decimal(fee or 0)
    assert (await sums(walk.database))["reserved"] == 0


async def test_a_cancelled_campaign_gives_back_what_waits(walk: Walk) -> None:
    await add_crowd(walk, 5)
    await walk.apply(MARKETING, SALE)
    await walk.launch("sale")
    await walk.campaigns_move()
    while await walk.campaigns_move():
        pass
    assert (await sums(walk.database))["reserved"] == 5 * SLOVAK
    await steer(walk.database, walk.project_id, "sale", Order.CANCEL, walk.now)
    await walk.come_to_rest()
    assert await sums(walk.database) == {"reserved": 0, "spent": 0, "saved": 0}


async def test_what_expires_gives_it_back(walk: Walk, people: Cast) -> None:
    await walk.apply(MARKETING, SALE | {"ttl": "1 hour"})
    await walk.launch("sale")
    await walk.campaigns_move()
    while await walk.campaigns_move():
        pass
    await walk.later(hours=2)
    assert [kind for kind, *_ in await entries(walk.database)] == ["reserve", "release"]
    assert (await sums(walk.database))["reserved"] == 0


async def test_an_erased_customer_gives_it_back(walk: Walk, people: Cast) -> None:
    await walk.apply(MARKETING, SALE)
    await walk.launch("sale")
    while await walk.campaigns_move():
        pass
    await anonymize(walk.database, walk.project.project, [people.alice], walk.now)
    assert [kind for kind, *_ in await entries(walk.database)] == ["reserve", "release"]
    assert (await sums(walk.database))["reserved"] == 0


async def test_free_text_is_free_a_thousand_times_a_month(walk: Walk, people: Cast) -> None:
    await walk.call_back(inbound("421901000001", "hi", NOW))
    async with walk.database.transaction() as connection:
        await connection.execute("INSERT INTO cost_counters VALUES ('account:shop-bot', 'service', '2026-11-01', 999)")
    for number in (1, 2):
        walk.now += timedelta(minutes=1)
        await launch(walk, HELLO, name="hello")
        await walk.call_back(status(f"SINCH-{number}-0", "delivered", NOW + timedelta(seconds=number)))
    assert await entries(walk.database) == [
        ("settle", 0, 0),
        ("reserve", Decimal("0.0212"), 0),
        ("settle", -Decimal("0.0212"), Decimal("0.0212")),
    ]


async def test_who_came_by_an_advertisement_costs_nothing_for_72_hours_after_the_answer(
    walk: Walk, people: Cast
) -> None:
    came = inbound("421901000001", "hi", NOW)
    came["notifications"][0]["referral"] = {"source_type": "ad", "source_id": "7"}
    await walk.call_back(came)
    await launch(walk, MARKETING, SALE)
    answered = NOW + timedelta(minutes=1)
    await walk.call_back(status("SINCH-1-0", "delivered", answered))
    walk.now = answered + timedelta(hours=71)
    await walk.launch("sale")
    await walk.come_to_rest()
    await walk.call_back(status("SINCH-2-0", "delivered", walk.now))
    assert await entries(walk.database) == [("settle", 0, 0), ("settle", 0, 0)]
    walk.now = answered + timedelta(hours=72)
    await walk.launch("sale")
    await walk.come_to_rest()
    assert (await entries(walk.database))[2:] == [("reserve", SLOVAK, 0)]


@pytest.mark.parametrize(
    ("pricing", "spent"),
    [
        ({"type": "free_entry_point", "category": "marketing"}, "0"),
        ({"billable": False, "category": "marketing"}, "0"),
        ({"type": "regular", "category": "utility", "billable": True}, "0.0212"),
        ({"type": "regular", "category": "something_new"}, "0.0860"),
        ("nonsense", "0.0860"),
        ({"type": 7, "category": []}, "0.0860"),
    ],
)
async def test_the_providers_word_on_the_price_counts(walk: Walk, people: Cast, pricing: Any, spent: str) -> None:
    await launch(walk, MARKETING, SALE)
    report = status("SINCH-1-0", "delivered", NOW + timedelta(seconds=5))
    report["statuses"][0]["pricing"] = pricing
    await walk.call_back(report)
    assert await sums(walk.database) == {"reserved": 0, "spent": Decimal(spent), "saved": 0}


async def test_the_day_of_the_delivery_picks_the_card_and_the_money_is_of_the_day_it_was_planned_for(
    walk: Walk, people: Cast
) -> None:
    rates = {"Rest of Central & Eastern Europe": {"marketing": "1"}}
    card = {"name": "dearer", "currency": "USD", "valid_from": "2026-11-24", "source": "Meta", "rates": rates}
    walk.now = NOW.replace(hour=22, minute=59)
    await settings(walk, time_zone="Europe/Bratislava")
    await launch(walk, MARKETING, SALE, {"kind": "rate_card", **card})
    await walk.call_back(status("SINCH-1-0", "delivered", walk.now + timedelta(minutes=1)))
    assert await told(walk.database, "day", "spent", "why") == [
        (NOW.date(), 0, "usd-2026-10-01"),
        (NOW.date(), 1, "dearer"),
    ]


async def test_no_card_in_the_projects_currency_is_not_known_and_nothing_is_converted(walk: Walk, people: Cast) -> None:
    await settings(walk, currency="EUR")
    await launch(walk, MARKETING, SALE)
    await walk.call_back(status("SINCH-1-0", "delivered", NOW + timedelta(seconds=5)))
    ((kind, currency, spent, known, why),) = await told(walk.database, "kind", "currency", "spent", "known", "why")
    assert (kind, currency, spent, known) == ("settle", "EUR", 0, False)
    assert "No rate card in EUR is known" in why


async def test_a_loaded_card_prices_in_its_own_currency(walk: Walk, people: Cast) -> None:
    rates = {"Rest of Central & Eastern Europe": {"marketing": "0.0701"}}
    card = {"name": "eur-2026-10", "currency": "EUR", "valid_from": "2026-10-01", "source": "Meta", "rates": rates}
    await settings(walk, currency="EUR", markup={"percent": "10"})
    await walk.apply({"kind": "rate_card", **card})
    await launch(walk, MARKETING, SALE)
    assert await entries(walk.database) == [("reserve", Decimal("0.07711"), 0)]


async def test_what_was_set_aside_in_another_currency_goes_back(walk: Walk, people: Cast) -> None:
    await launch(walk, MARKETING, SALE)
    await settings(walk, currency="EUR")
    await walk.call_back(status("SINCH-1-0", "delivered", NOW + timedelta(seconds=5)))
    assert await told(walk.database, "kind", "currency", "reserved") == [
        ("reserve", "USD", SLOVAK),
        ("release", "USD", -SLOVAK),
        ("settle", "EUR", 0),
    ]


@pytest.mark.parametrize(
    "change", ["UPDATE cost_entries SET spent = 0", "DELETE FROM cost_entries", "TRUNCATE cost_entries"]
)
async def test_nobody_changes_an_entry(database: Database, change: str) -> None:
    async with database.connection() as connection:
        with pytest.raises(asyncpg.RaiseError, match="append a correction"):
            await connection.execute(change)
