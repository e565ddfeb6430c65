"""What waits is told with its reason, its age and who can release it."""

from datetime import timedelta

import msgspec
import pytest

from parley.domain.http import HttpResponse
from parley.presets import Renderer
from parley.providers.http import UnansweredError
from parley.services.claim_messages import claim_messages
from parley.services.create_project import create_project
from parley.services.doctor import LATELY, Finding, Releaser, diagnose, needs_operator
from parley.services.turns import Turns
from parley.store.doctor import What
from tests.support.builders import NOW, Cast
from tests.walks.walk import LEGACY, Walk, status

SOON = {"minutes": 5}
LATER = {"minutes": 15}
LONG = {"hours": 2}


async def _found(walk: Walk, **later: float) -> list[Finding]:
    return await diagnose(walk.database, walk.project_id, walk.now + timedelta(**later))


async def _lines(walk: Walk, **later: float) -> list[tuple[Releaser, What, int]]:
    return [(one.waits_for, one.what, one.waiting.count) for one in await _found(walk, **later)]


async def _back_in_stock(walk: Walk, people: Cast) -> None:
    await walk.track(people.alice, "back_in_stock", product_url="https://shop.test/p/7")


def _error(code: int, **headers: str) -> HttpResponse:
    body = msgspec.json.encode({"message": str(code), "reason": "Because", "details": "Because"})
    return HttpResponse(code, tuple(headers.items()), body)


async def test_it_finds_nothing_where_nothing_waits(walk: Walk, people: Cast) -> None:
    await _back_in_stock(walk, people)
    await walk.come_to_rest()
    assert await _found(walk) == []


async def test_it_leaves_due_messages_to_a_worker_and_calls_the_operator_after_a_while(
    walk: Walk, people: Cast
) -> None:
    await _back_in_stock(walk, people)
    await walk.plan()
    assert await _lines(walk, **SOON) == [(Releaser.WORKER, What.MESSAGES_DUE, 1)]
    late = await _found(walk, **LATER)
    assert [(one.waits_for, one.waiting.since) for one in late] == [(Releaser.OPERATOR, NOW)]
    assert "parley worker" in late[0].remedy


async def test_it_leaves_due_journeys_to_a_worker_and_calls_the_operator_after_a_while(
    walk: Walk, people: Cast
) -> None:
    await _back_in_stock(walk, people)
    assert (Releaser.WORKER, What.JOURNEYS_DUE, 1) in await _lines(walk, **SOON)
    assert (Releaser.OPERATOR, What.JOURNEYS_DUE, 1) in await _lines(walk, **LATER)


async def test_it_leaves_a_delay_of_the_provider_to_the_clock(walk: Walk, people: Cast) -> None:
    walk.sinch.script.append(_error(429, **{"retry-after": "600"}))
    await _back_in_stock(walk, people)
    await walk.come_to_rest()
    (found,) = await _found(walk)
    assert (found.waits_for, found.what) == (Releaser.CLOCK, What.MESSAGES_DEFERRED)
    assert (found.waiting.code, found.waiting.until) == ("rate_limited", NOW + timedelta(minutes=10))


async def test_it_tells_what_waits_behind_a_delay_of_the_provider(walk: Walk, people: Cast) -> None:
    walk.sinch.script.append(_error(429, **{"retry-after": "1200"}))
    for _ in range(2):
        await _back_in_stock(walk, people)
        await walk.come_to_rest()
    found = {one.what: one for one in await _found(walk, **LATER)}
    paced = found[What.MESSAGES_PACED]
    assert (paced.waits_for, paced.waiting.count, paced.waiting.code) == (Releaser.CLOCK, 1, "rate_limited")
    assert paced.waiting.until == NOW + timedelta(minutes=20)
    assert What.MESSAGES_DUE not in found


async def test_it_tells_what_is_paced_by_its_limit(walk: Walk, people: Cast) -> None:
    await walk.apply(LEGACY | {"limits": {"messages_per_second": 0.01}})
    for _ in range(3):
        await _back_in_stock(walk, people)
    await walk.plan()
    await walk.delivery.step()
    await walk.delivery.step()
    await walk.delivery.finish()
    assert await _lines(walk, **LATER) == [(Releaser.CLOCK, What.MESSAGES_PACED, 2)]


async def test_it_counts_the_messages_of_a_stopped_sender_once(walk: Walk, people: Cast) -> None:
    walk.sinch.script.append(_error(401))
    for _ in range(2):
        await _back_in_stock(walk, people)
        await walk.come_to_rest()
    (found,) = await _found(walk)
    assert (found.waits_for, found.what, found.waiting.count) == (Releaser.OPERATOR, What.MESSAGES_HELD, 2)
    assert (found.waiting.about, found.waiting.code) == ("shop-whatsapp", "unauthorized")


async def test_it_tells_what_is_in_flight_and_what_was_lost_there(walk: Walk, people: Cast) -> None:
    await _back_in_stock(walk, people)
    await walk.plan()
    await claim_messages(walk.database, walk.box, Renderer(), Turns(), walk.now)
    assert await _lines(walk) == [(Releaser.PROVIDER, What.MESSAGES_IN_FLIGHT, 1)]
    assert await _lines(walk, **SOON) == [(Releaser.WORKER, What.MESSAGES_LOST, 1)]
    assert await _lines(walk, **LATER) == [(Releaser.OPERATOR, What.MESSAGES_LOST, 1)]


async def test_it_hands_an_uncertain_message_to_the_operator_after_an_hour(walk: Walk, people: Cast) -> None:
    walk.sinch.script.append(UnansweredError("cut"))
    await _back_in_stock(walk, people)
    await walk.come_to_rest()
    assert await _lines(walk, **LATER) == [(Releaser.PROVIDER, What.MESSAGES_UNCERTAIN, 1)]
    assert await _lines(walk, **LONG) == [(Releaser.OPERATOR, What.MESSAGES_UNCERTAIN, 1)]


async def test_it_tells_a_parked_journey_until_it_moves_again(walk: Walk, people: Cast) -> None:
    await _back_in_stock(walk, people)
    await _set(walk, "UPDATE journeys SET event_id = event_id, state = jsonb_build_object('was', state)")
    await walk.come_to_rest()
    await walk.later(**LATER)
    (found,) = await _found(walk)
    assert (found.waits_for, found.what, found.waiting.since) == (Releaser.OPERATOR, What.JOURNEYS_PARKED, NOW)
    await _set(walk, "UPDATE journeys SET state = state -> 'was'")
    await walk.later(**LATER)
    assert await _found(walk) == []


async def test_it_tells_a_message_that_breaks_its_work(walk: Walk, people: Cast) -> None:
    await _back_in_stock(walk, people)
    await walk.plan()
    await _set(walk, "UPDATE messages SET content = '{}'")
    await walk.come_to_rest()
    (found,) = await _found(walk)
    assert (found.waits_for, found.waiting.code) == (Releaser.OPERATOR, "internal_error")


async def test_it_tells_a_report_that_nobody_claims(walk: Walk) -> None:
    await walk.call_back(status("SINCH-9", "delivered", walk.now))
    assert await _lines(walk) == [(Releaser.PROVIDER, What.REPORTS_UNCLAIMED, 1)]


async def test_it_tells_a_callback_that_was_not_understood_for_a_week(walk: Walk) -> None:
    await walk.call_back({"type": "whatsapp", "surprises": [{}]})
    (found,) = await _found(walk)
    assert (found.waits_for, found.what) == (Releaser.OPERATOR, What.CALLBACKS_NOT_UNDERSTOOD)
    assert found.waiting.sentence
    assert await _found(walk, days=LATELY.days + 1) == []


async def test_it_keeps_projects_apart_and_can_look_at_all(walk: Walk, people: Cast) -> None:
    other = await create_project(walk.database, "Another shop", NOW)
    await _back_in_stock(walk, people)
    assert await diagnose(walk.database, other.project_id, walk.now) == []
    assert await diagnose(walk.database, None, walk.now) == await _found(walk)


@pytest.mark.parametrize(("later", "needed"), [(SOON, False), (LATER, True)])
async def test_it_needs_the_operator_only_where_nobody_else_can_help(
    walk: Walk, people: Cast, later: dict[str, float], needed: bool
) -> None:
    await _back_in_stock(walk, people)
    assert needs_operator(await _found(walk, **later)) is needed


async def _set(walk: Walk, statement: str) -> None:
    async with walk.database.transaction() as connection:
        await connection.execute(statement)
