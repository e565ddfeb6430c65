"""STOP, START, HELP and a project's own keywords: what they do to consents, to what waits, and what is answered."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from parley.services.anonymize import anonymize
from parley.services.consent_ledger import show_consents
from parley.store.consents import Page
from tests.support.builders import Cast, add_customer, add_event, consent_event
from tests.walks.walk import EXAMPLES, Walk, inbound

ALICE, CAROL = "421901000001", "421901000003"
REMIND: dict[str, Any] = {
    "kind": "scenario",
    "name": "remind",
    "title": "Remind",
    "settings": {"consent_category": "whatsapp"},
    "nodes": [
        {"id": "go", "type": "on_event", "event": "go", "next": "send"},
        {
            "id": "send", "type": "send_template", "template": "cart_reminder",
            "parameters": ["{{ customer.first_name }}"], "next": "text",
        },
        {"id": "text", "type": "send_text", "text": "And a free text"},
    ],
}  # fmt: skip


class Thread:
    """What one number writes, each message a little later."""

    def __init__(self, walk: Walk, number: str) -> None:
        self._walk = walk
        self._number = number
        self._count = 0

    async def says(self, *texts: str) -> None:
        for text in texts:
            self._count += 1
            self._walk.now += timedelta(seconds=5)
            await self._walk.call_back(inbound(self._number, text, self._walk.now, f"IN-{self._number}-{self._count}"))
            await self._walk.come_to_rest()


async def answers(walk: Walk) -> list[str]:
    """The texts that were sent."""
    return [body["message"]["text"] for body in walk.sinch.bodies() if body["message"]["type"] == "text"]


async def stands(walk: Walk, customer_id: UUID, category: str = "whatsapp") -> bool:
    page = Page(50, category=category)
    shown = await show_consents(walk.database, walk.project.project, f"id={customer_id}", page, walk.now)
    return shown.standing[0].granted


async def test_a_stop_ends_every_consent_is_proved_and_answered_once(walk: Walk, people: Cast) -> None:
    alice = Thread(walk, ALICE)
    await alice.says("Stop!")
    assert not await stands(walk, people.alice)
    assert await answers(walk) == [
        "You will get no more messages from Walked shop. Write START if you want them again."
    ]
    shown = await show_consents(walk.database, walk.project.project, f"id={people.alice}", Page(1), walk.now)
    entry = shown.entries[0]
    assert (entry.entry.source, entry.evidence.said) == ("keyword", "Stop!")
    assert entry.evidence.message_id == f"IN-{ALICE}-1"
    await alice.says("STOP", "unsubscribe")
    assert len(await answers(walk)) == 1


async def test_what_waits_already_is_refused_at_the_wire(walk: Walk, people: Cast) -> None:
    await walk.apply(REMIND)
    alice = Thread(walk, ALICE)
    await alice.says("hi")
    await walk.track(people.alice, "go")
    await walk.plan()
    assert [await walk.states(people.alice, kind) for kind in ("template", "text")] == [["queued"], ["queued"]]
    sent = len(walk.sinch.requests)
    await alice.says("STOP")
    assert await walk.states(people.alice, "template") == ["queued", "refused"]
    assert (await walk.states(people.alice, "text")).count("refused") == 1
    (left,) = walk.sinch.bodies()[sent:]
    assert "no more messages" in left["message"]["text"]  # the confirmation alone
    codes = {one.get("code") for one in await walk.events(people.alice) if one.get("status") == "refused"}
    assert codes == {"suppressed"}


async def test_start_brings_back_what_stop_took_and_nothing_else(walk: Walk, people: Cast) -> None:
    await walk.apply({"kind": "consent_category", "name": "offers"}, {"kind": "consent_category", "name": "news"})
    await walk.track(people.alice, "consent", action="accept", category="offers", valid_until="unlimited")
    alice = Thread(walk, ALICE)
    await alice.says("STOP")
    await alice.says("START")
    assert [await stands(walk, people.alice, name) for name in ("whatsapp", "offers", "news")] == [True, True, False]
    assert "again" in (await answers(walk))[-1]
    await walk.apply(REMIND)
    await walk.track(people.alice, "go")
    await walk.come_to_rest()
    assert "accepted" in await walk.states(people.alice, "template")
    await alice.says("STOP")
    assert len([text for text in await answers(walk) if "no more messages" in text]) == 2


async def test_the_button_of_the_examples_offer_ends_the_offers_and_nothing_else(walk: Walk, people: Cast) -> None:
    await walk.track(people.alice, "consent", action="accept", category="offers", valid_until="unlimited")
    sale = json.loads((EXAMPLES / "spring-sale.json").read_text("utf-8"))
    assert sale["settings"]["consent_category"] == "offers"
    alice = Thread(walk, ALICE)
    await alice.says(sale["send"]["buttons"][0]["payload"])
    assert [await stands(walk, people.alice, name) for name in ("offers", "whatsapp")] == [False, True]
    assert "no more offers" in (await answers(walk))[-1]
    await walk.apply(REMIND)
    await walk.track(people.alice, "go")
    await walk.come_to_rest()
    assert "accepted" in await walk.states(people.alice, "template")


async def test_start_of_whoever_was_never_asked_grants_the_usual_category(walk: Walk, people: Cast) -> None:
    carol = Thread(walk, CAROL)
    await carol.says("hello")
    assert not await stands(walk, people.carol)
    await carol.says("Start")
    assert await stands(walk, people.carol)


async def test_a_consent_that_is_given_elsewhere_lifts_a_stop(walk: Walk, people: Cast) -> None:
    await walk.apply(REMIND)
    alice = Thread(walk, ALICE)
    await alice.says("STOP")
    await walk.later(minutes=5)
    await walk.track(people.alice, "consent", **consent_event(people.alice, "accept").properties)
    await walk.track(people.alice, "go")
    await walk.come_to_rest()
    assert "accepted" in await walk.states(people.alice, "template")


async def test_a_stop_that_comes_after_the_start_that_followed_it_changes_nothing(walk: Walk, people: Cast) -> None:
    earlier = walk.now
    walk.now += timedelta(minutes=10)
    await walk.call_back(inbound(ALICE, "START", walk.now, "IN-2"))
    await walk.call_back(inbound(ALICE, "STOP", earlier, "IN-1"))
    await walk.apply(REMIND)
    await walk.track(people.alice, "go")
    await walk.come_to_rest()
    assert await stands(walk, people.alice)
    assert "accepted" in await walk.states(people.alice, "template")


async def test_whoever_shares_the_number_is_stopped_too(walk: Walk, people: Cast) -> None:
    twin = await add_customer(walk.database, walk.project, "twin", {"phone": f"+{ALICE}"})
    await walk.track(twin, "consent", **consent_event(twin, "accept").properties)
    await Thread(walk, ALICE).says("STOP")
    assert [await stands(walk, one) for one in (people.alice, twin)] == [False, False]


@pytest.mark.parametrize(
    ("texts", "count"), [(["HELP"], 1), (["HELP", "help!", "Info"], 1), (["HELP", "STOP", "HELP"], 3)]
)
async def test_help_is_answered_and_not_twice_in_a_row(
    walk: Walk, people: Cast, texts: Sequence[str], count: int
) -> None:
    await Thread(walk, ALICE).says(*texts)
    assert len(await answers(walk)) == count
    assert await stands(walk, people.alice) == ("STOP" not in texts)


async def test_help_is_answered_again_after_an_hour(walk: Walk, people: Cast) -> None:
    alice = Thread(walk, ALICE)
    await alice.says("HELP")
    await walk.later(hours=1)
    await alice.says("HELP")
    assert len(await answers(walk)) == 2


async def test_the_answer_is_in_the_customers_language(walk: Walk, people: Cast) -> None:
    await add_customer(walk.database, walk.project, "alice", {"language": "sk"})
    await Thread(walk, ALICE).says("STOP")
    await Thread(walk, CAROL).says("ARRÊT")
    assert [text.split()[0] for text in await answers(walk)] == ["Od", "Vous"]


async def test_a_scenario_that_asks_keeps_the_words_that_may_be_its_answer(walk: Walk, people: Cast) -> None:
    ask: dict[str, Any] = {
        "kind": "scenario", "name": "ask", "title": "Ask",
        "nodes": [
            {"id": "go", "type": "on_event", "event": "ask", "next": "wait"},
            {
                "id": "wait",
                "type": "wait_for_reply",
                "within": "1 hour",
                "replies": {"CANCEL": "note"},
                "otherwise": "note",
            },
            {"id": "note", "type": "track_event", "event": "noted", "properties": {}},
        ],
    }  # fmt: skip
    await walk.apply(ask)
    await walk.track(people.alice, "ask")
    await walk.come_to_rest()
    alice = Thread(walk, ALICE)
    await alice.says("CANCEL")
    assert await stands(walk, people.alice)
    assert len(await walk.events(people.alice, "noted")) == 1
    await alice.says("CANCEL")  # nothing asks any more
    assert not await stands(walk, people.alice)


async def test_a_keyword_of_the_projects_own_grants_its_category(walk: Walk, people: Cast) -> None:
    await walk.apply({"kind": "consent_category", "name": "offers"})
    await walk.apply(
        {
            "kind": "auto_response", "name": "offers", "action": "grant", "categories": ["offers"],
            "keywords": {"en": ["OFFERS"]}, "reply": {"en": "Welcome, {{ customer.first_name }}."},
        }
    )  # fmt: skip
    await Thread(walk, CAROL).says("offers")
    assert await stands(walk, people.carol, "offers")
    assert not await stands(walk, people.carol)
    assert await answers(walk) == ["Welcome, Carol."]


async def test_a_stop_outlives_the_erasure_of_its_customer(walk: Walk, people: Cast) -> None:
    await Thread(walk, ALICE).says("STOP")
    await anonymize(walk.database, walk.project.project, [people.alice], walk.now)
    again = await add_customer(walk.database, walk.project, "again", {"phone": f"+{ALICE}", "first_name": "A"})
    old = consent_event(again, "accept", occurred_at=walk.now - timedelta(days=30))
    await add_event(walk.database, walk.project, old)
    await walk.apply(REMIND)
    await walk.track(again, "go")
    await walk.come_to_rest()
    assert await walk.states(again, "template") == ["refused"]
    await walk.later(minutes=1)
    await walk.track(again, "consent", **consent_event(again, "accept").properties)
    await walk.track(again, "go")
    await walk.come_to_rest()
    assert "accepted" in await walk.states(again, "template")
