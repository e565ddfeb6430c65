"""What is planned at night waits until the customer's own morning, and is then judged again."""

from datetime import timedelta
from typing import Any

from parley.services.explain_message import explain_message
from tests.support.builders import Cast, add_customer
from tests.walks.test_refusals import TEMPLATE, TEXT, blunt
from tests.walks.walk import Walk, inbound

NIGHT = {"kind": "settings", "quiet_hours": {"spans": [{"from": "21:00", "to": "08:00"}]}}


async def _sent(walk: Walk, customer_id: Any, node: dict[str, Any]) -> dict[str, Any]:
    await walk.apply(blunt(node))
    await walk.track(customer_id, "go")
    await walk.come_to_rest()
    return await _last(walk, customer_id)


async def _last(walk: Walk, customer_id: Any) -> dict[str, Any]:
    """Of what reaches the customer: the consent is uploaded as well."""
    return [one for one in await walk.events(customer_id) if one.get("kind") in ("template", "text")][-1]


async def _agreed(walk: Walk, name: str, **attributes: Any) -> Any:
    customer = await add_customer(walk.database, walk.project, name, {"first_name": name, **attributes})
    await walk.track(customer, "consent", action="accept", category="whatsapp", valid_until="unlimited")
    return customer


async def test_a_template_waits_until_the_morning_where_the_customer_is(walk: Walk) -> None:
    await walk.apply(NIGHT)
    aroha = await _agreed(walk, "aroha", phone="+64211234567")  # one in the morning there
    event = await _sent(walk, aroha, TEMPLATE)
    assert (event["status"], event["code"]) == ("planned", "quiet_hours")
    await walk.later(hours=6, minutes=59, seconds=59)
    assert await walk.states(aroha, "template") == ["planned"]
    await walk.later(seconds=1)
    assert await walk.states(aroha, "template") == ["planned", "accepted"]


async def test_where_it_is_day_nothing_waits(walk: Walk, people: Cast) -> None:
    await walk.apply(NIGHT)
    assert (await _sent(walk, people.alice, TEMPLATE))["status"] == "accepted"


async def test_the_attribute_counts_before_the_number(walk: Walk) -> None:
    await walk.apply({**NIGHT, "time_zone": {"attribute": "tz"}})
    traveller = await _agreed(walk, "traveller", phone="+421901000008", tz="Pacific/Auckland")
    assert (await _sent(walk, traveller, TEMPLATE))["code"] == "quiet_hours"


async def test_an_attribute_that_is_no_zone_shows_and_leaves_it_to_the_number(walk: Walk) -> None:
    await walk.apply(NIGHT)
    odd = await _agreed(walk, "odd", phone="+64211234567", timezone="Middle-earth")
    event = await _sent(walk, odd, TEMPLATE)
    found = await explain_message(walk.database, event["message_id"], walk.now)
    evidence = found.message.decision["planned"]["verdict"]["evidence"]
    assert (event["code"], evidence["unusable_zone"], evidence["zone_from"]) == (
        "quiet_hours",
        "Middle-earth",
        "number",
    )


async def test_whoever_has_just_written_gets_an_answer_at_night(walk: Walk, people: Cast) -> None:
    await walk.apply({"kind": "settings", "quiet_hours": {"spans": [{"from": "12:00", "to": "16:00"}]}})
    await walk.call_back(inbound("421901000001", "hi", walk.now))
    assert (await _sent(walk, people.alice, TEXT))["status"] == "accepted"
    walk.now += timedelta(hours=1)
    assert (await _sent(walk, people.alice, TEXT))["code"] == "quiet_hours"
    await walk.later(hours=2)
    assert (await _last(walk, people.alice))["status"] == "accepted"


async def test_a_queue_that_is_late_finds_the_night(walk: Walk) -> None:
    await walk.apply(NIGHT)
    night = await _agreed(walk, "owl", phone="+421901000007")
    await walk.apply(blunt(TEMPLATE))
    await walk.track(night, "go")
    await walk.plan()
    walk.now += timedelta(hours=9)  # 22:00 in Bratislava
    await walk.come_to_rest()
    assert (await _last(walk, night))["status"] == "planned"
    await walk.later(hours=10)
    assert (await _last(walk, night))["status"] == "accepted"
