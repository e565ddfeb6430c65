"""A person or an invoice says what messages really did cost: all of a file or nothing, and the ledger balances."""

import asyncio
import random
from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

import pytest

from parley.costs import standing
from parley.domain.errors import InvalidInputError
from parley.services.correct_costs import Corrected, correct_costs, read_invoice
from parley.services.keep_books import keep_books
from parley.services.price_messages import entry_of
from parley.services.report_costs import By, report_costs
from parley.store.ledger import entries_of
from tests.support.builders import Cast
from tests.walks.test_campaigns import SALE, add_crowd
from tests.walks.test_costs import HELLO, MARKETING, SLOVAK, entries, launch, settings, sums
from tests.walks.walk import Walk, inbound, status

HEADING = "message_id,cost,currency"


async def invoice(walk: Walk, *lines: str, check: bool = False, heading: str = HEADING) -> Corrected:
    said = read_invoice([heading, *lines])
    return await correct_costs(walk.database, walk.project_id, said, "invoice 7", walk.now, check=check)


async def message_ids(walk: Walk) -> list[UUID]:
    async with walk.database.connection() as connection:
        rows = await connection.fetch("SELECT id FROM messages WHERE kind <> 'consent' ORDER BY id")
    return [row["id"] for row in rows]


async def test_an_invoice_books_the_difference_and_once(walk: Walk, people: Cast) -> None:
    await launch(walk, MARKETING, SALE)
    await walk.call_back(status("SINCH-1-0", "delivered", walk.now))
    assert await invoice(walk, "SINCH-1-0,0.0800,USD") == Corrected(1, 1, {"USD": Decimal("-0.0060")})
    assert await invoice(walk, "SINCH-1-0,0.0800,") == Corrected(1, 0, {"USD": Decimal(0)})
    assert (await entries(walk.database))[-1] == ("correct", 0, Decimal("-0.0060"))
    assert await sums(walk.database) == {"reserved": 0, "spent": Decimal("0.08"), "saved": 0}


async def test_an_invoice_before_the_report_settles_it(walk: Walk, people: Cast) -> None:
    await launch(walk, MARKETING, SALE)
    await invoice(walk, "SINCH-1-0,0.0800,USD")
    await walk.call_back(status("SINCH-1-0", "delivered", walk.now))
    assert await entries(walk.database) == [("reserve", SLOVAK, 0), ("correct", -SLOVAK, Decimal("0.0800"))]


async def test_a_dry_run_books_nothing(walk: Walk, people: Cast) -> None:
    await launch(walk, MARKETING, SALE)
    assert (await invoice(walk, "SINCH-1-0,0.0800,USD", check=True)).corrected == 1
    assert await entries(walk.database) == [("reserve", SLOVAK, 0)]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("SINCH-9-9,0.08,USD", "line 3: There is no message of that id."),
        ("SINCH-2-0,0.08,EUR", "line 3: It was priced in USD, and nothing is converted from EUR."),
        ("SINCH-1-0,eight,USD", "line 3: 'eight' is no cost; write an amount of 0 or more, such as 0.0212."),
        ("SINCH-1-0,-1,USD", "line 3: '-1' is no cost"),
        ("SINCH-1-0,NaN,USD", "line 3: 'NaN' is no cost"),
        ("SINCH-1-0,0.08,USD", "line 3: The message is in line 2, too."),
        (",0.08,USD", "line 3: has no message_id."),
        ("SINCH-1-0", "line 3: '' is no cost"),
        ("{refused},0.08,USD", "line 3: The message is refused: it never left, or has not left yet."),
    ],
)
async def test_one_bad_line_and_nothing_is_booked(walk: Walk, people: Cast, line: str, said: str) -> None:
    await launch(walk, MARKETING, SALE)
    await launch(walk, SALE)
    async with walk.database.connection() as connection:
        refused = await connection.fetchval("SELECT id FROM messages WHERE state = 'refused' LIMIT 1")
    with pytest.raises(InvalidInputError) as told:
        await invoice(walk, "SINCH-1-0,0.0800,USD", line.format(refused=refused))
    assert said in str(told.value.problems[0])
    assert await entries(walk.database) == [("reserve", SLOVAK, 0)] * 2


async def test_a_file_without_its_columns_is_told(walk: Walk) -> None:
    with pytest.raises(InvalidInputError, match="has no column cost"):
        await invoice(walk, "x,1", heading="message_id,price")


async def test_a_message_of_another_project_is_not_there(walk: Walk, people: Cast) -> None:
    await launch(walk, MARKETING, SALE)
    (ident, *_) = await message_ids(walk)
    said = read_invoice([HEADING, f"{ident},0.08,USD"])
    with pytest.raises(InvalidInputError, match="no message of that id"):
        await correct_costs(walk.database, UUID(int=7), said, "invoice 7", walk.now)


async def test_a_report_tells_what_was_spent_by_whatever_is_asked(walk: Walk, people: Cast) -> None:
    await walk.call_back(inbound("421901000001", "hi", walk.now))
    await launch(walk, MARKETING, SALE)
    await walk.call_back(status("SINCH-1-0", "delivered", walk.now))
    await launch(walk, HELLO, name="hello")
    await walk.call_back(status("SINCH-2-0", "delivered", walk.now))
    await launch(walk, SALE)
    for _ in range(2):  # before and after it is added up
        told = {by: await report_costs(walk.database, walk.project_id, by, None, None, walk.now) for by in By}
        assert [(one.key, one.messages, one.free, one.spent) for one in told[By.SCENARIO]] == [
            ("hello", 1, 1, 0),
            ("sale", 1, 0, SLOVAK),
        ]
        assert [(one.key, one.messages, one.spent, one.reserved) for one in told[By.CATEGORY]] == [
            ("marketing", 1, SLOVAK, SLOVAK),
            ("service", 1, 0, 0),
        ]
        assert [one.key for one in told[By.DAY]] == ["2026-11-23"]
        assert [one.key for one in told[By.MARKET]] == ["Rest of Central & Eastern Europe"]
        await keep_books(walk.database, walk.now)
    yesterday = walk.now.date().replace(day=22)
    assert await report_costs(walk.database, walk.project_id, By.DAY, yesterday, yesterday, walk.now) == []


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_happens_to_messages_the_ledger_balances(walk: Walk, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  no secret
    await add_crowd(walk, 30)
    await settings(walk, markup={"per_message": "0.0001", "per_failed": "0.001"})
    await launch(walk, MARKETING, SALE)
    reports = [
        status(f"SINCH-{number}-0", state, walk.now)
        for number in range(1, 31)
        for state in chance.choices(["sent", "delivered", "read", "failed"], k=chance.randrange(5))
    ]
    chance.shuffle(reports)
    corrected = chance.sample(range(1, 31), k=10)
    for number in corrected[:5]:
        await invoice(walk, f"SINCH-{number}-0,0.0{number},USD")
    await asyncio.gather(*(walk.call_back(*reports[place::3]) for place in range(3) if reports[place::3]))
    for number in corrected[5:]:
        await invoice(walk, f"SINCH-{number}-0,0.0{number},USD")
    await keep_books(walk.database, walk.now)
    await _check(walk, await message_ids(walk))
    everything = [f"SINCH-{number}-0,0.05,USD" for number in range(1, 31)]
    await invoice(walk, *everything)
    assert await sums(walk.database) == {"reserved": 0, "spent": Decimal("1.50"), "saved": 0}


async def _check(walk: Walk, ids: Sequence[UUID]) -> None:
    await sums(walk.database)
    async with walk.database.connection() as connection:
        rows = await connection.fetch("SELECT id, state FROM messages")
        states = {row["id"]: row["state"] for row in rows}
        for ident in ids:
            stands = standing([entry_of(row) for row in await entries_of(connection, ident)], "USD")
            under_way = states[ident] in ("accepted", "sent") and not stands.is_settled
            assert bool(stands.reserved.amount) == under_way, (states[ident], stands)
            assert stands.spent.amount >= 0
            assert stands.is_settled or states[ident] not in ("delivered", "read")
