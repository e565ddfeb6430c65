"""What waits is told with its reason, its age and who can release it."""

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from parley.cli.doctor import story
from parley.cli.why import story as why
from parley.domain.http import HttpResponse
from parley.presets import Renderer
from parley.providers.http import UnansweredError
from parley.services.callback_spool import Arrival, CallbackSpool
from parley.services.claim_messages import claim_messages
from parley.services.create_project import create_project
from parley.services.doctor import LATELY, Finding, Releaser, diagnose, diagnose_disk, needs_operator
from parley.services.explain_message import explain_message
from parley.services.steer_campaigns import Order, steer
from parley.services.turns import Turns
from parley.store.doctor import What
from tests.support.builders import NOW, Cast
from tests.walks.crowd import open_shop
from tests.walks.test_campaigns import SALE
from tests.walks.walk import EXAMPLES, LEGACY, Walk, status

SOON = {"minutes": 5}
LATER = {"minutes": 15}
LONG = {"hours": 2}


async def _all(walk: Walk, **later: float) -> list[Finding]:
    return await diagnose(walk.database, walk.project_id, walk.now + timedelta(**later))


async def _found(walk: Walk, **later: float) -> list[Finding]:
    """Without the journeys of the examples, which ask the customer something."""
    return [one for one in await _all(walk, **later) if one.what is not What.JOURNEYS_WAITING]


async def _lines(walk: Walk, **later: float) -> list[tuple[Releaser, What, int]]:
    return [(one.waits_for, one.what, one.waiting.count) for one in await _found(walk, **later)]


async def _back_in_stock(walk: Walk, people: Cast) -> None:
    await walk.track(people.alice, "back_in_stock", product_url="https://shop.test/p/7")


def _error(code: int, **headers: str) -> HttpResponse:
    body = msgspec.json.encode({"message": str(code), "reason": "Because", "details": "Because"})
    return HttpResponse(code, tuple(headers.items()), body)


def test_a_full_disk_is_told_with_what_lies_on_it(tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    kept = CallbackSpool(spool, 10_000)
    kept.keep([Arrival(NOW, "token", {}, b"{}")])
    kept.seal()
    assert [one.what for one in diagnose_disk(spool, NOW)] == [What.CALLBACKS_SPOOLED]
    full, spooled = diagnose_disk(spool, NOW, needed_bytes=2**62)
    assert (full.what, full.waits_for, spooled.what) == (What.DISK_FULL, Releaser.OPERATOR, What.CALLBACKS_SPOOLED)
    told = list(story([full]))
    assert told[0] == f"operator  disk full ({tmp_path})"
    assert "is nearly full: " in told[2]
    assert told[3].strip().startswith("Free some space.")


def test_a_full_disk_without_the_database_on_it_is_told_by_what_it_is_for(tmp_path: Path) -> None:
    (full,) = diagnose_disk(tmp_path / "spool", NOW, needed_bytes=2**62, embedded=False)
    assert (full.what, full.waits_for) == (What.SPOOL_DISK_FULL, Releaser.OPERATOR)
    told = list(story([full]))
    assert told[0] == f"operator  spool disk full ({tmp_path})"
    assert told[2].strip().endswith("MB free.")
    assert "to start" not in told[2]
    assert "the database of this folder" not in told[3]
    assert "callbacks that come while it is away are kept on this disk" in told[3]


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


@pytest.mark.parametrize("seconds", [("1200", "60"), ("60", "1200")])
async def test_of_two_delays_told_in_one_moment_the_longer_counts(
    walk: Walk, people: Cast, seconds: tuple[str, str]
) -> None:
    walk.sinch.script += [_error(429, **{"retry-after": one}) for one in seconds]
    for _ in seconds:
        await _back_in_stock(walk, people)
    await walk.come_to_rest()
    assert len(walk.sinch.requests) == 2
    await _back_in_stock(walk, people)
    await walk.come_to_rest()
    found = {one.what: one for one in await _found(walk, **LATER)}
    assert found[What.MESSAGES_PACED].waiting.until == NOW + timedelta(minutes=20)


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


@pytest.mark.parametrize(
    "limits",
    [{"messages_per_second": 0.01}, {"messages_per_second": None, "requests_per_second": 0.01}],
    ids=["the sender's messages", "the project's requests at the provider"],
)
async def test_it_tells_what_is_paced_by_a_limit(walk: Walk, people: Cast, limits: dict[str, float | None]) -> None:
    await walk.apply(LEGACY | {"limits": limits})
    for _ in range(3):
        await _back_in_stock(walk, people)
    await walk.plan()
    await walk.delivery.step()
    await walk.delivery.step()
    await walk.delivery.finish()
    assert await _lines(walk, **LATER) == [(Releaser.CLOCK, What.MESSAGES_PACED, 2)]


async def test_it_leaves_the_messages_of_a_paused_template_to_the_provider(walk: Walk, people: Cast) -> None:
    template = msgspec.json.decode((EXAMPLES / "back-in-stock.template.json").read_bytes())
    await _back_in_stock(walk, people)
    await walk.plan()
    await walk.apply(template | {"status": "paused"})
    await walk.come_to_rest()
    assert await _lines(walk) == [
        (Releaser.PROVIDER, What.MESSAGES_DEFERRED, 1),
        (Releaser.PROVIDER, What.TEMPLATES_PAUSED, 1),
    ]


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


async def test_it_sends_nobody_to_a_list_that_the_old_api_does_not_have(walk: Walk, people: Cast) -> None:
    walk.sinch.script.append(UnansweredError("cut"))
    await _back_in_stock(walk, people)
    await walk.come_to_rest()
    for later in (SOON, LONG):
        (found,) = await _found(walk, **later)
        assert (found.waits_for, found.what) == (Releaser.OPERATOR, What.MESSAGES_UNCERTAIN)
        assert "has no list of messages" in found.remedy
        assert "Ask the customer, or Sinch with the number and the time" in found.remedy
        assert "Look for them" not in found.remedy
    message_id = (await walk.events(people.alice))[-1]["message_id"]
    explained = await explain_message(walk.database, message_id, walk.now)
    assert f"  {found.remedy}" in list(why(explained))


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


async def test_it_leaves_a_journey_that_waits_to_the_clock_or_to_the_customer(walk: Walk, people: Cast) -> None:
    go = {"id": "go", "type": "on_event", "event": "go", "next": "wait"}
    wait = {"id": "wait", "type": "wait", "for": "24 hours", "next": "ask"}
    ask = {"id": "ask", "type": "wait_for_reply", "replies": {"YES": None}, "within": "2 hours"}
    nodes = [go, wait, ask]
    await walk.apply({"kind": "scenario", "name": "patient", "settings": {}, "nodes": nodes})
    await walk.track(people.alice, "go")
    await walk.come_to_rest()
    for who, code, until in (
        (Releaser.CLOCK, None, {"days": 1}),
        (Releaser.CUSTOMER, "reply", {"days": 1, "hours": 2}),
    ):
        (found,) = await _all(walk)
        assert (found.waits_for, found.what, found.waiting.code) == (who, What.JOURNEYS_WAITING, code)
        assert (found.waiting.since, found.waiting.until) == (NOW, NOW + timedelta(**until))
        await walk.later(days=1)
    assert await _all(walk) == []


async def test_it_tells_where_a_campaign_stands(walk: Walk, people: Cast) -> None:
    await walk.apply(SALE | {"start": f"{NOW + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"})
    await walk.launch("sale")
    (found,) = await _found(walk)
    assert (found.waits_for, found.what) == (Releaser.CLOCK, What.CAMPAIGNS_SCHEDULED)
    assert (found.waiting.since, found.waiting.until) == (NOW, NOW + timedelta(hours=1))
    assert found.waiting.count == len(msgspec.structs.asdict(people))
    assert await _lines(walk, hours=1, minutes=5) == [(Releaser.WORKER, What.CAMPAIGNS_TO_PLAN, 3)]
    assert await _lines(walk, hours=1, minutes=15) == [(Releaser.OPERATOR, What.CAMPAIGNS_TO_PLAN, 3)]
    walk.now += timedelta(hours=2)
    await steer(walk.database, walk.project_id, "sale", Order.CANCEL, walk.now)
    (found,) = await _found(walk)
    assert (found.waits_for, found.what, found.waiting.since) == (
        Releaser.WORKER, What.CAMPAIGNS_TO_CANCEL, walk.now,
    )  # fmt: skip
    await walk.come_to_rest()
    assert await _found(walk) == []


async def test_it_tells_limits_that_projects_say_differently(walk: Walk) -> None:
    other = await open_shop(walk, "other")
    for shop, tier in ((walk, "2K"), (other, "10K")):
        await shop.apply(LEGACY | {"limits": {"tier": tier, "portfolio": "P"}})
        await shop.apply(LEGACY | {"name": "second", "limits": {"tier": tier, "portfolio": "P"}})
    await diagnose(walk.database, None, walk.now)
    (one, second) = await _found(walk)
    assert (one.waits_for, one.what, second.waiting.about) == (Releaser.OPERATOR, What.LIMITS_DIFFER, "shop-whatsapp")
    assert one.waiting.sentence == "limits.tier is 2000; another project says 10000 of portfolio:P."


async def test_it_tells_what_lies_on_this_machines_disk(walk: Walk, tmp_path: Path) -> None:
    spool = CallbackSpool(tmp_path, 10_000)
    spool.keep([Arrival(walk.now, "token", {}, b"{}")] * 3)
    spool.set_aside(Arrival(walk.now, "token", {}, b"{}"))
    spool.seal()
    found = await diagnose(walk.database, None, walk.now, tmp_path)
    assert [(one.waits_for, one.what, one.waiting.count, one.waiting.since) for one in found] == [
        (Releaser.OPERATOR, What.CALLBACKS_SET_ASIDE, 1, walk.now),
        (Releaser.SERVER, What.CALLBACKS_SPOOLED, 3, walk.now),
    ]
    late = await diagnose(walk.database, None, walk.now + timedelta(**LATER), tmp_path)
    assert {one.waits_for for one in late} == {Releaser.OPERATOR}


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
    assert "`parley callback problems" in found.remedy
    assert await _found(walk, days=LATELY.days + 1) == []


async def test_it_keeps_projects_apart_and_can_look_at_all(walk: Walk, people: Cast) -> None:
    other = await create_project(walk.database, "Another shop", NOW)
    await _back_in_stock(walk, people)
    assert await diagnose(walk.database, other.project_id, walk.now) == []
    assert await diagnose(walk.database, None, walk.now) == await _all(walk)


@pytest.mark.parametrize(("later", "needed"), [(SOON, False), (LATER, True)])
async def test_it_needs_the_operator_only_where_nobody_else_can_help(
    walk: Walk, people: Cast, later: dict[str, float], needed: bool
) -> None:
    await _back_in_stock(walk, people)
    assert needs_operator(await _found(walk, **later)) is needed


async def _set(walk: Walk, statement: str) -> None:
    async with walk.database.transaction() as connection:
        await connection.execute(statement)
