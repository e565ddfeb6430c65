"""What a provider's answer, its silence or the death of a worker makes of a message."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from parley.domain.http import HttpResponse
from parley.presets import Renderer
from parley.presets.answers import LONGEST_WAIT
from parley.providers.http import NotSentError, UnansweredError
from parley.services.claim_messages import claim_messages
from parley.services.deliver_messages import ATTEMPTS
from parley.services.receive_reports import sweep_early_reports
from parley.services.stopping import Released, release_a_sender
from parley.services.turns import Turns
from parley.store.messages import EarlyReport, keep_early_reports
from tests.support.builders import Cast
from tests.walks.test_refusals import TEMPLATE, blunt
from tests.walks.walk import Walk, status

BACK_IN_STOCK = {"product_url": "https://shop.test/p/7"}


async def _send_one(walk: Walk, people: Cast, *script: HttpResponse | Exception) -> list[str]:
    walk.sinch.requests.clear()
    walk.sinch.script.extend(script)
    await walk.track(people.alice, "back_in_stock", **BACK_IN_STOCK)
    await walk.come_to_rest()
    return await walk.states(people.alice, "template")


async def _row(walk: Walk) -> dict[str, Any]:
    async with walk.database.connection() as connection:
        row = await connection.fetchrow("SELECT * FROM messages WHERE kind = 'template' ORDER BY id")
        assert row is not None
        return dict(row)


def _error(code: int, **headers: str) -> HttpResponse:
    body = msgspec.json.encode({"message": str(code), "reason": "Because", "details": "Because"})
    return HttpResponse(code, tuple(headers.items()), body)


async def test_it_tries_again_after_a_passing_fault(walk: Walk, people: Cast) -> None:
    assert await _send_one(walk, people, _error(500)) == ["queued", "queued"]
    await walk.later(seconds=30)
    assert await walk.states(people.alice, "template") == ["queued", "queued", "accepted"]


async def test_what_calls_come_to_is_counted(walk: Walk, people: Cast) -> None:
    def counted(outcome: str) -> float:
        return REGISTRY.get_sample_value("parley_sends_total", {"outcome": outcome}) or 0

    before = counted("accepted"), counted("provider_error")
    await _send_one(walk, people, _error(500))
    await walk.later(seconds=30)
    assert (counted("accepted") - before[0], counted("provider_error") - before[1]) == (1, 1)


async def test_it_tries_again_when_the_provider_was_not_reached(walk: Walk, people: Cast) -> None:
    await _send_one(walk, people, NotSentError("refused"))
    await walk.later(seconds=30)
    assert (await walk.states(people.alice, "template"))[-1] == "accepted"


async def test_it_gives_up_after_its_attempts(walk: Walk, people: Cast) -> None:
    await _send_one(walk, people, *[_error(500)] * ATTEMPTS)
    for _ in range(ATTEMPTS):
        await walk.later(minutes=6)
    assert (await _row(walk))["state"] == "failed"
    assert len(walk.sinch.bodies()) == ATTEMPTS


async def test_it_waits_as_long_as_the_provider_says(walk: Walk, people: Cast) -> None:
    await _send_one(walk, people, _error(429, **{"retry-after": "600"}))
    await walk.later(minutes=9)
    assert len(walk.sinch.bodies()) == 1
    await walk.later(minutes=2)
    assert len(walk.sinch.bodies()) == 2


async def test_it_waits_as_long_when_the_provider_is_away(walk: Walk, people: Cast) -> None:
    await _send_one(walk, people, _error(503, **{"retry-after": "600"}))
    await walk.later(minutes=9)
    assert len(walk.sinch.bodies()) == 1
    await walk.later(minutes=2)
    assert len(walk.sinch.bodies()) == 2


async def test_it_waits_no_longer_than_a_day_whatever_the_provider_says(walk: Walk, people: Cast) -> None:
    await walk.apply(blunt(TEMPLATE))
    walk.sinch.script.append(_error(429, **{"retry-after": "9" * 20}))
    await walk.track(people.alice, "go")
    await walk.come_to_rest()
    row = await _row(walk)
    assert (row["expires_at"], row["due_at"]) == (None, walk.now + timedelta(seconds=LONGEST_WAIT))


async def test_it_waits_no_longer_than_it_is_of_use(walk: Walk, people: Cast) -> None:
    await _send_one(walk, people, _error(429, **{"retry-after": "80000"}))
    row = await _row(walk)
    assert row["due_at"] == row["expires_at"] == walk.now + timedelta(hours=6)


async def test_a_bad_number_refuses_that_person_only(walk: Walk, people: Cast) -> None:
    assert (await _send_one(walk, people, _error(400)))[-1] == "failed"
    await walk.track(people.alice, "back_in_stock", **BACK_IN_STOCK)
    await walk.come_to_rest()
    assert len(walk.sinch.bodies()) == 2


@pytest.mark.parametrize(
    "silence",
    [
        UnansweredError("cut"), _error(502), _error(504), _error(408),
        HttpResponse(500, (), b"<html>"), HttpResponse(503, (), b"upstream connect error"), HttpResponse(503),
    ],
)  # fmt: skip
async def test_silence_leaves_it_uncertain_and_never_sends_again(
    walk: Walk, people: Cast, silence: HttpResponse | Exception
) -> None:
    assert (await _send_one(walk, people, silence))[-1] == "uncertain"
    await walk.later(days=1)
    assert len(walk.sinch.bodies()) == 1


async def test_a_refused_token_stops_the_sender_and_loses_nothing(walk: Walk, people: Cast) -> None:
    await _send_one(walk, people, _error(401))
    await walk.track(people.alice, "back_in_stock", **BACK_IN_STOCK)
    await walk.later(hours=1)
    assert len(walk.sinch.bodies()) == 1
    released = await release_a_sender(walk.database, walk.project_id, "shop-whatsapp", walk.now)
    assert released == Released(was_stopped=True)
    await walk.come_to_rest()
    assert len(walk.sinch.bodies()) == 3
    assert (await _row(walk))["state"] == "accepted"


async def test_it_expires_when_its_use_is_over(walk: Walk, people: Cast) -> None:
    await _send_one(walk, people, _error(429, **{"retry-after": "80000"}))
    await walk.later(days=1)
    assert (await walk.states(people.alice, "template"))[-1] == "expired"


async def test_a_worker_that_vanished_leaves_it_uncertain_after_its_lease(walk: Walk, people: Cast) -> None:
    await walk.track(people.alice, "back_in_stock", **BACK_IN_STOCK)
    await walk.plan()
    calls, _ = await claim_messages(walk.database, walk.box, Renderer(), Turns(), walk.now)
    assert len(calls) == 1  # and then this process dies
    await walk.delivery.recover()
    assert (await _row(walk))["state"] == "sending"
    walk.now += timedelta(minutes=5)
    await walk.delivery.recover()
    row = await _row(walk)
    assert (row["state"], row["outcome_code"]) == ("uncertain", "lost_in_flight")
    assert row["outcome_sentence"].startswith("The process that was sending it vanished")


async def test_an_answer_that_is_recorded_after_the_lease_is_joined_and_nothing_is_sent_twice(
    walk: Walk, people: Cast
) -> None:
    await walk.track(people.alice, "back_in_stock", **BACK_IN_STOCK)
    await walk.plan()
    async with _refusing_to_accept(walk):
        with capture_logs() as said:
            await walk.delivery.step()
            while not any(line["event"] == "outcomes not recorded yet" for line in said):  # noqa: ASYNC110  a log line
                await asyncio.sleep(0.01)
        walk.now += timedelta(minutes=5)
        another = walk.worker()
        await another.recover()
        assert (await _row(walk))["state"] == "uncertain"
        assert await another.step() == 0
    await walk.come_to_rest()
    assert len(walk.sinch.bodies()) == 1
    assert (await walk.states(people.alice, "template"))[-2:] == ["uncertain", "accepted"]


@asynccontextmanager
async def _refusing_to_accept(walk: Walk) -> AsyncIterator[None]:
    """The database does not take what the provider answered."""
    async with walk.database.connection() as connection:
        await connection.execute("ALTER TABLE messages ADD CONSTRAINT refuse CHECK (state <> 'accepted')")
    yield
    async with walk.database.connection() as connection:
        await connection.execute("ALTER TABLE messages DROP CONSTRAINT refuse")


async def test_a_report_that_comes_before_the_answer_is_joined(walk: Walk, people: Cast) -> None:
    await walk.call_back(status("SINCH-1-0", "delivered", walk.now))
    assert (await _send_one(walk, people))[-2:] == ["accepted", "delivered"]


async def test_a_report_that_crossed_the_answer_is_joined_by_the_sweep(walk: Walk, people: Cast) -> None:
    await _send_one(walk, people)
    report = {"item": "report", "message_id": "SINCH-1-0", "state": "read"}
    early = EarlyReport(walk.project_id, "SINCH-1-0", "read", report)
    async with walk.database.transaction() as connection:
        await keep_early_reports(connection, walk.project_id, [early], walk.now)
    assert await sweep_early_reports(walk.database, walk.now) == 1
    assert (await walk.states(people.alice, "template"))[-1] == "read"


async def test_a_failure_by_the_provider_says_why(walk: Walk, people: Cast) -> None:
    await _send_one(walk, people)
    await walk.call_back(status("SINCH-1-0", "no_opt_in", walk.now, "not opted in"))
    event = (await walk.events(people.alice))[-1]
    assert event["status"] == "failed"
    assert event["code"]
    assert event["error"].endswith('It said: "not opted in"')


async def test_no_secret_is_stored_in_the_open(walk: Walk, people: Cast) -> None:
    await _send_one(walk, people)
    assert ("Authorization", "Bearer token-1") in walk.sinch.requests[-1].headers
    async with walk.database.connection() as connection:
        for table in await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
            rows = await connection.fetch(f"SELECT t::text AS row FROM {table['tablename']} t")  # noqa: S608  own names
            assert not any("token-1" in row["row"] for row in rows), table["tablename"]


async def test_a_message_that_breaks_its_work_does_not_hold_back_the_others(walk: Walk, people: Cast) -> None:
    await walk.track(people.alice, "back_in_stock", **BACK_IN_STOCK)
    await walk.plan()
    async with walk.database.transaction() as connection:
        await connection.execute("UPDATE messages SET content = '{}' WHERE kind = 'template'")
    await walk.track(people.alice, "back_in_stock", **BACK_IN_STOCK)
    await walk.come_to_rest()
    assert len(walk.sinch.bodies()) == 1
    assert (await _row(walk))["outcome_code"] == "internal_error"


async def test_a_journey_that_breaks_its_work_does_not_hold_back_the_others(walk: Walk, people: Cast) -> None:
    await walk.track(people.alice, "back_in_stock", **BACK_IN_STOCK)
    async with walk.database.transaction() as connection:
        await connection.execute("UPDATE journeys SET state = '{}'")
    await walk.track(people.alice, "back_in_stock", **BACK_IN_STOCK)
    await walk.come_to_rest()
    assert len(walk.sinch.bodies()) == 1
