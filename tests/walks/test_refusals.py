"""What must not leave does not, and says why: the decision is stored with its evidence and shows as an event."""

from datetime import timedelta
from typing import Any

import pytest

from parley.services.explain_message import UnknownMessageError, explain_message
from tests.support.builders import Cast, add_customer
from tests.walks.walk import LEGACY, Walk, inbound

ALICE = "421901000001"


def blunt(node: dict[str, Any]) -> dict[str, Any]:
    """Sends at once, without asking any condition before."""
    return {
        "kind": "scenario",
        "name": "blunt",
        "settings": {"consent_category": "whatsapp"},
        "nodes": [{"id": "go", "type": "on_event", "event": "go", "next": "send"}, {"id": "send", **node}],
    }


TEMPLATE = {"type": "send_template", "template": "cart_reminder", "parameters": ["{{ customer.first_name }}"]}
ENDLESS = "{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}"
TEXT = {"type": "send_text", "text": "Hello {{ customer.first_name }}"}


async def _refusal(walk: Walk, customer_id: Any, node: dict[str, Any]) -> dict[str, Any]:
    await walk.apply(blunt(node))
    await walk.track(customer_id, "go")
    await walk.come_to_rest()
    return (await walk.events(customer_id))[-1]


async def test_a_template_goes_to_whoever_agreed(walk: Walk, people: Cast) -> None:
    assert (await _refusal(walk, people.alice, TEMPLATE))["status"] == "accepted"


@pytest.mark.parametrize(("who", "code"), [("bob", "consent_revoked"), ("carol", "no_consent")])
async def test_a_template_goes_to_nobody_else(walk: Walk, people: Cast, who: str, code: str) -> None:
    event = await _refusal(walk, getattr(people, who), TEMPLATE)
    assert (event["status"], event["code"]) == ("refused", code)
    assert walk.sinch.bodies() == []


async def test_free_text_goes_only_into_an_open_window(walk: Walk, people: Cast) -> None:
    assert (await _refusal(walk, people.alice, TEXT))["code"] == "window_never_opened"
    await walk.call_back(inbound(ALICE, "hi", walk.now))
    assert (await _refusal(walk, people.alice, TEXT))["status"] == "accepted"
    await walk.later(hours=24)
    assert (await _refusal(walk, people.alice, TEXT))["code"] == "window_closed"


async def test_a_window_that_closes_while_a_message_waits_refuses_it_at_the_wire(walk: Walk, people: Cast) -> None:
    await walk.call_back(inbound(ALICE, "hi", walk.now - timedelta(hours=23, minutes=58)))
    await walk.apply(blunt(TEXT))
    await walk.track(people.alice, "go")
    await walk.plan()
    walk.now += timedelta(minutes=5)
    await walk.come_to_rest()
    assert (await walk.events(people.alice))[-1]["code"] == "window_closed"
    assert walk.sinch.bodies() == []


async def test_stop_reaches_a_message_that_is_queued_already(walk: Walk, people: Cast) -> None:
    await walk.apply(blunt(TEMPLATE))
    await walk.track(people.alice, "go")
    await walk.plan()
    await walk.track(people.alice, "consent", action="reject", category="whatsapp")
    await walk.come_to_rest()
    states = await walk.states(people.alice, "template")
    assert states == ["queued", "refused"]


async def test_an_unusable_number_is_never_sent_to(walk: Walk) -> None:
    nobody = await add_customer(walk.database, walk.project, "nobody", {"phone": "12", "first_name": "N"})
    event = await _refusal(walk, nobody, TEMPLATE)
    assert event["code"] == "phone_unusable"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"parameters": []}, "template_parameters"),
        ({"parameters": ["a", "b"]}, "template_parameters"),
        ({"parameters": ["{{ customer.unknown }}"]}, "template_parameters"),
        ({"parameters": ["two\nlines"]}, "template_parameters"),
        ({"parameters": ["{{ 1 / 0 }}"]}, "personalisation_failed"),
        ({"parameters": [ENDLESS]}, "personalisation_failed"),
        ({"parameters": ["{% abort %}"]}, "aborted"),
    ],
)  # fmt: skip
async def test_a_template_that_cannot_be_filled_is_refused(
    walk: Walk, people: Cast, change: dict[str, Any], code: str
) -> None:
    assert (await _refusal(walk, people.alice, {**TEMPLATE, **change}))["code"] == code


async def test_a_template_that_is_not_approved_is_refused(walk: Walk, people: Cast) -> None:
    template = {
        "kind": "template",
        "name": "fresh",
        "language": "en",
        "category": "ALERT_UPDATE",
        "status": "submitted",
        "body": {"text": "Your order is ready for collection."},
    }
    await walk.apply(template)
    event = await _refusal(walk, people.alice, {"type": "send_template", "template": "fresh"})
    assert event["code"] == "template_not_approved"


async def test_why_tells_the_decision_the_states_and_the_journey(walk: Walk, people: Cast) -> None:
    event = await _refusal(walk, people.carol, TEMPLATE)
    found = await explain_message(walk.database, event["message_id"], walk.now)
    assert found.message.decision["planned"]["verdict"]["code"] == "no_consent"
    assert [state.state for state in found.states] == ["refused"]
    assert found.steps[0].node == "go"


async def test_why_finds_a_message_by_the_providers_id(walk: Walk, people: Cast) -> None:
    await _refusal(walk, people.alice, TEMPLATE)
    found = await explain_message(walk.database, "SINCH-1-0", walk.now)
    assert found.message.state == "accepted"
    assert set(found.message.decision) == {"planned", "wire"}


async def test_why_of_nothing_says_what_to_do(walk: Walk) -> None:
    with pytest.raises(UnknownMessageError, match="parley message list"):
        await explain_message(walk.database, "no-such-message", walk.now)


async def test_a_quotation_mark_in_a_name_changes_nothing_but_the_name(walk: Walk) -> None:
    name = 'Ja"na", "to": ["421000"], \\ {{ 7 * 7 }}'
    odd = await add_customer(walk.database, walk.project, "odd", {"phone": "+421901000009", "first_name": name})
    await walk.track(odd, "consent", action="accept", category="whatsapp", valid_until="unlimited")
    assert (await _refusal(walk, odd, TEMPLATE))["status"] == "accepted"
    (body,) = walk.sinch.bodies()
    assert body["to"] == ["421901000009"]
    assert body["message"]["body_params"] == [name]


async def test_an_inbound_message_is_no_consent(walk: Walk, people: Cast) -> None:
    await walk.call_back(inbound("421901000003", "yes please, write to me", walk.now))
    assert (await _refusal(walk, people.carol, TEMPLATE))["code"] == "no_consent"


async def test_several_integrations_need_a_name(walk: Walk, people: Cast) -> None:
    await walk.apply({**LEGACY, "name": "second"})
    event = await _refusal(walk, people.alice, TEMPLATE)
    assert event["code"] == "which_sender"
    assert "second, shop-whatsapp" in event["error"]
    assert (await _refusal(walk, people.alice, {**TEMPLATE, "sender": "second"}))["status"] == "accepted"


async def test_a_stranger_who_is_tracked_later_can_be_answered_at_once(walk: Walk) -> None:
    await walk.call_back(inbound("421901000077", "hello", walk.now))
    known = await add_customer(walk.database, walk.project, "known", {"phone": "+421 901 000 077", "first_name": "K"})
    assert (await _refusal(walk, known, TEXT))["status"] == "accepted"
