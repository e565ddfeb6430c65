"""What nobody knows in the end is settled as the project says: by default not at all."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from parley.providers.http import UnansweredError
from parley.services.anonymize import anonymize
from parley.services.doctor import Releaser, diagnose
from parley.services.settle_by_rule import settle_by_rule
from parley.store.doctor import What
from tests.support.builders import Cast, consent_event
from tests.walks.walk import Walk

TWO_DAYS = timedelta(hours=48)


def _scenario(**more: str) -> dict[str, Any]:
    send = {"type": "send_template", "template": "cart_reminder", "parameters": ["{{ customer.first_name }}"], **more}
    nodes = [{"id": "go", "type": "on_event", "event": "remind", "next": "send"}, {"id": "send", **send}]
    return {"kind": "scenario", "name": "remind", "settings": {"consent_category": "whatsapp"}, "nodes": nodes}


async def _uncertain(walk: Walk, people: Cast, **more: str) -> None:
    await walk.apply(_scenario(**more))
    walk.sinch.script.append(UnansweredError("cut"))
    await walk.track(people.alice, "remind")
    await walk.come_to_rest()
    assert await _state(walk, people) == "uncertain"


async def _state(walk: Walk, people: Cast) -> str:
    return (await walk.states(people.alice, "template"))[-1]


async def _settle(walk: Walk, after: timedelta) -> int:
    walk.now += after
    settled = await settle_by_rule(walk.database, walk.now)
    await walk.come_to_rest()
    return settled


def _rule(then: str, **more: Any) -> dict[str, Any]:
    return {"kind": "settings", "uncertain": {"then": then, **more}}


@pytest.mark.parametrize("settings", [None, _rule("hold")])
async def test_it_is_held_for_ever_unless_the_project_says_otherwise(
    walk: Walk, people: Cast, settings: dict[str, Any] | None
) -> None:
    await walk.apply(*filter(None, [settings]))
    await _uncertain(walk, people)
    assert await _settle(walk, timedelta(days=365)) == 0
    assert len(walk.sinch.bodies()) == 1


async def test_it_is_sent_again_once_when_no_report_can_come_any_more(walk: Walk, people: Cast) -> None:
    await walk.apply(_rule("resend"))
    await _uncertain(walk, people)
    assert await _settle(walk, TWO_DAYS) == 0
    walk.sinch.script.append(UnansweredError("cut"))
    assert await _settle(walk, timedelta(seconds=1)) == 1
    assert len(walk.sinch.bodies()) == 2
    assert await _state(walk, people) == "uncertain"
    assert await _settle(walk, TWO_DAYS * 9) == 0  # the second time a person decides
    assert len(walk.sinch.bodies()) == 2


async def test_it_says_that_the_rule_had_it_sent_again(walk: Walk, people: Cast) -> None:
    await walk.apply(_rule("resend"))
    await _uncertain(walk, people)
    await _settle(walk, TWO_DAYS * 2)
    assert await _state(walk, people) == "accepted"
    (event,) = [one for one in await walk.events(people.alice) if one.get("code") == "sent_again"]
    assert "rule" in event["error"]


async def test_the_policy_decides_again_before_it_is_sent_again(walk: Walk, people: Cast) -> None:
    await walk.apply(_rule("resend"))
    await _uncertain(walk, people)
    await walk.track(people.alice, "consent", **consent_event(people.alice, "reject", occurred_at=walk.now).properties)
    await _settle(walk, TWO_DAYS * 2)
    assert await _state(walk, people) == "refused"
    assert len(walk.sinch.bodies()) == 1


async def test_what_has_lost_its_use_expires_instead(walk: Walk, people: Cast) -> None:
    await walk.apply(_rule("resend"))
    await _uncertain(walk, people, ttl="1 day")
    await _settle(walk, TWO_DAYS * 2)
    assert await _state(walk, people) == "expired"
    assert len(walk.sinch.bodies()) == 1


async def test_it_is_given_up_and_the_erased_ones_too(walk: Walk, people: Cast) -> None:
    await _uncertain(walk, people)
    await anonymize(walk.database, walk.project.project, [people.alice], walk.now)
    await walk.apply(_rule("resend"))
    assert await _settle(walk, TWO_DAYS * 2) == 0  # nothing is left of it to send
    await walk.apply(_rule("give_up", after_hours=1))
    assert await _settle(walk, timedelta()) == 1
    assert await _state(walk, people) == "failed"


async def test_two_workers_settle_it_once(walk: Walk, people: Cast) -> None:
    await walk.apply(_rule("resend"))
    await _uncertain(walk, people)
    walk.now += TWO_DAYS * 2
    settled = await asyncio.gather(*(settle_by_rule(walk.database, walk.now) for _ in range(4)))
    assert sum(settled) == 1


async def test_the_doctor_leaves_it_to_the_clock_as_long_as_the_rule_has_a_turn(walk: Walk, people: Cast) -> None:
    await walk.apply(_rule("resend"))
    await _uncertain(walk, people)
    (found,) = await diagnose(walk.database, walk.project_id, walk.now + timedelta(hours=3))
    assert (found.waits_for, found.waiting.until) == (Releaser.CLOCK, walk.now + TWO_DAYS)
    found, *_ = await diagnose(walk.database, walk.project_id, walk.now + TWO_DAYS * 2)
    assert (found.waits_for, found.what) == (Releaser.OPERATOR, What.MESSAGES_UNCERTAIN)
