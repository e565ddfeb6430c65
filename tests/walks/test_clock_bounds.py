"""A clock that is set an hour on or back: what bounds the harm to leases, withdrawals, windows and the rule."""

from datetime import timedelta

import pytest

from parley.domain.http import HttpResponse
from parley.presets import Renderer
from parley.services.claim_messages import claim_messages
from parley.services.patience import LEASE
from parley.services.settle_by_rule import settle_by_rule
from parley.services.turns import Turns
from tests.support.builders import Cast, consent_event
from tests.walks.walk import Walk, inbound

HOUR = timedelta(hours=1)
STEPS = pytest.mark.parametrize("step", [HOUR, -HOUR], ids=["on", "back"])


async def _cause(walk: Walk, people: Cast) -> None:
    await walk.track(people.alice, "back_in_stock", product_url="https://shop.test/p/7")


async def _states(walk: Walk, people: Cast) -> list[str]:
    return await walk.states(people.alice, "template")


@STEPS
async def test_a_vanished_worker_leaves_nothing_stuck_longer_than_its_lease(
    walk: Walk, people: Cast, step: timedelta
) -> None:
    await _cause(walk, people)
    await walk.plan()
    calls, _ = await claim_messages(walk.database, walk.box, Renderer(), Turns(), walk.now)
    assert len(calls) == 1
    walk.now += step + LEASE + timedelta(seconds=1)
    await walk.delivery.recover()
    assert (await _states(walk, people))[-1] == "uncertain"


@STEPS
async def test_a_withdrawal_from_before_the_step_counts(walk: Walk, people: Cast, step: timedelta) -> None:
    await walk.track(people.alice, "consent", **consent_event(people.alice, "reject").properties)
    walk.now += step
    await _cause(walk, people)
    await walk.come_to_rest()
    await walk.later(hours=2)
    assert walk.sinch.bodies() == []


@STEPS
async def test_a_window_is_never_open_longer_than_a_day_from_now(walk: Walk, people: Cast, step: timedelta) -> None:
    text = {"id": "send", "type": "send_text", "text": "Hello"}
    nodes = [{"id": "go", "type": "on_event", "event": "go", "next": "send"}, text]
    await walk.apply({"kind": "scenario", "name": "blunt", "nodes": nodes})
    await walk.call_back(inbound("421901000001", "hi", walk.now))
    walk.now += step
    await walk.later(days=1, hours=1)
    await walk.track(people.alice, "go")
    await walk.come_to_rest()
    assert (await walk.events(people.alice))[-1]["code"] == "window_closed"


async def test_a_step_on_sends_nothing_again_while_a_report_may_come(walk: Walk, people: Cast) -> None:
    """What the provider may still bring comes within 46.5 hours; the rule waits for 48."""
    await walk.apply({"kind": "settings", "uncertain": {"then": "resend"}})
    await _cause(walk, people)
    walk.sinch.script.append(HttpResponse(504))
    await walk.come_to_rest()
    walk.now += HOUR
    walk.now += timedelta(hours=46, minutes=31)
    assert await settle_by_rule(walk.database, walk.now) == 0
