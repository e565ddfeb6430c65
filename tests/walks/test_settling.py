"""An uncertain message is settled by an operator's word, once, and never by itself."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import msgspec
import pytest

from parley.cli.why import story
from parley.domain.errors import InvalidInputError
from parley.domain.http import HttpResponse
from parley.domain.message import State
from parley.presets import Renderer
from parley.providers.http import UnansweredError
from parley.services.anonymize import anonymize
from parley.services.claim_messages import claim_messages
from parley.services.explain_message import UnknownMessageError, explain_message
from parley.services.move_messages import Change, move_messages
from parley.services.settle_message import ErasedMessageError, NotUncertainError, Order, give_up, send_again
from parley.services.turns import Turns
from parley.store.database import Database
from parley.store.messages import MessageRow
from tests.support.builders import Cast, consent_event
from tests.walks.walk import Walk

ORDER = Order("Olga", "Sinch's dashboard does not have it.")
Settling = Callable[[Database, str, Order, datetime], Awaitable[MessageRow]]
BOTH = pytest.mark.parametrize("settle", [send_again, give_up])


async def _uncertain(walk: Walk, people: Cast) -> str:
    walk.sinch.script.append(UnansweredError("cut"))
    await walk.track(people.alice, "back_in_stock", product_url="https://shop.test/p/7")
    await walk.come_to_rest()
    event = (await walk.events(people.alice))[-1]
    assert event["status"] == "uncertain"
    return str(event["message_id"])


async def _campaign(walk: Walk, people: Cast) -> list[str]:
    return await walk.states(people.alice, "template")


async def test_it_is_sent_again_by_order_and_says_by_whose(walk: Walk, people: Cast) -> None:
    ident = await _uncertain(walk, people)
    await send_again(walk.database, ident, ORDER, walk.now)
    await walk.come_to_rest()
    assert len(walk.sinch.bodies()) == 2
    assert (await _campaign(walk, people))[-3:] == ["uncertain", "queued", "accepted"]
    (queued,) = [one for one in await walk.events(people.alice) if one.get("code") == "sent_again"]
    assert (queued["ordered_by"], queued["ordered_why"]) == (ORDER.by, ORDER.why)


async def test_what_was_sent_again_is_headed_by_where_it_stands(walk: Walk, people: Cast) -> None:
    ident = await _uncertain(walk, people)
    await send_again(walk.database, ident, ORDER, walk.now)
    waiting = await explain_message(walk.database, ident, walk.now)
    assert waiting.reason == ("sent_again", f"{ORDER.by} had it sent again: {ORDER.why}")
    await walk.come_to_rest()
    accepted = await explain_message(walk.database, ident, walk.now)
    assert (accepted.message.state, accepted.reason) == ("accepted", (None, None))
    told = list(story(accepted))
    assert not any("sent_again" in line for line in told[: told.index("\nWhat happened to it")])
    assert any("queued  sent_again:" in line for line in told)


async def test_it_can_become_uncertain_again_and_shows_it(walk: Walk, people: Cast) -> None:
    ident = await _uncertain(walk, people)
    walk.sinch.script.append(UnansweredError("cut"))
    await send_again(walk.database, ident, ORDER, walk.now)
    await walk.come_to_rest()
    assert (await _campaign(walk, people)).count("uncertain") == 2


async def test_the_policy_decides_again_before_it_is_sent_again(walk: Walk, people: Cast) -> None:
    ident = await _uncertain(walk, people)
    stop = consent_event(people.alice, "reject", occurred_at=walk.now)
    await walk.track(people.alice, "consent", **stop.properties)
    await send_again(walk.database, ident, ORDER, walk.now)
    await walk.come_to_rest()
    assert len(walk.sinch.bodies()) == 1
    assert (await _campaign(walk, people))[-1] == "refused"


async def test_it_is_given_up_by_order_and_a_delivery_still_corrects_that(walk: Walk, people: Cast) -> None:
    ident = await _uncertain(walk, people)
    row = await give_up(walk.database, ident, ORDER, walk.now)
    event = (await walk.events(people.alice))[-1]
    assert (event["status"], event["code"], event["ordered_by"]) == ("failed", "given_up", ORDER.by)
    async with walk.database.transaction() as connection:
        await move_messages(connection, [Change(row.id, State.DELIVERED, walk.now)], walk.now)
    assert (await _campaign(walk, people))[-1] == "delivered"


@BOTH
async def test_it_is_settled_once(walk: Walk, people: Cast, settle: Settling) -> None:
    ident = await _uncertain(walk, people)
    await settle(walk.database, ident, ORDER, walk.now)
    for other in (send_again, give_up):
        with pytest.raises(NotUncertainError):
            await other(walk.database, ident, ORDER, walk.now)


@BOTH
async def test_a_message_that_nobody_knows_is_told(walk: Walk, settle: Settling) -> None:
    with pytest.raises(UnknownMessageError):
        await settle(walk.database, "no-such-message", ORDER, walk.now)


@BOTH
@pytest.mark.parametrize("order", [Order("", "why"), Order("Olga", " ")])
async def test_an_order_without_a_name_or_a_reason_changes_nothing(
    walk: Walk, people: Cast, settle: Settling, order: Order
) -> None:
    ident = await _uncertain(walk, people)
    with pytest.raises(InvalidInputError):
        await settle(walk.database, ident, order, walk.now)
    assert (await _campaign(walk, people))[-1] == "uncertain"


async def test_what_was_erased_cannot_be_sent_again_but_given_up(walk: Walk, people: Cast) -> None:
    ident = await _uncertain(walk, people)
    await anonymize(walk.database, walk.project.project, [people.alice], walk.now)
    with pytest.raises(ErasedMessageError):
        await send_again(walk.database, ident, ORDER, walk.now)
    await give_up(walk.database, ident, ORDER, walk.now)


async def test_a_worker_that_comes_back_late_cannot_undo_the_order(walk: Walk, people: Cast) -> None:
    """Its "not accepted, try again" is about its own attempt; another worker is calling by now."""
    await walk.track(people.alice, "back_in_stock", product_url="https://shop.test/p/7")
    await walk.plan()
    answer = HttpResponse(500, (), msgspec.json.encode({"message": "500", "reason": "", "details": ""}))
    walk.sinch.before_answer = _taken_over(walk, people)
    walk.sinch.script.append(answer)
    await walk.come_to_rest()
    async with walk.database.connection() as connection:
        assert await connection.fetchval("SELECT state FROM messages WHERE kind = 'template'") == "sending"


def _taken_over(walk: Walk, people: Cast) -> Callable[[], Awaitable[None]]:
    """While the first worker still waits: its lease ends, the operator orders, and a second worker takes it."""

    async def happen() -> None:
        walk.now += timedelta(minutes=5)
        await walk.delivery.recover()
        ident = (await walk.events(people.alice))[-1]["message_id"]
        await send_again(walk.database, str(ident), ORDER, walk.now)
        calls, _ = await claim_messages(walk.database, walk.box, Renderer(), Turns(), walk.now)
        assert len(calls) == 1

    return happen
