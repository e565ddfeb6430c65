"""The provider is told who agreed and who does not, and tells us who stopped: both ways end in the ledger."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from parley.domain.errors import InvalidInputError
from parley.domain.http import HttpResponse
from parley.services.consent_ledger import show_consents
from parley.services.keep_suppressions import read_suppressions
from parley.services.upload_consents import Wish, list_uploads, upload_consents
from parley.store.consents import Page
from tests.support.builders import Cast, add_customer, consent_event
from tests.walks.walk import Walk, inbound

OPT_IN = "/provision/optin"
CONVERSATION: dict[str, Any] = {
    "kind": "integration", "name": "shop-whatsapp", "api": "sinch_conversation",
    "account": {"project_id": "p1", "app_id": "01APP", "key_id": "k", "key_secret": "s", "base_url": "https://c.test"},
}  # fmt: skip


async def upload(walk: Walk, wish: Wish | None = None) -> tuple[int, int]:
    done = await upload_consents(walk.database, walk.project.project, wish or Wish(), walk.now)
    return done.opt_outs, done.opt_ins


async def told(walk: Walk) -> dict[str, str]:
    """The last word on each number."""
    page = await list_uploads(walk.database, walk.project.project, None, 500, only_failed=False)
    return {str(one.number): f"{one.action} {one.state}" for one in reversed(page.uploads)}


def calls(walk: Walk) -> list[tuple[str, int]]:
    """Method and how many numbers."""
    sent = [one for one in walk.sinch.requests if one.url.endswith(OPT_IN)]
    return [(one.method, len(msgspec.json.decode(one.body)["numbers"])) for one in sent]


@pytest.fixture
async def quiet(walk: Walk) -> Walk:
    """Without the example that uploads each consent by itself."""
    upload_example = {"kind": "scenario", "name": "upload-consent", "title": "x", "active": False}
    go = [{"id": "go", "type": "on_event", "event": "go", "next": "note"},
          {"id": "note", "type": "track_event", "event": "noted", "properties": {}}]  # fmt: skip
    await walk.apply(upload_example | {"nodes": go})
    return walk


async def test_opt_outs_go_first_and_twenty_numbers_to_a_call(quiet: Walk, people: Cast) -> None:
    for number in range(45):
        phone = f"42190110{number:04}"
        customer = await add_customer(quiet.database, quiet.project, phone, {"phone": f"+{phone}"})
        await quiet.track(customer, "consent", **consent_event(customer, "accept").properties)
    assert await upload(quiet) == (1, 46)
    await quiet.come_to_rest()
    assert calls(quiet)[0] == ("DELETE", 1)
    assert sorted(calls(quiet)[1:]) == [("POST", 6), ("POST", 20), ("POST", 20)]
    assert len([one for one in (await told(quiet)).values() if one == "opt_in accepted"]) == 46
    assert (await told(quiet))["421901000002"] == "opt_out accepted"
    assert await upload(quiet) == (0, 0)
    assert await upload(quiet, Wish(again=True)) == (1, 46)


async def test_what_became_of_each_number_is_kept(quiet: Walk, people: Cast) -> None:
    await upload(quiet)
    no = HttpResponse(400, (), msgspec.json.encode({"message": "400", "reason": "Validation error", "details": ""}))
    quiet.sinch.script.append(no)
    await quiet.come_to_rest()
    failed = await list_uploads(quiet.database, quiet.project.project, None, 50, only_failed=True)
    assert [(one.number, one.code) for one in failed.uploads] == [("421901000002", "invalid_request")]
    assert await upload(quiet) == (1, 0)  # what failed is told again


async def test_an_opt_in_that_stop_overtook_never_leaves(quiet: Walk, people: Cast) -> None:
    await upload(quiet)
    await quiet.call_back(inbound("421901000001", "STOP", quiet.now))
    await quiet.come_to_rest()
    assert calls(quiet) == [("DELETE", 1)]  # Bob's
    assert (await told(quiet))["421901000001"] == "opt_in refused"


async def test_todays_api_needs_no_upload_and_says_so(walk: Walk, people: Cast) -> None:
    await walk.apply(CONVERSATION)
    with pytest.raises(InvalidInputError, match="needs no upload"):
        await upload(walk)
    with pytest.raises(InvalidInputError, match="one of the project's integrations"):
        await upload(walk, Wish(sender="other"))
    with pytest.raises(InvalidInputError, match="purpose consent"):
        await upload(walk, Wish(preset="sinch-whatsapp-template"))


def consent_report(number: str, way: str, at: datetime, outcome: str = "SUCCEEDED") -> dict[str, Any]:
    """A callback of the Conversation API: `way` is opt_in or opt_out."""
    return {
        "app_id": "01APP", "project_id": "p1", "event_time": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        f"{way}_notification": {
            "request_id": f"{way}-{number}-{at.timestamp()}", "channel": "WHATSAPP", "identity": number,
            "status": f"{way.upper()}_{outcome}", "error_details": {"description": "It is no number."},
        },
    }  # fmt: skip


async def stands(walk: Walk, customer: str, category: str = "whatsapp") -> bool:
    shown = await show_consents(walk.database, walk.project.project, customer, Page(50, category=category), walk.now)
    return shown.standing[0].granted


async def listed(walk: Walk, number: str) -> list[tuple[str, str]]:
    found = await read_suppressions(walk.database, walk.project.project, f"+{number}", None, 10)
    return [(one.reason, one.scope) for one in found.suppressions]


async def test_the_echo_of_an_upload_settles_it_and_says_nothing_of_the_customer(quiet: Walk, people: Cast) -> None:
    await upload(quiet)
    await quiet.come_to_rest()
    await quiet.call_back(consent_report("421901000002", "opt_out", quiet.now, "FAILED"))
    assert (await told(quiet))["421901000002"] == "opt_out failed"
    await quiet.later(minutes=1)
    await quiet.track(people.bob, "consent", **consent_event(people.bob, "accept").properties)
    await upload(quiet)
    await quiet.come_to_rest()
    await quiet.call_back(consent_report("421901000002", "opt_in", quiet.now))
    assert (await told(quiet))["421901000002"] == "opt_in delivered"
    assert await listed(quiet, "421901000002") == []


async def test_an_opt_out_at_the_provider_enters_the_ledger(quiet: Walk, people: Cast) -> None:
    await quiet.call_back(consent_report("421901000001", "opt_out", quiet.now))
    assert not await stands(quiet, "registered=alice")
    assert await listed(quiet, "421901000001") == [("provider", "all")]
    await quiet.later(minutes=1)
    await quiet.call_back(consent_report("421901000001", "opt_in", quiet.now))
    assert await stands(quiet, "registered=alice")
    assert await listed(quiet, "421901000001") == []


async def failing_message(walk: Walk, people: Cast, code: str, reason: str = "CHANNEL_REJECT") -> None:
    """Alice's template was accepted, and fails with that code of WhatsApp's."""
    settings = {"consent_category": "whatsapp"}
    nodes = [{"id": "go", "type": "on_event", "event": "go", "next": "send"},
             {"id": "send", "type": "send_template", "template": "cart_reminder", "parameters": ["A"]}]  # fmt: skip
    await walk.apply({"kind": "scenario", "name": "remind", "title": "R", "settings": settings, "nodes": nodes})
    await walk.track(people.alice, "go")
    await walk.come_to_rest()
    (message_id,) = {one["message_id"] for one in await walk.events(people.alice) if one["status"] == "accepted"}
    report = {
        "message_id": "01X", "status": "FAILED", "metadata": message_id,
        "channel_identity": {"channel": "WHATSAPP", "identity": "421901000001"},
        "reason": {"code": reason, "description": "", "channel_code": code},
    }  # fmt: skip
    at = f"{walk.now + timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}"
    await walk.call_back({"app_id": "01APP", "project_id": "p1", "event_time": at, "message_delivery_report": report})


async def test_131050_ends_marketing_and_nothing_else(walk: Walk, people: Cast) -> None:
    await walk.apply({"kind": "consent_category", "name": "offers", "purpose": "marketing"})
    await walk.track(people.alice, "consent", action="accept", category="offers", valid_until="unlimited")
    await walk.later(minutes=1)
    await failing_message(walk, people, "131050")
    assert await listed(walk, "421901000001") == [("provider", "marketing")]
    assert not await stands(walk, "registered=alice", "offers")
    assert await stands(walk, "registered=alice")


async def test_a_number_on_the_providers_list_is_out_of_everything(walk: Walk, people: Cast) -> None:
    await failing_message(walk, people, "", "RECIPIENT_NOT_OPTED_IN")
    assert await listed(walk, "421901000001") == [("provider", "all")]
    assert not await stands(walk, "registered=alice")


async def test_a_person_who_cannot_be_reached_has_said_nothing(walk: Walk, people: Cast) -> None:
    await failing_message(walk, people, "131026")
    assert await listed(walk, "421901000001") == []
    assert await stands(walk, "registered=alice")
