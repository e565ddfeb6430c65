"""While a provider is away one message at a time asks whether it is back, over all workers."""

import asyncio
from collections import Counter
from datetime import timedelta
from itertools import count, pairwise, permutations
from typing import Any
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from parley.domain.http import HttpResponse
from parley.presets import Renderer
from parley.providers.http import NotSentError, UnansweredError
from parley.services.claim_messages import claim_messages
from parley.services.deliver_messages import Delivery
from parley.services.doctor import Finding, diagnose
from parley.services.holding import IN_A_ROW, LaneNews, note_news
from parley.services.patience import BEGIN_SECONDS, TOKEN_SECONDS
from parley.services.plan_messages import REPLY_PRIORITY
from parley.services.record_outcomes import Outcomes, Recorder
from parley.services.turns import ASKS_FOR, Turns
from parley.store.database import Connection
from parley.store.doctor import What
from parley.store.holds import Hold, ask_by, end_asking, end_away, hold_lane
from parley.store.lanes import Lane, WaitingLane, waiting_lanes
from tests.walks.test_campaigns import SALE, add_crowd
from tests.walks.test_presets import OWN, _calls
from tests.walks.test_standing_still import CONVERSATION, SlowSinch
from tests.walks.walk import Walk, inbound

CROWD = IN_A_ROW + 2
CUT, REFUSED = UnansweredError("cut"), NotSentError("refused")
UNAVAILABLE = HttpResponse(503, (), b'{"message": "503"}')


async def launch(walk: Walk, name: str, **more: str) -> None:
    await walk.apply({**SALE, "name": name, **more})
    await walk.launch(name)
    await walk.come_to_rest()


async def go_away(walk: Walk) -> list[UUID]:
    """Nothing is heard of a first campaign. Says to whom."""
    crowd = await add_crowd(walk, CROWD)
    walk.sinch.script.extend([CUT] * CROWD)
    await launch(walk, "first")
    assert not walk.sinch.script
    walk.sinch.requests.clear()
    return crowd


async def put_away(walk: Walk) -> None:
    hold = Hold(Lane(walk.project_id, "shop-whatsapp"), "unanswered", "Cut.", 0.0, is_away=True)
    async with walk.database.transaction() as connection:
        await note_news(connection, {hold.lane: LaneNews(hold=hold)}, walk.now)


async def _messages(walk: Walk, name: str = "sale") -> Counter[str]:
    return Counter((await walk.progress(name)).messages)


async def found_by_doctor(walk: Walk) -> dict[What, Finding]:
    return {one.what: one for one in await diagnose(walk.database, walk.project_id, walk.now)}


async def test_all_leave_when_one_was_answered(walk: Walk) -> None:
    await go_away(walk)
    await launch(walk, "sale")
    assert not walk.sinch.requests
    await walk.later(seconds=2)
    assert await _messages(walk) == {"accepted": CROWD}
    assert What.SENDER_AWAY not in await found_by_doctor(walk)


async def test_one_of_several_workers_asks(walk: Walk) -> None:
    await go_away(walk)
    await launch(walk, "sale")
    others = [walk.worker(), walk.worker()]  # these have heard nothing yet
    walk.sinch.script.extend([CUT] * CROWD)
    for asked, workers in enumerate(permutations([*others, walk.delivery]), 1):
        walk.now += timedelta(minutes=5)
        for _ in "again":
            for worker in workers:
                await worker.step()
            for worker in workers:
                await worker.finish()
        assert len(walk.sinch.bodies()) == asked
    await walk.later(minutes=5)
    assert len(walk.sinch.bodies()) == CROWD
    assert What.SENDER_AWAY in await found_by_doctor(walk)
    for worker in others:
        await worker.close()


async def test_a_worker_that_has_heard_nothing_lets_all_leave_when_its_call_was_answered(walk: Walk) -> None:
    await go_away(walk)
    await launch(walk, "sale")
    walk.now += timedelta(seconds=2)
    worker = walk.worker()
    await worker.step()
    await worker.close()
    assert What.SENDER_AWAY not in await found_by_doctor(walk)


async def test_a_worker_that_comes_second_leaves_the_call_to_the_first(
    walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await go_away(walk)
    await launch(walk, "sale")
    lane = Lane(walk.project_id, "shop-whatsapp")

    async def waiting(connection: Connection, *asked: Any) -> list[WaitingLane]:
        found = await waiting_lanes(connection, *asked)
        assert await ask_by(connection, {lane}, walk.now, walk.now + ASKS_FOR) == {lane}
        return found

    monkeypatch.setattr("parley.services.turns.waiting_lanes", waiting)
    walk.now += timedelta(seconds=2)
    await walk.delivery.step()
    await walk.delivery.finish()
    assert not walk.sinch.requests


async def test_only_one_may_ask_and_only_after_the_wait(walk: Walk) -> None:
    lane = Lane(walk.project_id, "shop-whatsapp")
    start = walk.now

    async def may_ask(seconds: float) -> bool:
        now = start + timedelta(seconds=seconds)
        return lane in await ask_by(connection, {lane}, now, now + ASKS_FOR)

    async with walk.database.connection() as connection:
        assert not await may_ask(0)  # nothing was said of it
        await hold_lane(connection, Hold(lane, "unanswered", "Cut.", 0.0, is_away=True), 10, 300, start)
        assert not await may_ask(9)
        assert await may_ask(11)
        assert not await may_ask(10 + ASKS_FOR.total_seconds())
        assert await may_ask(12 + ASKS_FOR.total_seconds())
        await end_asking(connection, lane)
        assert await may_ask(13 + ASKS_FOR.total_seconds())
        await end_away(connection, lane, start + timedelta(seconds=60))
        assert not await may_ask(120)
        await hold_lane(connection, Hold(lane, "rate_limited", "Slow.", 0.0), 10, 300, start)
        assert not await may_ask(120)


async def test_nobody_asks_again_before_it_is_recorded_what_came_of_it(walk: Walk) -> None:
    await go_away(walk)
    await launch(walk, "sale")
    walk.sinch.script.extend([CUT] * CROWD)
    walk.now += timedelta(seconds=2)
    for _ in range(CROWD):
        await walk.delivery.step()
        await asyncio.sleep(0)
    await walk.delivery.finish()
    assert len(walk.sinch.bodies()) == 1


async def test_another_asks_when_a_worker_has_vanished_that_did(walk: Walk) -> None:
    await go_away(walk)
    await launch(walk, "sale")
    walk.now += timedelta(seconds=2)
    await claim_messages(walk.database, walk.box, Renderer(), Turns(), walk.now)
    await walk.later(seconds=ASKS_FOR.total_seconds() - 1)
    assert await _messages(walk) == {"queued": CROWD - 1, "sending": 1}
    await walk.later(seconds=2)
    assert (await _messages(walk))["accepted"] == CROWD - 1


async def test_the_wait_doubles_while_nothing_is_heard(walk: Walk) -> None:
    await go_away(walk)
    await launch(walk, "sale")
    walk.sinch.script.extend([CUT] * CROWD)
    asked_at: list[int] = []
    for second in range(1, 40):
        await walk.later(seconds=1)
        if len(walk.sinch.bodies()) > len(asked_at):
            asked_at.append(second)
    assert [later - earlier for earlier, later in pairwise([0, *asked_at])] == [1, 2, 4, 8, 16]


async def test_the_wait_begins_anew_when_something_was_heard(walk: Walk) -> None:
    await go_away(walk)
    await launch(walk, "sale")
    walk.sinch.script.extend([CUT] * 3)
    for seconds in (2, 3, 5, 9):
        await walk.later(seconds=seconds)
    assert (await _messages(walk))["accepted"] == CROWD - 3
    walk.sinch.script.extend([CUT] * CROWD)
    await launch(walk, "other")
    walk.sinch.requests.clear()
    await launch(walk, "last")
    assert not walk.sinch.requests
    await walk.later(seconds=1)
    assert walk.sinch.requests


async def test_a_reply_asks_before_a_campaign(walk: Walk) -> None:
    await go_away(walk)
    await launch(walk, "sale")
    async with walk.database.connection() as connection:
        await connection.execute(
            "UPDATE messages SET priority = $1 "
            "WHERE id = (SELECT id FROM messages WHERE state IN ('planned', 'queued') ORDER BY id DESC LIMIT 1)",
            REPLY_PRIORITY,
        )
    walk.sinch.script.append(CUT)
    await walk.later(seconds=2)
    assert len(walk.sinch.bodies()) == 1
    async with walk.database.connection() as connection:
        asked = "SELECT count(*) FROM messages WHERE state = 'uncertain' AND priority = $1"
        assert await connection.fetchval(asked, REPLY_PRIORITY) == 1


async def test_what_may_not_leave_asks_nothing(walk: Walk) -> None:
    await go_away(walk)
    await launch(walk, "sale")
    async with walk.database.connection() as connection:
        last = "SELECT id FROM messages WHERE state = 'queued' ORDER BY id DESC LIMIT 1"
        await connection.execute(
            "UPDATE messages SET content = '{}' WHERE state = 'queued' AND id <> $1", await connection.fetchval(last)
        )
    await walk.later(seconds=2)
    assert await _messages(walk) == {"accepted": 1, "queued": CROWD - 1}


async def test_messages_end_with_their_ttl_behind_others_that_ask(walk: Walk) -> None:
    await go_away(walk)
    await launch(walk, "sale")
    await launch(walk, "today", ttl="30 minutes")
    walk.sinch.script.extend([REFUSED] * 100)
    for _ in range(7):
        await walk.later(minutes=5)
    assert await _messages(walk, "today") == {"expired": CROWD}
    assert (await _messages(walk)).keys() <= {"planned", "queued"}


async def test_ten_minutes_after_the_last_wait_it_is_tried_as_any_other(walk: Walk) -> None:
    await go_away(walk)
    await walk.later(minutes=11)
    walk.sinch.script.extend([CUT] * CROWD)
    await launch(walk, "sale")
    assert len(walk.sinch.bodies()) == CROWD


async def test_webhooks_of_an_own_preset_wait_with_it_and_are_no_answer(walk: Walk) -> None:
    crowd = await go_away(walk)
    scenario = _calls("crm", account="ours")
    scenario["nodes"][1]["sender"] = "shop-whatsapp"
    await walk.apply(OWN, scenario)
    for one in crowd:
        await walk.track(one, "go")
    await walk.come_to_rest()
    assert not walk.sinch.requests
    await walk.later(seconds=2)
    assert len(walk.sinch.requests) == CROWD
    assert What.SENDER_AWAY in await found_by_doctor(walk)


async def test_an_own_server_that_takes_a_text_is_no_answer_either(walk: Walk) -> None:
    scenario = _calls("crm", account="ours")
    scenario["nodes"][1]["sender"] = "shop-whatsapp"
    await walk.apply({**OWN, "purpose": "text"}, scenario)
    crowd = await go_away(walk)
    await walk.call_back(inbound("421902000000", "hello", walk.now))  # the window is open
    await walk.track(crowd[0], "go")
    await walk.later(seconds=2)
    assert [one.url for one in walk.sinch.requests] == [OWN["url"]]
    assert What.SENDER_AWAY in await found_by_doctor(walk)


async def test_uploads_of_consents_that_come_to_nothing_hold_up_nobody(walk: Walk) -> None:
    crowd = await add_crowd(walk, 2 * IN_A_ROW)
    await walk.apply(_calls("sinch-whatsapp-consent", action="opt_in"))
    for one in crowd[:IN_A_ROW]:
        await walk.track(one, "go")
    for _ in range(IN_A_ROW):
        walk.sinch.script.append(UNAVAILABLE)
        await walk.later(seconds=30)
        assert not walk.sinch.script
    await launch(walk, "sale")
    assert (await _messages(walk))["accepted"] >= IN_A_ROW
    assert What.SENDER_AWAY not in await found_by_doctor(walk)


async def test_a_worker_that_stood_still_has_heard_nothing(walk: Walk) -> None:
    await go_away(walk)
    await launch(walk, "sale")
    walk.now += timedelta(seconds=2)
    steady = count(0.0, 100.0)  # more than it may take until a call begins, at each look
    worker = Delivery(walk.database, walk.box, walk.sinch, lambda: walk.now, lambda: 0.5, steady=lambda: next(steady))
    await worker.step()
    await worker.close()
    assert not walk.sinch.requests
    assert What.SENDER_AWAY in await found_by_doctor(walk)
    walk.sinch.script.append(CUT)
    await walk.come_to_rest()
    assert len(walk.sinch.bodies()) == 1


async def test_a_late_access_token_is_no_answer(walk: Walk) -> None:
    await add_crowd(walk, 1)
    await walk.apply(CONVERSATION)
    await put_away(walk)
    await walk.apply(SALE)
    await walk.launch("sale")
    while await walk.campaigns_move():
        pass
    walk.now += timedelta(seconds=2)
    sinch = SlowSinch(walk, "/token", BEGIN_SECONDS + TOKEN_SECONDS + 1)
    worker = Delivery(walk.database, walk.box, sinch, lambda: walk.now, lambda: 0.5)
    await worker.step()
    await worker.close()
    assert [one.url.rpartition("/")[2] for one in sinch.requests] == ["token"]
    assert What.SENDER_AWAY in await found_by_doctor(walk)


async def test_of_a_batch_the_last_news_of_a_sender_counts(walk: Walk) -> None:
    lane = Lane(walk.project_id, "shop-whatsapp")
    recorder = Recorder(walk.database, lambda: walk.now, lambda: 0.5, 1.0)
    recorder.begin()
    for news in (
        Outcomes((), (), hold=Hold(lane, "unanswered", "Cut.", 0.0, is_away=True)),
        Outcomes((), (), back=lane),
        Outcomes((), (), hold=Hold(lane, "provider_unavailable", "Later.", 3600.0, is_away=True)),
    ):
        recorder.put(news)
    await recorder.finish()
    await recorder.close()
    assert (await found_by_doctor(walk))[What.SENDER_AWAY].waiting.until == walk.now + timedelta(hours=1)


async def test_who_asked_and_vanished_holds_up_nobody_once_it_is_back(walk: Walk) -> None:
    await go_away(walk)
    await launch(walk, "sale")
    walk.now += timedelta(seconds=2)
    await claim_messages(walk.database, walk.box, Renderer(), Turns(), walk.now)
    async with walk.database.transaction() as connection:
        await end_away(connection, Lane(walk.project_id, "shop-whatsapp"), walk.now)
    await walk.come_to_rest()
    assert (await _messages(walk))["accepted"] == CROWD - 1


async def test_workers_that_record_news_of_the_same_senders_wait_for_each_other_in_one_order(walk: Walk) -> None:
    first, second = Lane(walk.project_id, "a"), Lane(walk.project_id, "b")
    recorders = [Recorder(walk.database, lambda: walk.now, lambda: 0.5, 1.0) for _ in "ab"]
    with capture_logs() as logs:
        for recorder in recorders:
            recorder.begin()
        for _ in range(20):
            for recorder, held, asked in zip(recorders, (first, second), (second, first), strict=True):
                recorder.put(Outcomes((), (), hold=Hold(held, "rate_limited", "Slow.", 0.0)))
                recorder.put(Outcomes((), (), asked=asked))
            await asyncio.gather(*(recorder.finish() for recorder in recorders))
        for recorder in recorders:
            await recorder.close()
    assert not [one for one in logs if one["event"] == "outcomes not recorded yet"]
