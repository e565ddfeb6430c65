"""For every reason for which a message can wait, doctor says since when, and who can release it."""

import ast
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta

import pytest

from parley.services.doctor import Finding, Releaser, diagnose
from parley.services.judge_anew import ask_about
from parley.services.list_messages import MessagesAsked, list_messages
from parley.services.steer_campaigns import Order, steer, steer_campaigns
from parley.services.stopping import release_a_sender, release_a_template
from parley.store.doctor import What
from parley.store.reevaluations import Concerned
from parley.store.stops import Stop, put_stop
from tests.house.test_docs import CODE_AT, DECIDING, SENDING
from tests.support.builders import NOW, Cast
from tests.walks.test_campaigns import SALE
from tests.walks.test_cheapest import BOTH, alice_writes
from tests.walks.test_costs import MARKETING
from tests.walks.walk import Walk

SENDER, TEMPLATE = "shop-whatsapp", "back_in_stock.en"
WAITED = timedelta(minutes=5)

DEFERRED: dict[str, tuple[Releaser, What]] = {
    "budget_spent": (Releaser.CLOCK, What.MESSAGES_DEFERRED),
    "consent_upload_pending": (Releaser.PROVIDER, What.MESSAGES_DEFERRED),
    "frequency_waits": (Releaser.CLOCK, What.MESSAGES_DEFERRED),
    "internal_error": (Releaser.OPERATOR, What.MESSAGES_DEFERRED),
    "pair_rate": (Releaser.CLOCK, What.MESSAGES_DEFERRED),
    "quiet_hours": (Releaser.CLOCK, What.MESSAGES_DEFERRED),
    "recipient_tier": (Releaser.CLOCK, What.MESSAGES_DEFERRED),
    "template_paused": (Releaser.PROVIDER, What.MESSAGES_DEFERRED),
}
"""Until a time that is told."""
STOPPED: dict[str, tuple[Releaser, What]] = {
    "sender_stopped": (Releaser.OPERATOR, What.MESSAGES_HELD),
    "template_stopped": (Releaser.OPERATOR, What.TEMPLATES_STOPPED),
    "campaign_paused": (Releaser.OPERATOR, What.CAMPAIGNS_PAUSED),
}
"""Until a person does something."""
DUE = ("campaign_resumed", "not_begun", "sent_again")
"""At once: a worker takes them."""
TRIED_AGAIN = "rate_limited"
"""As all that the provider, or the way to it, says of itself; when they are tried again is told."""


def _waits(name: str, call: ast.Call) -> bool:
    """Does this verdict or change leave a message waiting?"""
    states = [one.attr for one in call.args if isinstance(one, ast.Attribute)]
    return name == "Defer" or (name == "Change" and bool({"QUEUED", "PLANNED"} & {*states}))


def _codes() -> Iterator[str]:
    for file in (*DECIDING, *SENDING):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and _waits(node.func.id, node):
                said = node.args[CODE_AT[node.func.id] :][:1] if node.func.id in CODE_AT else []
                said += [keyword.value for keyword in node.keywords if keyword.arg == "code"]
                yield from (str(one.value) for one in said if isinstance(one, ast.Constant))


def test_every_code_with_which_a_message_waits_is_among_these() -> None:
    assert set(_codes()) == {*DEFERRED, *STOPPED, *DUE}


async def _message(walk: Walk, people: Cast) -> None:
    await walk.track(people.alice, "back_in_stock", product_url="https://shop.test/p/7")
    await walk.plan()
    await walk.judge_anew()  # the account is new


async def _put_back(walk: Walk, code: str, after: timedelta) -> None:
    async with walk.database.transaction() as connection:
        put = "UPDATE messages SET state = 'planned', outcome_code = $1, outcome_sentence = 'So it is.', due_at = $2"
        await connection.execute(put, code, walk.now + after)


async def _told(walk: Walk) -> list[Finding]:
    """Journeys of the examples ask the customer something."""
    told = await diagnose(walk.database, walk.project_id, walk.now + WAITED)
    return [one for one in told if one.what is not What.JOURNEYS_WAITING]


async def _found(walk: Walk) -> Finding:
    told = await _told(walk)
    assert len(told) == 1, told
    (found,) = told
    return found


@pytest.mark.parametrize(("code", "who"), [*DEFERRED.items(), (TRIED_AGAIN, (Releaser.CLOCK, What.MESSAGES_DEFERRED))])
async def test_it_tells_until_when_they_wait(walk: Walk, people: Cast, code: str, who: tuple[Releaser, What]) -> None:
    await _message(walk, people)
    await _put_back(walk, code, timedelta(hours=1))
    found = await _found(walk)
    assert (found.waits_for, found.what) == who
    waiting = found.waiting
    assert (waiting.code, waiting.sentence, waiting.count) == (code, "So it is.", 1)
    assert (waiting.since, waiting.until) == (NOW, NOW + timedelta(hours=1))


async def test_each_of_these_reasons_has_words_of_its_own(walk: Walk, people: Cast) -> None:
    await _message(walk, people)
    remedies = []
    for code in (*DEFERRED, TRIED_AGAIN):
        await _put_back(walk, code, timedelta(hours=1))
        remedies.append((await _found(walk)).remedy)
    assert len(set(remedies)) == len(remedies)


@pytest.mark.parametrize("code", DUE)
async def test_it_leaves_to_a_worker_what_is_due_at_once(walk: Walk, people: Cast, code: str) -> None:
    await _message(walk, people)
    await _put_back(walk, code, timedelta())
    found = await _found(walk)
    assert (found.waits_for, found.what, found.waiting.since) == (Releaser.WORKER, What.MESSAGES_DUE, NOW)


async def _stop_sender(walk: Walk) -> None:
    async with walk.database.transaction() as connection:
        assert await put_stop(connection, walk.project_id, Stop(SENDER, "billing", "Pay."), NOW, NOW)


async def _stop_template(walk: Walk, name: str = TEMPLATE) -> None:
    async with walk.database.transaction() as connection:
        stop = Stop(SENDER, "template_unusable", "Mend it.", name)
        assert await put_stop(connection, walk.project_id, stop, NOW, NOW)


@pytest.mark.parametrize(("code", "stop"), [("sender_stopped", _stop_sender), ("template_stopped", _stop_template)])
async def test_it_tells_the_operator_what_is_stopped(
    walk: Walk, people: Cast, code: str, stop: Callable[[Walk], Awaitable[None]]
) -> None:
    await _message(walk, people)
    await stop(walk)
    await walk.come_to_rest()
    found = await _found(walk)
    assert (found.waits_for, found.what) == STOPPED[code]
    assert (found.waiting.count, found.waiting.since) == (1, NOW)
    assert (await walk.events(people.alice))[-1]["code"] == code


async def test_it_tells_the_operator_what_a_paused_campaign_holds(walk: Walk, people: Cast) -> None:
    await walk.apply(SALE)
    await walk.launch("sale")
    while await walk.campaigns_move():
        pass
    await steer(walk.database, walk.project_id, "sale", Order.PAUSE, walk.now)
    await steer_campaigns(walk.database, walk.now)
    found = await _found(walk)
    assert (found.waits_for, found.what) == STOPPED["campaign_paused"]
    assert (found.waiting.count, found.waiting.since) == (1, NOW)


@pytest.mark.parametrize(
    ("code", "stop", "release"),
    [
        (
            "sender_stopped",
            _stop_sender,
            lambda walk: release_a_sender(walk.database, walk.project_id, SENDER, walk.now),
        ),
        (
            "template_stopped",
            _stop_template,
            lambda walk: release_a_template(walk.database, walk.project_id, TEMPLATE, walk.now),
        ),
    ],
)
async def test_it_leaves_to_a_worker_what_was_released_and_is_not_judged_anew(
    walk: Walk,
    people: Cast,
    code: str,
    stop: Callable[[Walk], Awaitable[None]],
    release: Callable[[Walk], Awaitable[object]],
) -> None:
    await _message(walk, people)
    await stop(walk)
    await walk.come_to_rest()
    await release(walk)
    found = await _found(walk)
    assert (found.waits_for, found.what) == (Releaser.WORKER, What.MESSAGES_TO_JUDGE_ANEW)
    assert (found.waiting.code, found.waiting.count) == (code, 1)
    assert (found.waiting.since, found.waiting.until) == (NOW, None)
    walk.now += timedelta(hours=1)
    late = await _found(walk)
    assert (late.waits_for, "parley worker" in late.remedy) == (Releaser.OPERATOR, True)
    await walk.judge_anew()
    assert (await _found(walk)).what is What.MESSAGES_DUE


async def test_it_tells_the_reason_for_which_they_are_judged_anew_and_no_others(walk: Walk, people: Cast) -> None:
    for code in ("template_paused", "quiet_hours"):
        await _message(walk, people)
        async with walk.database.transaction() as connection:
            put = "UPDATE messages SET state = 'planned', outcome_code = $1, due_at = $2 WHERE state = 'queued'"
            await connection.execute(put, code, walk.now + timedelta(hours=1))
    async with walk.database.transaction() as connection:
        for _ in range(2):
            await ask_about(connection, walk.project_id, Concerned(template=TEMPLATE), ["template_paused"], walk.now)
            for others in (Concerned(sender="other"), Concerned(template="other.en")):
                await ask_about(connection, walk.project_id, others, ["quiet_hours"], walk.now)
    assert [(one.what, one.waiting.code, one.waiting.count) for one in await _told(walk)] == [
        (What.MESSAGES_TO_JUDGE_ANEW, "template_paused", 1),
        (What.MESSAGES_DEFERRED, "quiet_hours", 1),
    ]


async def test_what_waits_for_its_template_in_its_other_form_is_told_once(walk: Walk, people: Cast) -> None:
    await alice_writes(walk, 23)
    await walk.apply(MARKETING, BOTH)
    await walk.launch("sale")
    while await walk.campaigns_move():
        pass
    await _stop_template(walk, "spring_sale.en")
    told = {one.what: one.waiting.count for one in await _told(walk)}
    assert told == {What.TEMPLATES_STOPPED: 0, What.MESSAGES_DUE: 1}, "the text may leave"
    await walk.later(hours=2)
    (found,) = await _told(walk)
    assert (found.waits_for, found.what, found.waiting.count) == (Releaser.OPERATOR, What.TEMPLATES_STOPPED, 1)
    asked = MessagesAsked("registered=alice", 1)
    (line,) = (await list_messages(walk.database, walk.project.project, asked, walk.now)).messages
    assert (line.code, line.sentence, line.waits_until) == ("template_unusable", "Mend it.", None)
