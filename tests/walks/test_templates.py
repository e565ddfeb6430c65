"""Templates on their way through the policy: paused and back, a project's rules, a value that promotes, an override."""

from typing import Any

import pytest

from parley.services.explain_message import explain_message
from parley.services.registry import Origin, Said
from parley.services.steer_templates import BY_HAND, override_template, set_status
from parley.templates import Status
from parley.templates.life import NOT_HANDED_IN
from tests.support.builders import Cast
from tests.walks.walk import Walk

NAME = "order_shipped.en"
OFFER: dict[str, Any] = {
    "kind": "template",
    "name": "offer",
    "language": "en",
    "category": "MARKETING",
    "status": "approved",
    "override": "They have asked for it.",
    "body": {"text": "Get 20 % off everything in our shop today!"},
}


def scenario(template: str, *parameters: str) -> dict[str, Any]:
    nodes = [
        {"id": "go", "type": "on_event", "event": "go", "next": "send"},
        {"id": "send", "type": "send_template", "template": template, "parameters": list(parameters)},
    ]
    return {"kind": "scenario", "name": "go", "settings": {"consent_category": "whatsapp"}, "nodes": nodes}


SHIPPED = scenario("order_shipped", "100245", "{{ event.carrier }}", "https://shop.test/t")


async def last(walk: Walk, people: Cast) -> dict[str, Any]:
    """The last that happened to a template sent to Alice."""
    return [one for one in await walk.events(people.alice) if one.get("kind") == "template"][-1]


async def go(walk: Walk, people: Cast, **properties: Any) -> dict[str, Any]:
    await walk.track(people.alice, "go", **properties)
    await walk.come_to_rest()
    return await last(walk, people)


async def say(walk: Walk, status: Status) -> None:
    said = Said(Origin.PERSON, "jana", "As the CSM wrote.")
    await set_status(walk.database, walk.project_id, NAME, status, said, walk.now)


async def test_a_paused_template_keeps_its_messages_and_lets_them_go_at_once_when_it_is_back(
    walk: Walk, people: Cast
) -> None:
    await walk.apply(SHIPPED)
    await walk.track(people.alice, "go", carrier="DHL")
    await walk.plan()
    await say(walk, Status.PAUSED)  # after it was planned, before it leaves
    await walk.come_to_rest()
    assert ((await last(walk, people))["status"], (await last(walk, people))["code"]) == ("planned", "template_paused")
    await say(walk, Status.APPROVED)
    await walk.come_to_rest()
    assert (await last(walk, people))["status"] == "accepted"


async def test_a_disabled_template_is_refused_at_the_wire(walk: Walk, people: Cast) -> None:
    await walk.apply(SHIPPED)
    await walk.track(people.alice, "go", carrier="DHL")
    await walk.plan()
    await say(walk, Status.DISABLED)
    await walk.come_to_rest()
    assert (await last(walk, people))["code"] == "template_not_approved"


@pytest.mark.parametrize(
    ("carrier", "code"),
    [("DHL Express, Monday morning", None), ("DHL. Get 20 % off your next parcel", "value_promotional")],
)
async def test_a_value_brings_no_promotion_in(walk: Walk, people: Cast, carrier: str, code: str | None) -> None:
    await walk.apply(SHIPPED)
    assert (await go(walk, people, carrier=carrier)).get("code") == code


async def test_an_override_is_told_with_the_decision(walk: Walk, people: Cast) -> None:
    await walk.apply(OFFER, scenario("offer"))
    event = await go(walk, people)
    assert event["status"] == "accepted"
    decision = (await explain_message(walk.database, event["message_id"], walk.now)).message.decision["wire"]
    (said,) = [one["verdict"] for one in decision["asked"] if one["rule"] == "text_allowed"]
    assert (said["evidence"]["override"], said["evidence"]["by"]) == ("They have asked for it.", "file")


async def test_the_projects_rules_decide_and_a_person_may_overrule_them(walk: Walk, people: Cast) -> None:
    await walk.apply({"kind": "settings", "rules": "current"})
    await walk.apply({**OFFER, "override": ""}, scenario("offer"))
    assert (await go(walk, people))["status"] == "accepted"
    (settings,) = await walk.apply({"kind": "settings", "rules": "transactional"})
    assert settings.notes == ("warn: rules: messages of offer.en are refused by these rules from now on.",)
    assert (await go(walk, people))["code"] == "category_not_transactional"
    said = Said(Origin.PERSON, "jana", "It was agreed.")
    await override_template(walk.database, walk.project_id, "offer.en", said, walk.now)
    assert (await go(walk, people))["status"] == "accepted"


def test_a_person_may_say_every_status_that_does_not_follow_from_the_file() -> None:
    assert set(BY_HAND) == set(Status) - NOT_HANDED_IN
