"""Of a provider that is away doctor, why and the log tell what one needs to know."""

from datetime import timedelta

from structlog.testing import capture_logs

from parley.cli.why import story as why
from parley.services.doctor import Releaser
from parley.services.explain_message import explain_message
from parley.store.doctor import What
from tests.walks.test_asking import CROWD, CUT, REFUSED, found_by_doctor, go_away, launch, put_away
from tests.walks.test_campaigns import add_crowd
from tests.walks.test_presets import OWN, _calls
from tests.walks.walk import Walk


async def test_the_log_tells_once_that_it_is_away_and_that_it_is_back(walk: Walk) -> None:
    with capture_logs() as logs:
        await go_away(walk)
        await launch(walk, "sale")
        walk.sinch.script.extend([CUT] * 2)
        for seconds in (2, 3, 5):
            await walk.later(seconds=seconds)
    told = [one["event"] for one in logs if one.get("sender") == "shop-whatsapp"]
    assert told == ["the provider is away, one message at a time asks", "the provider has answered, messages go on"]


async def test_doctor_tells_the_sender_and_what_waits_whether_somebody_asks_or_not(walk: Walk) -> None:
    await go_away(walk)
    await launch(walk, "sale")
    for seconds in (0.0, 2.0):
        walk.now += timedelta(seconds=seconds)
        told = await found_by_doctor(walk)
        away, waiting = told[What.SENDER_AWAY], told[What.MESSAGES_PACED]
        assert What.MESSAGES_DUE not in told
        assert (away.waits_for, away.waiting.about, away.waiting.code) == (
            Releaser.PROVIDER, "shop-whatsapp", "unanswered",
        )  # fmt: skip
        assert (waiting.waits_for, waiting.waiting.count, waiting.waiting.code) == (
            Releaser.PROVIDER, CROWD, "sender_away",
        )  # fmt: skip


async def test_why_says_what_keeps_a_message(walk: Walk) -> None:
    crowd = await go_away(walk)
    await launch(walk, "sale")
    sentence = "cut"
    for seconds, until in ((0.0, " (until 2026-11-23 12:00:01 UTC)"), (2.0, "")):
        walk.now += timedelta(seconds=seconds)
        message_id = (await walk.events(crowd[0]))[-1]["message_id"]
        told = list(why(await explain_message(walk.database, message_id, walk.now)))
        assert f"  now: unanswered: {sentence}{until}" in told


async def test_doctor_tells_the_operator_after_an_hour(walk: Walk) -> None:
    await add_crowd(walk, 1)
    walk.sinch.script.extend([REFUSED] * 100)
    await launch(walk, "sale")
    began = walk.now
    while not (away := (await found_by_doctor(walk)).get(What.SENDER_AWAY)):
        await walk.later(seconds=10)
    since = away.waiting.since
    assert since > began
    while walk.now < since + timedelta(hours=1):
        away = (await found_by_doctor(walk))[What.SENDER_AWAY]
        assert (away.waits_for, away.waiting.since) == (Releaser.PROVIDER, since)
        await walk.later(minutes=5)
    await walk.later(minutes=5)
    told = await found_by_doctor(walk)
    assert told[What.SENDER_AWAY].waits_for is Releaser.OPERATOR
    assert told[What.MESSAGES_DEFERRED].waits_for is Releaser.OPERATOR


async def test_doctor_tells_the_operator_of_an_own_server_that_is_away_for_an_hour(walk: Walk) -> None:
    crowd = await add_crowd(walk, 1)
    scenario = _calls("crm", account="ours", template_name="back_in_stock", language="en")
    scenario["nodes"][1]["sender"] = "shop-whatsapp"
    body = OWN["body"][:-1] + ', "t": "[[ template_name ]] [[ language ]]"}'
    await walk.apply({**OWN, "purpose": "template", "body": body}, scenario)
    walk.sinch.script.extend([REFUSED] * 100)
    await walk.track(crowd[0], "go")
    await walk.come_to_rest()
    for minutes, releaser in ((59, Releaser.PROVIDER), (2, Releaser.OPERATOR)):
        await walk.later(minutes=minutes)
        (found,) = (await found_by_doctor(walk)).values()
        assert (found.waits_for, found.what) == (releaser, What.MESSAGES_DEFERRED)


async def test_the_wait_doubles_however_long_the_call_took(walk: Walk) -> None:
    waits = []
    for _ in range(4):
        await put_away(walk)
        until = (await found_by_doctor(walk))[What.SENDER_AWAY].waiting.until
        assert until is not None
        waits.append((until - walk.now).total_seconds())
        walk.now = until + timedelta(seconds=61)
    assert waits == [1, 2, 4, 8]
