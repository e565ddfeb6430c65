"""While a provider is away no message is lost, and one at a time is tried."""

from collections.abc import Sequence
from typing import Any

import pytest

from parley.domain.http import HttpResponse
from parley.providers.http import NotSentError, UnansweredError
from parley.services.deliver_messages import ATTEMPTS, Delivery
from parley.services.holding import IN_A_ROW
from parley.store.messages import MOST_ATTEMPTS
from tests.support.builders import Cast
from tests.walks.test_campaigns import SALE, add_crowd
from tests.walks.test_presets import OWN, _calls
from tests.walks.walk import Walk

Answer = HttpResponse | Exception
FAULT = HttpResponse(500, (), b'{"message": "500"}')
TOO_FAST = HttpResponse(429, (), b'{"message": "429"}')
NO_JSON = HttpResponse(503, (), b"<h1>upstream connect error</h1>")
SILENCES = [
    NotSentError("refused"),
    UnansweredError("cut"),
    NO_JSON,
    HttpResponse(503, (), b'{"message": "503"}'),
    HttpResponse(502),
    HttpResponse(504),
    HttpResponse(408),
    HttpResponse(500),
    HttpResponse(520, (), b"<html>"),
]
OFTEN = 20
"""More than a message's faults may be."""


async def _launched(walk: Walk, name: str, *answers: Answer) -> None:
    """A message for each of the crowd, and what comes of the first calls."""
    walk.sinch.script.extend(answers)
    await walk.apply({**SALE, "name": name})
    await walk.launch(name)
    await walk.come_to_rest()


async def _answered(walk: Walk, answers: Sequence[Answer]) -> None:
    """One at a time, with enough time between for each wait."""
    for answer in answers:
        walk.sinch.script.append(answer)
        await walk.later(minutes=10)


async def _messages(walk: Walk, name: str = "sale") -> dict[str, Any]:
    return dict((await walk.progress(name)).messages)


async def _waiting(walk: Walk) -> int:
    async with walk.database.connection() as connection:
        count: int = await connection.fetchval("SELECT count(*) FROM messages WHERE state IN ('planned', 'queued')")
    return count


@pytest.mark.parametrize(("chance", "seconds"), [(0.0, 0.5), (0.999, 0.9995)])
async def test_each_message_waits_by_its_own_dice(walk: Walk, chance: float, seconds: float) -> None:
    await add_crowd(walk, 1)
    await walk.apply(SALE)
    await walk.launch("sale")
    while await walk.campaigns_move():
        pass
    walk.sinch.script.append(FAULT)
    worker = Delivery(walk.database, walk.box, walk.sinch, lambda: walk.now, lambda: chance)
    await worker.step()
    await worker.close()
    async with walk.database.connection() as connection:
        due_at = await connection.fetchval("SELECT due_at FROM messages WHERE state = 'queued'")
    assert (due_at - walk.now).total_seconds() == pytest.approx(seconds)


async def test_however_often_it_waited_it_fails_after_its_faults_alone(walk: Walk) -> None:
    await add_crowd(walk, 1)
    await _launched(walk, "sale", TOO_FAST)
    await _answered(walk, [*[TOO_FAST] * OFTEN, *[FAULT] * (ATTEMPTS - 1)])
    assert await _messages(walk) == {"queued": 1}
    await _answered(walk, [FAULT])
    assert await _messages(walk) == {"failed": 1}


async def test_its_first_fault_is_tried_again_at_once_however_often_it_waited(walk: Walk) -> None:
    await add_crowd(walk, 1)
    await _launched(walk, "sale", TOO_FAST)
    await _answered(walk, [*[TOO_FAST] * OFTEN, FAULT])
    await walk.later(seconds=1)
    assert await _messages(walk) == {"accepted": 1}


@pytest.mark.parametrize("silence", [SILENCES[0], SILENCES[3]], ids=["unreachable", "503"])
async def test_it_waits_for_as_long_as_the_provider_is_away(walk: Walk, silence: Answer) -> None:
    await add_crowd(walk, 1)
    await _launched(walk, "sale", silence)
    await _answered(walk, [silence] * OFTEN)
    assert await _messages(walk) == {"queued": 1}
    await walk.later(minutes=10)
    assert await _messages(walk) == {"accepted": 1}


async def test_the_sender_waits_for_as_long_as_a_provider_asks_that_is_away(walk: Walk) -> None:
    await add_crowd(walk, 1)
    await _launched(walk, "sale", HttpResponse(503, (("retry-after", "600"),), b'{"message": "503"}'))
    await _launched(walk, "other")
    await walk.later(minutes=9)
    assert len(walk.sinch.bodies()) == 1
    await walk.later(minutes=2)
    assert len(walk.sinch.bodies()) == 3


@pytest.mark.parametrize("silence", SILENCES, ids=repr)
async def test_the_sender_waits_when_nothing_was_heard_so_often_in_a_row(walk: Walk, silence: Answer) -> None:
    await add_crowd(walk, IN_A_ROW)
    await _launched(walk, "sale", *[silence] * IN_A_ROW)
    await _launched(walk, "other")
    assert len(walk.sinch.bodies()) == IN_A_ROW
    walk.sinch.script.append(silence)
    await walk.later(seconds=1.5)
    assert len(walk.sinch.bodies()) == IN_A_ROW + 1
    await walk.later(minutes=10)
    assert not await _waiting(walk)


@pytest.mark.parametrize("word", [HttpResponse(201), FAULT, HttpResponse(400, (), b"{}")], ids=repr)
async def test_it_does_not_wait_when_the_provider_said_something_between(walk: Walk, word: HttpResponse) -> None:
    await add_crowd(walk, IN_A_ROW + 1)
    silences = [UnansweredError("cut")] * (IN_A_ROW - 1)
    await _launched(walk, "sale", *silences, word, silences[0])
    await _launched(walk, "other")
    assert (await _messages(walk, "other")) == {"accepted": IN_A_ROW + 1}


@pytest.mark.parametrize("asked", ["0", None])
async def test_one_page_or_no_time_lets_nobody_wait(walk: Walk, asked: str | None) -> None:
    headers = (("retry-after", asked or "600"),)
    await add_crowd(walk, 1)
    await _launched(walk, "sale", HttpResponse(503, headers, b"<html>" if asked is None else b"{}"))
    await _launched(walk, "other")
    assert await _messages(walk, "other") == {"accepted": 1}


async def test_an_own_server_that_is_away_fails_its_webhook_and_holds_up_no_sender(walk: Walk, people: Cast) -> None:
    scenario = _calls("crm", account="ours")
    scenario["nodes"][1]["sender"] = "shop-whatsapp"
    await walk.apply(OWN, scenario)
    await walk.track(people.alice, "go")
    await _answered(walk, [NotSentError("refused")] * (ATTEMPTS - 1))
    await _launched(walk, "sale")
    assert (await _messages(walk))["accepted"] == 1
    await _answered(walk, [NotSentError("refused")])
    assert (await walk.states(people.alice, "webhook"))[-1] == "failed"


async def test_an_upload_of_a_consent_is_tried_as_after_a_fault(walk: Walk, people: Cast) -> None:
    await walk.apply(_calls("sinch-whatsapp-consent", action="opt_in", account="shop-bot", bearer_token="token-1"))
    await walk.track(people.alice, "go")
    await _answered(walk, [NotSentError("refused")] * ATTEMPTS)
    assert (await walk.states(people.alice, "consent"))[-1] == "failed"


async def test_it_is_tried_after_as_many_tries_as_can_be_counted(walk: Walk) -> None:
    await add_crowd(walk, 1)
    await _launched(walk, "sale", TOO_FAST)
    async with walk.database.connection() as connection:
        await connection.execute("UPDATE messages SET attempts = $1", MOST_ATTEMPTS)
    await _answered(walk, [TOO_FAST])
    assert await _messages(walk) == {"queued": 1}
    await walk.later(minutes=10)
    assert await _messages(walk) == {"accepted": 1}
