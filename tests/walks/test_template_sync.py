"""Templates handed in to the local Sinch's Provisioning API, followed by looking and by what it tells."""
# long: one Sinch and one worker for every way in which a template and the registry may differ.

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import pytest

from parley.domain.errors import InvalidInputError
from parley.providers.http import HttpClient
from parley.services.apply_definitions import delete_definition
from parley.services.doctor import diagnose
from parley.services.listen_to_templates import Ear
from parley.services.pull_template import pull_template
from parley.services.receive_callbacks import Callback
from parley.services.registry import Origin, Said, UnknownTemplateError
from parley.services.show_templates import TemplateLine, list_templates, show_template, template_history
from parley.services.steer_templates import order_hand_in, set_status
from parley.services.sync_templates import TemplateSync, next_look
from parley.store.doctor import What
from parley.store.templates import TemplateRow
from parley.templates import Status
from tests.simulator.desk import Desk, open_desk
from tests.simulator.provisioning import SECRET, create, decide, ear
from tests.simulator.shop import Shop
from tests.support.builders import NOW, Cast
from tests.walks.test_templates import SHIPPED
from tests.walks.walk import Walk

NAME = "order_shipped"
FULL = "order_shipped.en"
FILE: dict[str, Any] = {
    "kind": "template",
    "name": NAME,
    "language": "en",
    "category": "SHIPPING_UPDATE",
    "header": {"format": "text", "text": "Order {{1}}", "samples": ["100245"]},
    "body": {"text": "Your order is on its way with {{1}} and arrives soon.", "samples": ["DHL"]},
    "footer": {"text": "Reply HELP for help"},
    "buttons": [
        {"type": "url", "text": "Follow it", "url": "https://shop.example/track/{{1}}", "samples": ["100245"]},
        {"type": "quick_reply", "text": "Call me"},
    ],
}
EDITED = {**FILE, "body": {"text": "Your order was handed to {{1}} and arrives soon.", "samples": ["DHL"]}}


@pytest.fixture(scope="module")
def running() -> Iterator[Desk]:
    with open_desk("--chaos", "off") as desk:
        yield desk


@pytest.fixture
def desk(running: Desk) -> Desk:
    running.reset()
    running.sim("settings", {"template_review": "by_hand"})
    return running


class Sync:
    """A walk whose shop has an account with a Provisioning API, and the worker that follows it."""

    def __init__(self, walk: Walk, desk: Desk, templates: TemplateSync) -> None:
        self.walk = walk
        self.desk = desk
        self.templates = templates

    async def look(self, **later: float) -> None:
        """Time passes, and a worker does what is due."""
        self.walk.now += timedelta(**later)
        while await self.templates.step():
            pass

    async def submit(self) -> None:
        said = Said(Origin.PERSON, "jana")
        await order_hand_in(self.walk.database, self.walk.project_id, FULL, None, said, self.walk.now)
        await self.look()

    async def line(self) -> TemplateLine:
        return (await show_template(self.walk.database, self.walk.project_id, FULL, self.walk.now)).line

    async def status(self) -> str:
        return (await self.line()).status

    async def history(self) -> list[tuple[str, str | None, str]]:
        """What happened, the oldest first."""
        page = await template_history(self.walk.database, self.walk.project_id, FULL)
        return [(one.what, one.after, one.origin) for one in reversed(page.entries)]

    async def hear(self, shop: Shop) -> None:
        """The next callback comes in by the integration's door, signed."""
        heard = shop.next()
        admitted = await self.walk.judged(heard.headers, heard.raw)
        assert isinstance(admitted, Callback), admitted
        await self.walk.receive([admitted])


def account(desk: Desk, **changes: Any) -> dict[str, Any]:
    fields = {name: desk.app[name] for name in ("project_id", "app_id", "key_id", "key_secret")}
    urls = {
        "base_url": desk.url,
        "auth_url": f"{desk.url}/oauth2/token",
        "provisioning_url": f"{desk.url}/provisioning",
    }
    return {
        "kind": "integration",
        "name": "sinch",
        "api": "sinch_conversation",
        "signing_secret": SECRET,
        "account": {**fields, **urls, **changes},
    }


@pytest.fixture
async def sync(walk: Walk, desk: Desk) -> AsyncIterator[Sync]:
    await walk.apply(account(desk))
    await walk.apply(FILE)
    async with HttpClient() as wire:
        templates = TemplateSync(walk.database, walk.box, wire, lambda: walk.now, lambda: 0.5)
        yield Sync(walk, desk, templates)
        await templates.close()


async def test_it_is_handed_in_reviewed_and_approved(sync: Sync) -> None:
    await sync.submit()
    line = await sync.line()
    assert (line.status, line.sender, line.handing_in, line.provider_category) == (
        "submitted",
        "sinch",
        False,
        "UTILITY",
    )
    decide(sync.desk, "approve", name=NAME, language="EN")
    decide(sync.desk, "quality", name=NAME, language="EN", quality="YELLOW")
    await sync.look(seconds=31)
    line = await sync.line()
    assert (line.status, line.quality) == ("approved", "yellow")
    assert await sync.history() == [
        ("applied", "approved", "file"),  # the example, which this file replaces
        ("applied", "linted", "file"),
        ("status", "linted", "file"),
        ("ordered", "sinch", "person"),
        ("handed_in", None, "parley"),
        ("status", "submitted", "provider"),
        ("category", "UTILITY", "provider"),
        ("status", "approved", "provider"),
        ("quality", "yellow", "provider"),
    ]


async def test_what_is_handed_in_is_the_whole_template(sync: Sync) -> None:
    await sync.submit()
    shown = sync.desk.provision("GET", f"/whatsapp/templates/{NAME}/languages/EN").json()
    header, body, footer, buttons = shown["details"]["components"]
    assert header == {"type": "HEADER", "format": "TEXT", "text": "Order {{1}}", "examples": ["100245"]}
    assert body == {"type": "BODY", "text": FILE["body"]["text"], "examples": ["DHL"]}
    assert footer == {"type": "FOOTER", "text": "Reply HELP for help"}
    assert [one["type"] for one in buttons["buttons"]] == ["URL", "QUICK_REPLY"]
    assert buttons["buttons"][0]["examples"] == ["https://shop.example/track/100245"]
    assert [one["unknown_keys"] for one in _asked(sync.desk)] == [[]] * len(_asked(sync.desk))


def _asked(desk: Desk) -> list[dict[str, Any]]:
    """What the Provisioning API was asked for templates."""
    entries: list[dict[str, Any]] = desk.sim("journal?name=provisioning.templates")["entries"]
    return entries


async def test_a_rejection_is_told_with_its_reason_and_another_text_is_handed_in(sync: Sync) -> None:
    await sync.submit()
    decide(sync.desk, "reject", name=NAME, language="EN", rejection_code="INVALID_FORMAT")
    await sync.look(seconds=31)
    line = await sync.line()
    assert (line.status, (line.status_reason or "").split(":")[0]) == ("rejected", "INVALID_FORMAT")
    found = await diagnose(sync.walk.database, sync.walk.project_id, sync.walk.now)
    assert [one.what for one in found if one.waiting.about == FULL] == [What.TEMPLATES_NOT_TAKEN]
    await sync.walk.apply(EDITED)
    assert await sync.status() == "linted"
    await sync.submit()
    assert await sync.status() == "submitted"
    decide(sync.desk, "approve", name=NAME, language="EN")
    await sync.look(seconds=31)
    assert await sync.status() == "approved"


async def test_an_approval_of_the_old_text_is_none_of_the_new(sync: Sync) -> None:
    await sync.submit()
    decide(sync.desk, "approve", name=NAME, language="EN")
    await sync.look(seconds=31)
    await sync.walk.apply({**EDITED, "status": "approved"})  # the provider knows better than the file
    await sync.look(hours=7)
    line = await sync.line()
    assert (line.status, "another text" in (line.problem or "")) == ("linted", True)
    await sync.submit()  # an edit in review beside what is in force
    assert await sync.status() == "submitted"
    decide(sync.desk, "reject", name=NAME, language="EN", rejection_code="SCAM")
    await sync.look(minutes=20)
    assert ((await sync.line()).status, (await sync.line()).problem) == ("rejected", None)


ELSEWHERE: dict[str, Any] = {
    "name": NAME,
    "language": "en",
    "body": FILE["body"]["text"],
    "header": {"format": "TEXT", "text": "Order {{1}}"},
    "footer": FILE["footer"]["text"],
    "buttons": [
        {"type": "URL", "text": "Follow it", "url": "https://shop.example/track/{{1}}"},
        {"type": "QUICK_REPLY", "text": "Call me"},
    ],
}


async def test_what_has_the_same_body_and_other_buttons_is_not_what_was_approved(sync: Sync) -> None:
    sync.desk.sim("templates", ELSEWHERE | {"buttons": ELSEWHERE["buttons"][:1]})
    await sync.look(hours=7)
    line = await sync.line()
    assert (line.status, "other parts" in (line.problem or "")) == ("linted", True)


async def test_what_was_approved_elsewhere_is_found_and_not_handed_in_again(sync: Sync) -> None:
    sync.desk.sim("templates", ELSEWHERE)
    await sync.submit()
    assert await sync.status() == "approved"
    assert {one["method"] for one in _asked(sync.desk)} == {"GET"}
    with pytest.raises(InvalidInputError, match="is with WhatsApp already"):
        await sync.submit()


async def test_a_pause_that_is_told_stops_at_once_and_the_approval_is_asked_for(
    sync: Sync, people: Cast, desk: Desk
) -> None:
    walk = sync.walk
    await sync.submit()
    decide(desk, "approve", name=NAME, language="EN")
    await sync.look(seconds=31)
    await walk.apply({**SHIPPED, "nodes": _nodes()})
    with ear(desk) as shop:
        for times in range(2):  # the second pause is told in the very same bytes
            decide(desk, "pause", name=NAME, language="EN")
            await sync.hear(shop)
            assert await sync.status() == "paused"
            await walk.track(people.alice, "go")
            await walk.come_to_rest()
            assert (await walk.events(people.alice))[-1]["code"] == "template_paused"
            decide(desk, "unpause", name=NAME, language="EN")
            await sync.hear(shop)
            assert await sync.status() == "paused", "good news is asked for first"
            await sync.look()
            assert await sync.status() == "approved"
            await walk.come_to_rest()
            events = [one for one in await walk.events(people.alice) if one.get("kind") == "template"]
            assert [one["status"] for one in events].count("accepted") == times + 1


def _nodes() -> list[dict[str, Any]]:
    buttons = [{"type": "url", "parameter": "100245"}, {"type": "quick_reply", "payload": "CALL"}]
    send = {"template": NAME, "header_parameters": ["100245"], "parameters": ["DHL"], "buttons": buttons}
    return [
        {"id": "go", "type": "on_event", "event": "go", "next": "send"},
        {"id": "send", "type": "send_template", "sender": "shop-whatsapp", **send},
    ]


async def test_a_callback_with_a_wrong_signature_pauses_nothing(sync: Sync, desk: Desk) -> None:
    await sync.submit()
    decide(desk, "approve", name=NAME, language="EN")
    await sync.look(seconds=31)
    with ear(desk) as shop:
        decide(desk, "disable", name=NAME, language="EN")
        heard = shop.next()
        walk = sync.walk
        forged = heard.raw.replace(b"DISABLED", b"APPROVED")
        assert not isinstance(await walk.judged(heard.headers, forged), Callback)
    assert await sync.status() == "approved"
    await sync.look(hours=7)
    assert await sync.status() == "disabled"


async def test_what_sinch_refuses_is_told_and_not_tried_again(sync: Sync) -> None:
    other = sync.desk.provision("POST", "/whatsapp/templates", _same_words("other"))
    assert other.status_code == 201
    await sync.submit()
    line = await sync.line()
    assert (line.status, line.handing_in) == ("linted", False)
    assert "Another template says the same" in (line.problem or "")
    assert ("refused", "template_content_already_exists", "provider") in await sync.history()


def _same_words(name: str) -> dict[str, Any]:
    body = {"type": "BODY", "text": FILE["body"]["text"], "examples": ["DHL"]}
    footer = {"type": "FOOTER", "text": FILE["footer"]["text"]}
    return {"name": name, "language": "EN", "category": "UTILITY", "details": {"components": [body, footer]}}


async def test_what_passes_is_tried_again(sync: Sync) -> None:
    sync.desk.sim("faults", {"kind": "status", "status": 503, "endpoint": "provisioning.*"})
    await sync.submit()
    line = await sync.line()
    assert (line.status, line.handing_in, (line.problem or "")[:13]) == ("linted", True, "Not handed in")
    await sync.look(minutes=1)
    assert ((await sync.line()).status, (await sync.line()).problem) == ("submitted", None)


async def test_a_template_that_was_deleted_there_cannot_be_sent(sync: Sync) -> None:
    await sync.submit()
    decide(sync.desk, "approve", name=NAME, language="EN")
    await sync.look(seconds=31)
    assert sync.desk.provision("DELETE", f"/whatsapp/templates/{NAME}").status_code == 204
    await sync.look(hours=7)
    line = await sync.line()
    assert (line.status, "deleted there" in (line.status_reason or "")) == ("disabled", True)


async def test_an_account_that_cannot_be_asked_is_told_by_the_doctor(sync: Sync) -> None:
    await sync.walk.apply(account(sync.desk, key_secret="wrong"))
    await sync.look(hours=7)
    found = await diagnose(sync.walk.database, sync.walk.project_id, sync.walk.now)
    told = [one for one in found if one.what is What.TEMPLATES_NOT_LOOKED_AT]
    assert [(one.waiting.about, one.waiting.count) for one in told] == [("sinch", 1)]


async def test_the_status_of_what_the_provider_tells_is_not_said_by_hand(sync: Sync) -> None:
    await sync.submit()
    said = Said(Origin.PERSON, "jana", "I know better.")
    with pytest.raises(InvalidInputError, match="is told by the provider"):
        await set_status(sync.walk.database, sync.walk.project_id, FULL, Status.APPROVED, said, sync.walk.now)


async def test_sinch_is_asked_once_to_tell(sync: Sync, desk: Desk) -> None:
    walk = sync.walk
    async with HttpClient() as wire:
        ear_of_ours = Ear(walk.database, walk.box, wire, lambda: walk.now, lambda: 0.5)
        made = [await ear_of_ours.listen(walk.project_id, None, "https://parley.test/") for _ in range(2)]
        assert [(one.sender, one.is_new) for one in made] == [("sinch", True), ("sinch", False)]
        (hook,) = desk.provision("GET", "/webhooks").json()["webhooks"]
        assert hook["target"] == f"https://parley.test/callbacks/sinch/{walk.token}"
        with pytest.raises(InvalidInputError, match="url"):
            await ear_of_ours.listen(walk.project_id, None, "nowhere")
        await walk.apply({**account(desk), "signing_secret": None})
        with pytest.raises(InvalidInputError, match="signing_secret: is missing"):
            await ear_of_ours.listen(walk.project_id, "sinch", "https://parley.test")
        await ear_of_ours.close()


async def test_without_its_account_a_person_says_where_it_stands(sync: Sync) -> None:
    walk = sync.walk
    await sync.submit()
    assert await delete_definition(walk.database, walk.project_id, "integration", "sinch", walk.now)
    said = Said(Origin.PERSON, "jana", "The account was closed.")
    await set_status(walk.database, walk.project_id, FULL, Status.DISABLED, said, walk.now)
    assert ((await sync.line()).status, (await sync.line()).sender) == ("disabled", None)


async def test_what_whatsapp_files_otherwise_is_priced_so(sync: Sync, people: Cast, desk: Desk) -> None:
    walk = sync.walk
    await sync.submit()
    decide(desk, "approve", name=NAME, language="EN")
    await sync.look(seconds=31)
    await walk.apply({**SHIPPED, "nodes": _nodes()})
    categories = []
    for category in ("UTILITY", "MARKETING"):
        decide(desk, "recategorise", name=NAME, language="EN", category=category)
        await sync.look(hours=7)
        await walk.track(people.alice, "go")
        await walk.come_to_rest()
        async with walk.database.connection() as connection:
            categories += await connection.fetch(
                "SELECT category FROM cost_entries WHERE kind = 'reserve' ORDER BY at DESC LIMIT 1"
            )
    assert [row["category"] for row in categories] == ["utility", "marketing"]
    assert (await sync.line()).provider_category == "MARKETING"


async def test_an_override_hands_nothing_in_that_whatsapp_would_refuse(sync: Sync) -> None:
    edge = {
        **FILE,
        "override": "It was always so.",
        "body": {"text": "Your order arrives with {{1}}", "samples": ["DHL"]},
    }
    await sync.walk.apply(edge)
    assert await sync.status() == "draft"
    with pytest.raises(InvalidInputError, match="variable_at_edge"):
        await sync.submit()
    assert (await sync.line()).handing_in is False


async def test_an_account_without_such_an_api_cannot_hand_in(walk: Walk) -> None:
    with pytest.raises(InvalidInputError, match="Customer Success Manager"):
        await order_hand_in(
            walk.database, walk.project_id, "cart_reminder.en", None, Said(Origin.PERSON), walk.now
        )  # fmt: skip


@pytest.mark.parametrize(
    ("status", "waited", "expected"),
    [
        ("submitted", timedelta(0), timedelta(seconds=30)),
        ("submitted", timedelta(minutes=20), timedelta(minutes=2)),
        ("paused", timedelta(hours=6), timedelta(minutes=15)),
        ("approved", timedelta(days=9), timedelta(hours=6)),
    ],
)
def test_only_what_waits_is_looked_at_often(status: str, waited: timedelta, expected: timedelta) -> None:
    assert next_look([TemplateRow(FULL, 1, status, NOW - waited, sender="sinch")], "sinch", NOW) == expected


AT_SINCH = {"name": "back_soon", "language": "EN", "category": "UTILITY"}
BODY = {"type": "BODY", "text": "Your order {{1}} is on its way and arrives soon.", "examples": ["100245"]}


async def _listed(sync: Sync) -> dict[str, tuple[str, bool]]:
    page = await list_templates(sync.walk.database, sync.walk.project_id)
    return {one.name: (one.status, one.only_at_provider) for one in page.templates}


async def test_what_only_the_provider_has_is_listed_and_kept_up_to_date(sync: Sync) -> None:
    create(sync.desk, BODY, **AT_SINCH)
    await sync.look(hours=7)
    assert (await _listed(sync))["back_soon.en"] == ("submitted", True)
    decide(sync.desk, "approve", "back_soon", "EN")
    await sync.look(hours=7)
    assert (await _listed(sync))["back_soon.en"] == ("approved", True)
    approved = await list_templates(sync.walk.database, sync.walk.project_id, status=Status.APPROVED, limit=1000)
    assert "back_soon.en" in {one.name for one in approved.templates}
    assert sync.desk.provision("DELETE", "/whatsapp/templates/back_soon/languages/EN?deleteSubmitted=true").ok
    await sync.look(hours=7)
    assert "back_soon.en" not in await _listed(sync)


async def test_pages_hold_both_kinds_in_one_order(sync: Sync) -> None:
    for name in ("aaa", "order_shipped_2", "zzz"):
        create(sync.desk, BODY | {"text": f"Your {name} {{{{1}}}} is on its way."}, **AT_SINCH | {"name": name})
    await sync.look(hours=7)
    names: list[str] = []
    after: str | None = ""
    while after is not None:
        page = await list_templates(sync.walk.database, sync.walk.project_id, after=after, limit=2)
        names += [one.name for one in page.templates]
        after = page.next
    assert names == sorted({*names})
    assert {"aaa.en", "order_shipped_2.en", "zzz.en", FULL} <= {*names}


async def test_it_is_adopted_by_its_file_and_not_handed_in_again(sync: Sync) -> None:
    create(sync.desk, BODY, **AT_SINCH)
    decide(sync.desk, "approve", "back_soon", "EN")
    await sync.look(hours=7)
    view = await show_template(sync.walk.database, sync.walk.project_id, "back_soon.en", sync.walk.now)
    assert (view.line.only_at_provider, view.template.body.samples) == (True, ("100245",))
    pulled = await pull_template(sync.walk.database, sync.walk.project_id, "back_soon.en")
    assert (pulled.file["category"], pulled.refused_for) == ("SHIPPING_UPDATE", ())
    await sync.walk.apply(pulled.file)
    await sync.look(minutes=1)
    assert (await _listed(sync))["back_soon.en"] == ("approved", False)
    asked = sync.desk.sim("journal?kind=request")["entries"]
    written = [one["method"] for one in asked if one["api"] == "provisioning" and one["method"] != "GET"]
    assert written == ["POST"], "by whoever made it at the provider, and by nobody else"


async def test_what_the_projects_rules_forbid_is_told_with_the_file(sync: Sync) -> None:
    sale = BODY | {"text": "Get 20 % off everything in our shop with {{1}} today!"}
    create(sync.desk, sale, **AT_SINCH | {"category": "MARKETING"})
    await sync.look(hours=7)
    pulled = await pull_template(sync.walk.database, sync.walk.project_id, "back_soon.en")
    assert {one.rule for one in pulled.refused_for} >= {"promotional", "category_transactional"}
    with pytest.raises(UnknownTemplateError, match="None of the project's accounts"):
        await pull_template(sync.walk.database, sync.walk.project_id, "never.en")


async def test_an_account_that_is_gone_takes_its_templates_along(sync: Sync) -> None:
    create(sync.desk, BODY, **AT_SINCH)
    await sync.look(hours=7)
    await delete_definition(sync.walk.database, sync.walk.project_id, "integration", "sinch", sync.walk.now)
    assert "back_soon.en" not in await _listed(sync)


async def test_a_carousel_is_handed_in_and_comes_back_as_it_was(sync: Sync) -> None:
    sync.desk.sim("settings", {"check_media": False})
    await sync.walk.apply({"kind": "settings", "rules": "current"}, LAMPS)
    said = Said(Origin.PERSON, "jana")
    await order_hand_in(sync.walk.database, sync.walk.project_id, "lamps.en", None, said, sync.walk.now)
    await sync.look()
    assert (await _listed(sync))["lamps.en"] == ("submitted", False)
    await sync.look(hours=7)
    pulled = await pull_template(sync.walk.database, sync.walk.project_id, "lamps.en")
    assert pulled.file == LAMPS


LAMP = {
    "header": {"format": "image", "samples": ["https://cdn.example/a.png"]},
    "body": {"text": "A lamp for {{1}} EUR.", "samples": ["20"]},
    "buttons": [{"type": "quick_reply", "text": "Show me"}],
}
LAMPS: dict[str, Any] = {
    "kind": "template",
    "name": "lamps",
    "language": "en",
    "category": "MARKETING",
    "body": {"text": "Here are the lamps that are new in our shop."},
    "carousel": [LAMP, LAMP],
}
