"""A yes that must be confirmed, over HTTP: the link, its page, and what it proves."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from parley.access import Role
from parley.api.confirm_page import texts
from parley.domain.consent import Action
from parley.services.anonymize import anonymize
from parley.services.consent_ledger import Shown, show_consents
from parley.store.consents import Page
from parley.store.database import Database
from parley.store.events import Slice, past_events
from tests.contracts.management.test_definitions import as_role
from tests.contracts.management.test_definitions import call as call_under
from tests.support.api import ProjectApi
from tests.support.builders import NOW, Cast, add_event, consent_event

RULE: dict[str, Any] = {"categories": ["whatsapp"], "expires_hours": 24}
YES: dict[str, Any] = {
    "customer": "registered=carol", "action": "accept", "category": "whatsapp",
    "valid_until": "2099-01-01T00:00:00Z", "evidence": {"shown_text": "May <we> write? ✅"},
}  # fmt: skip
BROWSER = {"Accept": "text/html", "User-Agent": "Browser 7", "X-Forwarded-For": "203.0.113.7"}


class Desk:
    """Carol says yes, and gets a link."""

    def __init__(self, api: ProjectApi, database: Database, cast: Cast) -> None:
        self.api = api
        self.database = database
        self.cast = cast

    async def settle(self, **changes: Any) -> None:
        body = {"kind": "settings", "name": "project", "double_opt_in": RULE | changes}
        written = await call_under(self.api, "PUT", "/settings/project", body)
        assert written.status in (200, 201), written.text

    async def agree(self) -> str:
        answer = await call_under(self.api, "POST", "/", YES, under="/consents")
        carol = str(self.cast.carol)
        assert answer.body["data"] == {"customers": [carol], "to_confirm": [carol]}
        return str((await self.asked())[-1]["token"])

    async def asked(self) -> list[dict[str, Any]]:
        async with self.database.connection() as connection:
            return [one.properties for one in await past_events(connection, self.cast.carol, Slice(["double_opt_in"]))]

    async def follow(self, token: str, method: str = "POST", **headers: str) -> requests.Response:
        url = f"{self.api.url}/confirm/{token}"
        return await asyncio.to_thread(requests.request, method, url, headers=headers, timeout=20)

    async def shown(self) -> Shown:
        clock = NOW.replace(year=2098)
        return await show_consents(self.database, self.api.project.project, "registered=carol", Page(9), clock)

    async def actions(self) -> list[str]:
        return [one.entry.action for one in (await self.shown()).entries]


@pytest.fixture
async def desk(api: ProjectApi, database: Database, cast: Cast) -> Desk:
    desk = Desk(api, database, cast)
    await desk.settle()
    return desk


async def test_the_link_shows_a_page_and_only_its_button_confirms(desk: Desk) -> None:
    token = await desk.agree()
    page = await desk.follow(token, "GET", **BROWSER)
    assert (page.status_code, page.headers["Cache-Control"]) == (200, "no-store")
    assert "May &lt;we&gt; write? ✅" in page.content.decode()
    asked = (await desk.follow(token, "GET")).json()["data"]["confirm_until"]
    until = datetime.fromisoformat(asked).astimezone(UTC)
    assert f">{until:%Y-%m-%d %H:%M} UTC</time>." in page.content.decode()
    assert await desk.actions() == [Action.ASKED]
    done = await desk.follow(token, **BROWSER)
    assert (done.status_code, "confirmed" in done.text, "<button" in done.text) == (200, True, False)
    entry = (await desk.shown()).entries[0]
    assert (entry.entry.action, entry.entry.source) == (Action.ACCEPT, "double_opt_in")
    assert entry.entry.valid_until
    assert entry.entry.valid_until.year == 2099
    evidence = entry.evidence
    assert (evidence.ip, evidence.user_agent, evidence.shown_text) == ("127.0.0.1", "Browser 7", "May <we> write? ✅")
    assert "203.0.113.7" in (evidence.note or "")


async def test_to_look_at_the_head_alone_is_answered_as_the_page_and_confirms_nothing(desk: Desk) -> None:
    token = await desk.agree()
    for given in (token, "A" * 43):
        for headers in (BROWSER, {}):
            page, head = [await desk.follow(given, method, **headers) for method in ("GET", "HEAD")]
            assert (head.status_code, head.content) == (page.status_code, b"")
            told = [{name: value for name, value in one.headers.items() if name != "date"} for one in (page, head)]
            assert told[0] == told[1]
    assert await desk.actions() == [Action.ASKED]


async def test_whatever_is_done_twice_counts_once(desk: Desk) -> None:
    token = await desk.agree()
    answers = await asyncio.gather(*(desk.follow(token) for _ in range(4)))
    assert {answer.status_code for answer in answers} == {200}
    assert (await desk.follow(token, "GET")).json()["data"]["confirmed"] is True
    assert await desk.actions() == [Action.ACCEPT, Action.ASKED]


async def test_a_no_in_between_wins(desk: Desk) -> None:
    token = await desk.agree()
    await call_under(desk.api, "POST", "/", YES | {"action": "reject", "valid_until": None}, under="/consents")
    answer = await desk.follow(token)
    assert (answer.status_code, answer.json()["success"]) == (409, False)
    assert Action.ACCEPT not in await desk.actions()


async def test_it_is_over_when_its_time_is(desk: Desk) -> None:
    await add_event(desk.database, desk.api.project, consent_event(desk.cast.carol, "accept"))  # said at NOW, days ago
    token = (await desk.asked())[-1]["token"]
    assert (await desk.follow(token)).status_code == 410
    assert await desk.actions() == [Action.ASKED]


async def test_a_button_behind_a_link_with_something_added_is_told_on_a_page_and_confirms_nothing(desk: Desk) -> None:
    token = await desk.agree()
    page = await desk.follow(f"{token}/b", **BROWSER)
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    told = await desk.follow(f"{token}/b")
    assert (told.status_code, told.json()["success"]) == (404, False)
    assert await desk.actions() == [Action.ASKED]


@pytest.mark.parametrize("language", sorted(texts()))
async def test_in_every_language_it_says_until_when_the_link_holds(desk: Desk, language: str) -> None:
    page = await desk.follow(await desk.agree(), "GET", **BROWSER | {"Accept-Language": language})
    assert f'<html lang="{language}"' in page.text
    assert " UTC</time>" in page.text


@pytest.mark.parametrize("change", ["", "x", "A" * 43, "%C3%A9", "%00"])
async def test_a_link_that_was_never_given_out_leads_nowhere(desk: Desk, change: str) -> None:
    token = await desk.agree()
    forged = change or token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB")
    assert (await desk.follow(forged)).status_code == 404
    assert (await desk.follow(forged, "GET", **BROWSER)).status_code == 404
    assert await desk.actions() == [Action.ASKED]


async def test_without_links_there_is_no_token(desk: Desk) -> None:
    await desk.settle(links=False)
    await call_under(desk.api, "POST", "/", YES, under="/consents")
    assert ["token" in one for one in await desk.asked()] == [False]


async def test_after_an_erasure_the_link_leads_nowhere(desk: Desk) -> None:
    token = await desk.agree()
    await anonymize(desk.database, desk.api.project.project, [desk.cast.carol], NOW)
    assert (await desk.follow(token)).status_code == 404


async def test_whoever_agreed_already_and_sources_that_are_left_out_are_not_asked(desk: Desk) -> None:
    again = await call_under(desk.api, "POST", "/", YES | {"customer": "registered=alice"}, under="/consents")
    assert again.body["data"]["to_confirm"] == []
    await desk.settle(sources=["public_api", "page"])
    await add_event(desk.database, desk.api.project, consent_event(desk.cast.carol, "accept"))
    assert await desk.actions() == [Action.ACCEPT]


async def test_a_page_reads_from_the_right_in_arabic(desk: Desk) -> None:
    page = await desk.follow(await desk.agree(), "GET", **BROWSER, **{"Accept-Language": "ar-EG, en;q=0.5"})
    assert 'dir="rtl"' in page.text
    assert "تأكيد" in page.content.decode()


async def test_a_category_that_does_not_exist_is_refused(api: ProjectApi, database: Database) -> None:
    body = {"kind": "settings", "name": "project", "double_opt_in": {"categories": ["offer"]}}
    answer = await call_under(api, "PUT", "/settings/project", body)
    assert answer.status == 400
    assert "double_opt_in.categories: there is no consent category offer" in answer.body["errors"][0]
    editor = await as_role(api, database, Role.EDITOR)
    assert (await call_under(editor, "PUT", "/settings/project", body)).status == 403


async def test_a_category_in_use_is_not_deleted(desk: Desk) -> None:
    answer = await call_under(desk.api, "DELETE", "/consent_category/whatsapp")
    assert (answer.status, "double_opt_in" in answer.text) == (400, True)
