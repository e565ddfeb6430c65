"""What concerns all messages of a sender or of a template stops them, whoever says it; a person lets them go on."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from parley.domain.http import HttpResponse
from parley.services.doctor import Releaser, diagnose
from parley.services.steer_campaigns import Order, steer
from parley.services.stopping import (
    NothingToReleaseError,
    Released,
    release_a_sender,
    release_a_template,
)
from parley.store.doctor import What
from tests.support.builders import Cast, add_customer, consent_event
from tests.walks.walk import EXAMPLES, LEGACY, Walk

TEMPLATE = "cart_reminder.en"
FILE = EXAMPLES / "cart-reminder.template.json"
APP = "01APPAPPAPPAPPAPPAPPAPPAPP"
CONVERSATION: dict[str, Any] = {
    "kind": "integration",
    "name": "shop-whatsapp",
    "api": "sinch_conversation",
    "account": {
        "project_id": "p1", "app_id": APP, "key_id": "k", "key_secret": "s",
        "base_url": "https://sinch.test", "auth_url": "https://auth.test/token",
    },
}  # fmt: skip
OWN: dict[str, Any] = {
    "kind": "preset",
    "name": "own-template",
    "title": "An own way to send a template",
    "purpose": "template",
    "method": "POST",
    "url": "https://own.test/messages",
    "format": "json",
    "body": '{"template": "[[ template_name ]]"}',
    "answers": [{"status": 422, "means": "stop_template", "code": "paused", "sentence": "It is paused."}],
}


def _scenario(name: str, node: dict[str, Any]) -> dict[str, Any]:
    nodes = [{"id": "go", "type": "on_event", "event": name, "next": "send"}, {"id": "send", **node}]
    return {"kind": "scenario", "name": name, "settings": {"consent_category": "whatsapp"}, "nodes": nodes}


REMINDER = {"type": "send_template", "template": "cart_reminder", "parameters": ["{{ customer.first_name }}"]}
CALL = {"type": "call_preset", "preset": "own-template", "parameters": {"template_name": "cart_reminder"}}


@pytest.fixture
async def shop(walk: Walk, people: Cast) -> Walk:
    await walk.apply(_scenario("remind", REMINDER))
    return walk


async def _remind(walk: Walk, people: Cast, event: str = "remind") -> str:
    """Where the message to Alice stands after the workers did what they could."""
    await walk.track(people.alice, event)
    await walk.come_to_rest()
    return (await walk.states(people.alice, "template"))[-1]


async def _codes(walk: Walk, people: Cast) -> list[str | None]:
    return [one.get("code") for one in await walk.events(people.alice) if one.get("kind") == "template"]


def failed(code: str, at: Any, message_id: str = "SINCH-1-0", reason: str = "CHANNEL_REJECT") -> dict[str, Any]:
    """A report of the Conversation API, whichever API took the message."""
    return {
        "app_id": APP,
        "event_time": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "message_delivery_report": {
            "message_id": message_id,
            "status": "FAILED",
            "channel_identity": {"channel": "WHATSAPP", "identity": "421901000001", "app_id": ""},
            "reason": {"code": reason, "description": "As WhatsApp says", "channel_code": code},
        },
    }


@pytest.mark.parametrize("code", ["131042", "190", "131031", "131045"])
async def test_a_report_that_concerns_the_sender_stops_it(shop: Walk, people: Cast, code: str) -> None:
    await _remind(shop, people)
    await shop.call_back(failed(code, shop.now))
    assert await _remind(shop, people) == "planned"
    assert (await _codes(shop, people))[-1] == "sender_stopped"
    await release_a_sender(shop.database, shop.project_id, "shop-whatsapp", shop.now)
    await shop.come_to_rest()
    assert (await shop.states(people.alice, "template"))[-1] == "accepted"


@pytest.mark.parametrize("code", ["132001", "132015", "132016", "132007"])
async def test_a_report_that_concerns_the_template_holds_back_its_other_messages(
    shop: Walk, people: Cast, code: str
) -> None:
    await _remind(shop, people)
    await shop.call_back(failed(code, shop.now))
    assert await _remind(shop, people) == "planned"
    assert (await _codes(shop, people))[-1] == "template_stopped"
    await shop.later(hours=5)
    assert len(shop.sinch.bodies()) == 1
    await release_a_template(shop.database, shop.project_id, TEMPLATE, shop.now)
    await shop.come_to_rest()
    assert (await shop.states(people.alice, "template"))[-1] == "accepted"


@pytest.mark.parametrize("code", ["130429", "131057"], ids=["too fast", "maintenance"])
async def test_a_report_that_the_sender_must_wait_holds_it_for_a_moment_and_stops_nothing(
    shop: Walk, people: Cast, code: str
) -> None:
    await _remind(shop, people)
    await shop.call_back(failed(code, shop.now))
    assert await _remind(shop, people) == "queued"
    await shop.later(seconds=1)
    assert (await shop.states(people.alice, "template"))[-1] == "accepted"


@pytest.mark.parametrize("code", ["131026", "131050", "131047", "132000", "131000", "131049"])
async def test_a_report_about_one_message_stops_nothing(shop: Walk, people: Cast, code: str) -> None:
    await _remind(shop, people)
    await shop.call_back(failed(code, shop.now))
    assert (await shop.states(people.alice, "template"))[-1] == "failed"
    assert await _remind(shop, people) == "accepted"


async def test_a_stopped_template_leaves_the_others_alone(shop: Walk, people: Cast) -> None:
    await _remind(shop, people)
    await shop.call_back(failed("132015", shop.now))
    await shop.track(people.alice, "back_in_stock", product_url="https://shop.test/p/7")
    await shop.come_to_rest()
    assert len(shop.sinch.bodies()) == 2


async def test_a_template_that_is_stopped_for_one_sender_is_sent_by_another(shop: Walk, people: Cast) -> None:
    await _remind(shop, people)
    await shop.call_back(failed("132001", shop.now))
    await shop.apply({**LEGACY, "name": "second"}, _scenario("again", {**REMINDER, "sender": "second"}))
    assert await _remind(shop, people, "again") == "accepted"


async def test_what_was_queued_before_the_stop_waits_too(shop: Walk, people: Cast) -> None:
    await _remind(shop, people)
    await shop.track(people.alice, "remind")
    await shop.plan()
    await shop.call_back(failed("132016", shop.now))
    await shop.come_to_rest()
    assert (await shop.states(people.alice, "template"))[-1] == "planned"
    assert len(shop.sinch.bodies()) == 1


@pytest.mark.parametrize("status", ["approved", "paused"])
async def test_a_template_that_is_applied_anew_is_released(shop: Walk, people: Cast, status: str) -> None:
    await _remind(shop, people)
    await shop.call_back(failed("132015", shop.now))
    await _remind(shop, people)
    written = msgspec.json.decode(FILE.read_bytes())
    await shop.apply(FILE)  # the same as it was: nobody has looked
    await shop.later(minutes=6)
    assert len(shop.sinch.bodies()) == 1
    await shop.apply({**written, "status": status, "footer": {"text": "Reply STOP to end"}})
    await shop.later(minutes=6)
    expected = {"approved": "accepted", "paused": "planned"}
    assert (await shop.states(people.alice, "template"))[-1] == expected[status]


async def test_an_answer_that_stops_the_template_keeps_the_message(walk: Walk, people: Cast) -> None:
    call = {**CALL, "sender": "shop-whatsapp"}
    await walk.apply(OWN, _scenario("own", call))
    await walk.apply(
        {**msgspec.json.decode(FILE.read_bytes()), "body": {"text": "You have items in your shopping cart."}}
    )
    walk.sinch.script.append(HttpResponse(422))
    assert await _remind(walk, people, "own") == "queued"
    await walk.later(minutes=6)
    assert (await _codes(walk, people))[-1] == "template_stopped"
    walk.sinch.script.append(HttpResponse(200))
    await release_a_template(walk.database, walk.project_id, TEMPLATE, walk.now)
    await walk.later(minutes=6)
    assert (await walk.states(people.alice, "template"))[-1] == "accepted"


async def test_a_report_of_what_happened_before_the_release_stops_nothing_again(shop: Walk, people: Cast) -> None:
    await _remind(shop, people)
    await _remind(shop, people)
    happened = shop.now
    await shop.call_back(failed("131042", happened))
    shop.now += timedelta(minutes=10)
    await release_a_sender(shop.database, shop.project_id, "shop-whatsapp", shop.now)
    shop.now += timedelta(minutes=10)
    await shop.call_back(failed("131042", happened, "SINCH-2-0"))
    assert await _remind(shop, people) == "accepted"
    shop.now += timedelta(minutes=10)
    await shop.call_back(failed("131042", shop.now, "SINCH-3-0"))
    assert await _remind(shop, people) == "planned"


async def test_a_wrong_failure_after_the_delivery_stops_nothing(shop: Walk, people: Cast) -> None:
    await _remind(shop, people)
    await shop.call_back(failed("131042", shop.now) | {"message_delivery_report": _delivered("SINCH-1-0")})
    await shop.call_back(failed("131042", shop.now))
    assert await _remind(shop, people) == "accepted"


def _delivered(message_id: str) -> dict[str, Any]:
    return {"message_id": message_id, "status": "DELIVERED"}


async def test_a_report_that_came_before_the_answer_stops_when_it_is_joined(shop: Walk, people: Cast) -> None:
    await shop.call_back(failed("131042", shop.now))
    assert await _remind(shop, people) == "failed"
    assert await _remind(shop, people) == "planned"


async def test_the_doctor_counts_what_waits_for_a_template_once(shop: Walk, people: Cast) -> None:
    await _remind(shop, people)
    await shop.call_back(failed("132015", shop.now))
    await _remind(shop, people)
    await shop.track(people.alice, "remind")
    await shop.plan()
    found, *others = await diagnose(shop.database, shop.project_id, shop.now)
    assert (found.waits_for, found.what) == (Releaser.OPERATOR, What.TEMPLATES_STOPPED)
    assert {one.what for one in others} <= {What.JOURNEYS_WAITING}
    assert (found.waiting.about, found.waiting.count) == (f"{TEMPLATE} by shop-whatsapp", 2)
    assert (found.waiting.code, found.waiting.since) == ("template_paused", shop.now)
    assert "parley template release" in found.remedy
    await release_a_template(shop.database, shop.project_id, TEMPLATE, shop.now)
    await shop.later(minutes=6)
    assert {one.what for one in await diagnose(shop.database, shop.project_id, shop.now)} <= {What.JOURNEYS_WAITING}


async def test_only_what_there_is_can_be_released(shop: Walk) -> None:
    assert await release_a_template(shop.database, shop.project_id, TEMPLATE, shop.now) == Released(was_stopped=False)
    with pytest.raises(NothingToReleaseError, match=TEMPLATE):
        await release_a_template(shop.database, shop.project_id, "cart_remindr.en", shop.now)
    with pytest.raises(NothingToReleaseError, match="shop-whatsapp"):
        await release_a_sender(shop.database, shop.project_id, "shop", shop.now)


async def test_the_persons_own_stop_of_marketing_is_kept_visible(shop: Walk, people: Cast) -> None:
    await _remind(shop, people)
    await shop.call_back(failed("131050", shop.now))
    event = (await shop.events(people.alice))[-1]
    assert (event["code"], event["provider_code"]) == ("marketing_opted_out", "131050")


async def test_reports_by_our_own_id_stop_the_sender_of_an_uncertain_message(walk: Walk) -> None:
    """The Conversation API brings our id back, so a cut connection hides nothing."""
    await walk.apply(CONVERSATION, _scenario("remind", REMINDER))
    dora = await add_customer(walk.database, walk.project, "dora", {"phone": "+421901000008", "first_name": "Dora"})
    await walk.track(dora, "consent", **consent_event(dora, "accept").properties)
    walk.sinch.script.extend([_token(), HttpResponse(504)])
    await walk.track(dora, "remind")
    await walk.come_to_rest()
    uncertain = (await walk.events(dora))[-1]
    assert uncertain["status"] == "uncertain"
    report = failed("131042", walk.now, "01NEVERSEENBEFORE")
    report["message_delivery_report"]["metadata"] = uncertain["message_id"]
    await walk.call_back(report)
    assert (await walk.events(dora))[-1]["code"] == "billing"
    assert (await diagnose(walk.database, walk.project_id, walk.now))[0].what is What.MESSAGES_HELD


def _token() -> HttpResponse:
    return HttpResponse(200, (), b'{"access_token": "t", "expires_in": 3599}')


async def _many_wait(shop: Walk, people: Cast, code: str, count: int = 30) -> None:
    """As many messages as that were judged after the stop, and wait."""
    await _remind(shop, people)
    await shop.call_back(failed(code, shop.now))
    for _ in range(count):
        await shop.track(people.alice, "remind")
    await shop.come_to_rest()


@pytest.mark.parametrize("code", ["131042", "132015"], ids=["sender", "template"])
async def test_what_waits_for_a_release_is_left_alone_until_then_and_leaves_at_once(
    shop: Walk, people: Cast, code: str
) -> None:
    await _many_wait(shop, people, code)
    for _ in range(3):
        shop.now += timedelta(hours=6)
        assert await shop.delivery.step() == 0  # nothing is claimed and judged again
    if code == "131042":
        await release_a_sender(shop.database, shop.project_id, "shop-whatsapp", shop.now)
    else:
        await release_a_template(shop.database, shop.project_id, TEMPLATE, shop.now)
    await shop.come_to_rest()
    assert len(shop.sinch.bodies()) == 31


@pytest.mark.parametrize("planned", ["before the stop", "after the stop"])
async def test_what_waits_for_a_release_still_ends_with_its_use(shop: Walk, people: Cast, planned: str) -> None:
    await shop.apply(_scenario("soon", {**REMINDER, "ttl": "2 hours"}))
    await _remind(shop, people)
    if planned == "before the stop":
        await shop.track(people.alice, "soon")
        await shop.plan()
    await shop.call_back(failed("131042", shop.now))
    if planned == "after the stop":
        await shop.track(people.alice, "soon")
    await shop.come_to_rest()
    assert (await shop.states(people.alice, "template"))[-1] == "planned"
    await shop.later(hours=2)
    assert (await shop.states(people.alice, "template"))[-1] == "expired"


async def test_a_campaign_that_is_paused_and_resumed_under_a_stop_comes_to_rest(shop: Walk, people: Cast) -> None:
    await shop.apply(
        {"kind": "campaign", "name": "sale", "send": REMINDER, "settings": {"consent_category": "whatsapp"}}
    )
    await _remind(shop, people)
    await shop.call_back(failed("131042", shop.now))
    await shop.launch("sale")
    for order in (None, Order.PAUSE, Order.RESUME):
        if order is not None:
            await steer(shop.database, shop.project_id, "sale", order, shop.now)
        await shop.come_to_rest()
    assert len(shop.sinch.bodies()) == 1
    await release_a_sender(shop.database, shop.project_id, "shop-whatsapp", shop.now)
    await shop.come_to_rest()
    assert len(shop.sinch.bodies()) == 2
