"""A customer's messages as a list: what each was, where it stands and why, what it costs."""

from decimal import Decimal

import msgspec
import pytest

from parley.domain.errors import InvalidInputError
from parley.domain.http import HttpResponse
from parley.domain.message import State
from parley.services.anonymize import anonymize
from parley.services.list_messages import MessageLine, MessagesAsked, list_messages
from parley.services.steer_campaigns import Order, steer
from parley.services.whom import NobodyError
from parley.store.stops import Stop, put_stop
from tests.support.builders import Cast, add_customer
from tests.walks.test_campaigns import SALE
from tests.walks.walk import EXAMPLES, Walk, inbound, status

ALICE = "registered=alice"
TEMPLATE = msgspec.json.decode((EXAMPLES / "back-in-stock.template.json").read_bytes())


async def _listed(walk: Walk, customer: str = ALICE, **asked: object) -> list[MessageLine]:
    said = msgspec.structs.replace(MessagesAsked(customer, 50), **asked)
    return (await list_messages(walk.database, walk.project.project, said, walk.now)).messages


async def _back_in_stock(walk: Walk, people: Cast) -> None:
    await walk.track(people.alice, "back_in_stock", product_url="https://shop.test/p/7")


async def test_the_newest_is_first_with_template_or_first_words_and_cost(walk: Walk, people: Cast) -> None:
    await _back_in_stock(walk, people)
    await walk.come_to_rest()
    await walk.call_back(status("SINCH-1-0", "delivered", walk.now))
    await walk.later(minutes=5)
    await walk.call_back(inbound("421901000001", "SHOW ME", walk.now))
    await walk.come_to_rest()
    text, template = await _listed(walk)
    assert (template.kind, template.template, template.state) == ("template", "back_in_stock.en", "delivered")
    assert (template.code, template.sentence, template.waits_until) == (None, None, None)
    assert template.cost is not None
    assert template.cost.spent == template.cost.estimated > 0  # type: ignore[operator]
    assert (text.kind, text.template, text.state) == ("text", None, "accepted")
    assert text.text == "Your item: https://shop.test/p/7"


async def test_what_is_accepted_has_its_money_set_aside(walk: Walk, people: Cast) -> None:
    await _back_in_stock(walk, people)
    await walk.come_to_rest()
    (line,) = await _listed(walk)
    assert line.cost is not None
    assert (line.cost.reserved, line.cost.spent) == (line.cost.estimated, Decimal(0))


async def test_a_refusal_says_why(walk: Walk, people: Cast) -> None:
    await walk.apply(SALE)
    await walk.launch("sale")
    await walk.come_to_rest()
    (line,) = await _listed(walk, "registered=carol")
    assert (line.state, line.code, line.sentence) == (
        "refused", "no_consent", "The customer never agreed to messages in the category whatsapp.",
    )  # fmt: skip


async def test_what_waits_says_for_what_and_until_when(walk: Walk, people: Cast) -> None:
    await _back_in_stock(walk, people)
    await walk.plan()
    (due,) = await _listed(walk)
    assert (due.state, due.code, due.waits_until) == ("queued", None, None)
    assert "parley doctor" in (due.sentence or "")
    walk.sinch.script.append(HttpResponse(429, (("retry-after", "600"),), b"{}"))
    await walk.come_to_rest()
    (asked_to_wait,) = await _listed(walk)
    assert asked_to_wait.code == "rate_limited"
    assert asked_to_wait.waits_until is not None
    assert (asked_to_wait.waits_until - walk.now).total_seconds() == 600


async def test_what_a_stopped_sender_holds_says_so(walk: Walk, people: Cast) -> None:
    await _back_in_stock(walk, people)
    await walk.plan()
    async with walk.database.transaction() as connection:
        stop = Stop("shop-whatsapp", "unauthorized", "The key is refused.")
        await put_stop(connection, walk.project_id, stop, walk.now, walk.now)
    (line,) = await _listed(walk)
    assert (line.code, line.sentence, line.waits_until) == ("unauthorized", "The key is refused.", None)


async def test_what_went_well_in_the_end_says_nothing_of_earlier_tries(walk: Walk, people: Cast) -> None:
    walk.sinch.script.append(HttpResponse(429, (("retry-after", "60"),), b"{}"))
    await _back_in_stock(walk, people)
    await walk.come_to_rest()
    await walk.later(minutes=2)
    (line,) = await _listed(walk)
    assert (line.state, line.code, line.sentence) == ("accepted", None, None)


async def test_it_is_read_page_by_page_and_by_state_and_time(walk: Walk, people: Cast) -> None:
    for _ in range(5):
        await _back_in_stock(walk, people)
        await walk.come_to_rest()
        await walk.later(hours=1)
    every = await _listed(walk)
    assert len(every) == 5
    assert [one.planned_at for one in every] == sorted((one.planned_at for one in every), reverse=True)
    pages, before = [], None
    while True:
        asked = MessagesAsked(ALICE, 2, before=before)
        page = await list_messages(walk.database, walk.project.project, asked, walk.now)
        pages += page.messages
        before = page.next
        if before is None:
            break
    assert pages == every
    assert await _listed(walk, since=every[1].planned_at) == every[:2]
    assert await _listed(walk, states=[State.ACCEPTED, State.READ]) == every
    assert await _listed(walk, states=[State.REFUSED]) == []


async def test_messages_of_one_moment_are_all_on_some_page(walk: Walk, people: Cast) -> None:
    for _ in range(5):
        await _back_in_stock(walk, people)
    await walk.plan()
    first = await list_messages(walk.database, walk.project.project, MessagesAsked(ALICE, 3), walk.now)
    asked = MessagesAsked(ALICE, 3, before=first.next)
    second = await list_messages(walk.database, walk.project.project, asked, walk.now)
    assert len({one.id for one in (*first.messages, *second.messages)}) == 5
    assert second.next is None


@pytest.mark.parametrize("bare", ["phone", "id"])
async def test_a_number_and_an_id_may_stand_alone(walk: Walk, people: Cast, bare: str) -> None:
    await _back_in_stock(walk, people)
    await walk.come_to_rest()
    said = {"phone": "+421901000001", "id": str(people.alice)}[bare]
    assert await _listed(walk, said) == await _listed(walk)


async def test_a_number_that_two_have_shows_the_messages_of_both(walk: Walk, people: Cast) -> None:
    twin = await add_customer(walk.database, walk.project, "twin", {"phone": "+421901000001"})
    await walk.apply(SALE)
    await walk.launch("sale")
    await walk.come_to_rest()
    assert {one.customer_id for one in await _listed(walk, "+421901000001")} == {twin, people.alice}


async def test_an_erased_customer_s_messages_tell_nothing_of_what_was_said(walk: Walk, people: Cast) -> None:
    await _back_in_stock(walk, people)
    await walk.come_to_rest()
    await anonymize(walk.database, walk.project.project, [people.alice], walk.now)
    (line,) = await _listed(walk, str(people.alice))
    assert (line.template, line.text, line.preset) == (None, None, None)


async def test_the_message_of_a_paused_campaign_waits_without_an_end(walk: Walk, people: Cast) -> None:
    await walk.apply(SALE)
    await walk.launch("sale")
    while await walk.campaigns_move():
        pass
    await steer(walk.database, walk.project_id, "sale", Order.PAUSE, walk.now)
    await walk.come_to_rest()
    (line,) = await _listed(walk)
    assert (line.state, line.code, line.waits_until) == ("planned", "campaign_paused", None)


WRITTEN = {
    "a family": "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "from right to left": "\u200f\u05d9\u05e2\u05dc\u200f",
    "turned around": "a\u202eb",
    "with a space that does not break": "\u00a0jana",
    "with a tab": "jana\t",
    "with a space": "jana ",
}


@pytest.mark.parametrize("registered", WRITTEN.values(), ids=WRITTEN)
async def test_whoever_was_tracked_can_be_named(walk: Walk, registered: str) -> None:
    await add_customer(walk.database, walk.project, registered)
    assert await _listed(walk, f"registered={registered}") == []


async def test_an_id_with_a_nul_is_told_so(walk: Walk) -> None:
    with pytest.raises(InvalidInputError, match="customer: holds the character NUL, which no database keeps"):
        await _listed(walk, "registered=a\0b")


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        (MessagesAsked("jana", 5), InvalidInputError),
        (MessagesAsked("registered=nobody", 5), NobodyError),
        (MessagesAsked(ALICE, 0), InvalidInputError),
        (MessagesAsked(ALICE, 1_001), InvalidInputError),
    ],
)
async def test_what_cannot_be_asked_is_told(
    walk: Walk, people: Cast, asked: MessagesAsked, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await list_messages(walk.database, walk.project.project, asked, walk.now)


async def test_a_page_goes_on_after_a_message_of_the_same_customer_only(walk: Walk, people: Cast) -> None:
    await walk.apply(SALE)
    await walk.launch("sale")
    await walk.come_to_rest()
    (other,) = await _listed(walk, "registered=carol")
    with pytest.raises(InvalidInputError, match="before"):
        await _listed(walk, before=other.id)
