"""How often a customer is written to: counted from what left, by however many workers."""

import asyncio
from typing import Any
from uuid import UUID

from parley.presets import Renderer
from parley.services.claim_messages import claim_messages
from parley.services.definitions import project_definitions
from parley.services.explain_message import explain_message
from parley.services.frequencies import frequencies_of
from parley.services.people import people as people_of
from parley.services.set_properties import PropertyUpdate, set_properties
from parley.services.turns import Turns
from parley.store.database import Connection
from tests.support.builders import Cast
from tests.support.policy_facts import good_facts
from tests.walks.test_refusals import TEMPLATE, blunt
from tests.walks.walk import LEGACY, Walk, inbound


def _policy(*limits: tuple[int, str], **fields: Any) -> dict[str, Any]:
    said = [{"at_most": most, "per": per} for most, per in limits]
    return {"kind": "frequency_policy", "name": "gentle", "segments": [{"limits": said}], **fields}


async def _again(walk: Walk, customer_id: UUID) -> dict[str, Any]:
    await walk.track(customer_id, "go")
    await walk.come_to_rest()
    return (await walk.events(customer_id))[-1]


async def test_what_is_too_much_waits_until_the_first_counts_no_more(walk: Walk, people: Cast) -> None:
    await walk.apply(blunt(TEMPLATE), _policy((2, "24 hours")))
    assert [(await _again(walk, people.alice))["status"] for _ in range(2)] == ["accepted", "accepted"]
    await walk.later(hours=1)
    event = await _again(walk, people.alice)
    assert (event["status"], event["code"]) == ("planned", "frequency_waits")
    await walk.later(hours=22, minutes=59, seconds=59)
    assert len(walk.sinch.bodies()) == 2
    await walk.later(seconds=1)
    assert len(walk.sinch.bodies()) == 3


async def test_what_would_wait_too_long_is_refused(walk: Walk, people: Cast) -> None:
    await walk.apply(blunt(TEMPLATE), _policy((1, "7 days")))
    assert (await _again(walk, people.alice))["status"] == "accepted"
    event = await _again(walk, people.alice)
    assert (event["status"], event["code"]) == ("refused", "frequency_reached")


async def test_of_messages_planned_at_once_no_more_leave_than_may(walk: Walk, people: Cast) -> None:
    await walk.apply(blunt(TEMPLATE), _policy((2, "24 hours")))
    for _ in range(5):
        await walk.track(people.alice, "go")
    await walk.come_to_rest()
    assert len(walk.sinch.bodies()) == 2


async def test_a_second_claim_waits_and_counts_what_the_first_let_leave(walk: Walk, people: Cast) -> None:
    await walk.apply(blunt(TEMPLATE), _policy((1, "24 hours")))
    await walk.track(people.alice, "go")
    await walk.plan()

    async def full() -> bool:
        async with walk.database.transaction() as connection:
            return await _is_full(walk, connection, people.alice)

    async with walk.database.transaction() as first:
        assert not await _is_full(walk, first, people.alice)
        second = asyncio.create_task(full())
        while not await first.fetchval(  # noqa: ASYNC110  a lock in the database wakes nobody here
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        ):
            await asyncio.sleep(0)
        await first.execute("UPDATE messages SET state = 'sending', left_at = $1", walk.now)
    assert await second


async def test_of_two_claims_at_once_one_lets_leave_and_the_other_waits(walk: Walk, people: Cast) -> None:
    await walk.apply({**LEGACY, "limits": LEGACY["limits"] | {"pair_rate": False}})  # which would hold the second, too
    await walk.apply(blunt(TEMPLATE), _policy((1, "24 hours")))
    for _ in range(2):
        await walk.track(people.alice, "go")
    await walk.plan()

    async def claim() -> int:
        return len((await claim_messages(walk.database, walk.box, Renderer(), Turns(places=2), walk.now))[0])

    async with walk.database.transaction() as connection:
        await connection.execute("LOCK TABLE messages IN SHARE MODE")  # a claim that has decided comes no further
        claims = asyncio.gather(claim(), claim())
        async with asyncio.timeout(10):
            waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
            while await connection.fetchval(waiting) < 2:  # noqa: ASYNC110  a lock in the database wakes nobody here
                await asyncio.sleep(0.01)
    assert sorted(await claims) == [0, 1]


async def _is_full(walk: Walk, connection: Connection, customer_id: UUID) -> bool:
    project = await project_definitions(connection, walk.project_id)
    known = await people_of(connection, [customer_id])
    found = await frequencies_of(connection, project, known, walk.now, hold=True)
    facts = found.seen(good_facts(), customer_id)
    return facts.frequency[0].limits[0].nth_at is not None


async def test_what_failed_does_not_count(walk: Walk, people: Cast) -> None:
    await walk.apply(blunt(TEMPLATE), _policy((1, "24 hours")))
    await _again(walk, people.alice)
    async with walk.database.transaction() as connection:
        await connection.execute("UPDATE messages SET state = 'failed'")
    assert (await _again(walk, people.alice))["status"] == "accepted"


async def test_a_message_that_waited_counts_from_when_it_left(walk: Walk, people: Cast) -> None:
    await walk.apply(blunt(TEMPLATE), _policy((1, "24 hours")))
    await walk.track(people.alice, "go")
    await walk.plan()
    walk.now = walk.now.replace(day=24)  # a day in the queue
    await walk.come_to_rest()
    await walk.later(hours=1)
    assert (await _again(walk, people.alice))["code"] == "frequency_waits"


async def test_the_segment_of_the_customer_says_how_often(walk: Walk, people: Cast) -> None:
    vip = {"name": "vip", "condition": {"attribute": "vip", "is_set": True}, "limits": [{"at_most": 2, "per": "1 day"}]}
    everybody = {"limits": [{"at_most": 1, "per": "1 day"}]}
    await walk.apply(blunt(TEMPLATE), _policy(segments=[vip, everybody]))
    async with walk.database.transaction() as connection:
        await set_properties(connection, walk.project_id, [PropertyUpdate(people.alice, {"vip": True})], walk.now)
    assert [(await _again(walk, people.alice))["status"] for _ in range(3)] == ["accepted", "accepted", "planned"]
    await walk.track(people.carol, "consent", action="accept", category="whatsapp", valid_until="unlimited")
    await walk.come_to_rest()
    assert [(await _again(walk, people.carol))["status"] for _ in range(2)] == ["accepted", "planned"]


async def test_an_answer_is_not_limited_and_other_categories_do_not_count(walk: Walk, people: Cast) -> None:
    await walk.apply(blunt(TEMPLATE), _policy((1, "24 hours")))
    await _again(walk, people.alice)
    await walk.call_back(inbound("421901000001", "hi", walk.now))
    assert (await _again(walk, people.alice))["status"] == "accepted"
    await walk.later(hours=2)
    await walk.apply(_policy((1, "24 hours"), **{"except": {"consent_categories": ["whatsapp"]}}))
    assert (await _again(walk, people.alice))["status"] == "accepted"


async def test_why_tells_which_policy_and_what_it_counted(walk: Walk, people: Cast) -> None:
    await walk.apply(blunt(TEMPLATE), _policy((1, "24 hours")))
    await _again(walk, people.alice)
    event = await _again(walk, people.alice)
    verdict = (await explain_message(walk.database, event["message_id"], walk.now)).message.decision["planned"][
        "verdict"
    ]
    assert verdict["evidence"] | {"counted_from": None, "until": None} == {
        "policy": "gentle",
        "segment": "everybody",
        "at_most": 1,
        "per": "24 hours",
        "counted_from": None,
        "until": None,
    }
    assert verdict["remedy"].startswith("It leaves by itself")
