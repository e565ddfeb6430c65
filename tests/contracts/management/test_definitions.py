"""`/api/v1`: definitions read and written with a project's keys."""

import asyncio
from typing import Any

import msgspec
import pytest
import requests

from parley.access import Role, new_private_key
from parley.store.database import Database
from parley.store.projects import insert_key
from tests.support.api import Answer, ProjectApi
from tests.support.builders import NOW

INTEGRATION: dict[str, Any] = {
    "kind": "integration",
    "name": "shop-whatsapp",
    "api": "sinch_legacy",
    "account": {"account": "shop-bot", "bearer_token": "very-secret-token"},
}


def account(**fields: Any) -> dict[str, Any]:
    """The integration x with other fields of its account."""
    return {**INTEGRATION, "name": "x", "account": {**INTEGRATION["account"], **fields}}


PRESET: dict[str, Any] = {
    "kind": "preset",
    "name": "crm-note",
    "title": "Note in the CRM",
    "purpose": "webhook",
    "method": "POST",
    "url": "https://crm.test/notes",
    "format": "json",
    "body": '{"who": "{{ customer.first_name }}"}',
}


async def call(api: ProjectApi, method: str, path: str, body: Any = None, under: str = "/definitions") -> Answer:
    url = f"{api.url}/api/v1/projects/{api.project.project_token}{under}{path}"
    data = body if isinstance(body, bytes) else msgspec.json.encode(body) if body is not None else None
    auth = api.key if isinstance(api.key, tuple) else None
    answer = await asyncio.to_thread(requests.request, method, url, data=data, auth=auth, timeout=20)
    return Answer(answer.status_code, answer.json(), answer.text)


async def as_role(api: ProjectApi, database: Database, role: Role) -> ProjectApi:
    key = new_private_key(api.project.project_id, role)
    async with database.transaction() as connection:
        await insert_key(connection, key.stored, NOW)
    return api.with_key((key.key_id, key.key_secret))


async def test_an_admin_connects_an_integration_and_learns_its_address(api: ProjectApi) -> None:
    answer = await call(api, "PUT", "/integration/shop-whatsapp", INTEGRATION)
    assert answer.status == 201
    assert answer.body["data"]["callback_path"].startswith("/callbacks/sinch/")
    again = await call(api, "PUT", "/integration/shop-whatsapp", INTEGRATION)
    assert (again.status, again.body["data"]["happening"]) == (200, "unchanged")
    assert again.body["data"]["callback_path"] == answer.body["data"]["callback_path"]


@pytest.mark.parametrize("role", [Role.EDITOR, Role.VIEWER])
async def test_nobody_below_admin_may(api: ProjectApi, database: Database, role: Role) -> None:
    lower = await as_role(api, database, role)
    assert (await call(lower, "PUT", "/integration/shop-whatsapp", INTEGRATION)).status == 403


async def test_an_editor_writes_presets_and_a_viewer_reads_them(api: ProjectApi, database: Database) -> None:
    editor, viewer = await as_role(api, database, Role.EDITOR), await as_role(api, database, Role.VIEWER)
    assert (await call(editor, "PUT", "/preset/crm-note", PRESET)).status == 201
    assert (await call(viewer, "PUT", "/preset/crm-note", PRESET)).status == 403
    read = await call(viewer, "GET", "/preset/crm-note")
    assert read.body["data"]["definition"] == PRESET


async def test_a_secret_is_never_shown_again_and_survives_being_sent_back(api: ProjectApi) -> None:
    await call(api, "PUT", "/integration/shop-whatsapp", INTEGRATION)
    read = await call(api, "GET", "/integration/shop-whatsapp")
    assert "very-secret-token" not in read.text
    shown = read.body["data"]["definition"]
    assert (await call(api, "PUT", "/integration/shop-whatsapp", shown)).body["data"]["happening"] == "unchanged"


async def test_a_secret_of_another_definition_cannot_be_borrowed(api: ProjectApi) -> None:
    await call(api, "PUT", "/integration/shop-whatsapp", INTEGRATION)
    thief = {**INTEGRATION, "name": "thief"}
    thief["account"] = {"account": "x", "bearer_token": {"$secret": "integration/shop-whatsapp/account.bearer_token"}}
    answer = await call(api, "PUT", "/integration/thief", thief)
    assert answer.status == 400
    assert "another definition" in answer.text


async def test_the_servers_environment_cannot_be_read(api: ProjectApi) -> None:
    nosy = {**INTEGRATION, "account": {"account": "x", "bearer_token": {"$env": "PATH"}}}
    assert (await call(api, "PUT", "/integration/shop-whatsapp", nosy)).status == 400


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("/preset/crm-note", b"{", "is not a JSON object"),
        ("/preset/crm-note", {"kind": "surprise"}, "must be one of"),
        ("/preset/other", PRESET, "the address says preset other"),
        ("/preset/crm-note", {**PRESET, "body": "{{ 1 +"}, "body"),
        (
            "/integration/x",
            {"kind": "integration", "name": "x", "api": "sinch_legacy", "account": {}},
            "account.account",
        ),
        ("/integration/x", account(bearer_token=["very-secret-token"]), "account.bearer_token: must be a text"),
        ("/integration/x", account(account=5), "account.account: must be a text"),
        ("/integration/x", account(base_url="nowhere"), "account.base_url: the address must begin with https://"),
        ("/integration/x", {**account(), "signing_secret": [1]}, "signing_secret: must be a text"),
        (
            "/integration/x",
            {**account(), "inbound": {"event_type": ""}},
            "inbound.event_type: must have at least 1",
        ),
        ("/integration/x%20", {**account(), "name": " "}, "name: must be 1 to 128"),
        ("/preset/n%00", {**PRESET, "name": "n\0"}, "NUL"),
        ("/preset/crm-note", {**PRESET, "name": "crm/note"}, "name: must be 1 to 128"),
        ("/preset/crm-note", {**PRESET, "name": "n" * 129}, "name: must be 1 to 128"),
        (
            "/preset/crm-note",
            {**PRESET, "title": "Note\x1b[2J"},
            "title: holds the control character U+001B at place 5",
        ),
        (
            "/consent_category/news",
            {"kind": "consent_category", "name": "news", "legit": True},
            "legit: is not known here; known: kind, name",
        ),
        (
            "/consent_category/news",
            {"kind": "consent_category", "name": "news", "sources": {"web": True}},
            "sources: each name in it must be one of crm, import",
        ),
        ("/template/t.en", {"kind": "template", "name": "t"}, "language"),
        ("/scenario/s", {"kind": "scenario", "name": "s", "nodes": []}, "nodes"),
    ],
)
async def test_bad_input_names_the_field_and_changes_nothing(api: ProjectApi, path: str, body: Any, said: str) -> None:
    answer = await call(api, "PUT", path, body)
    assert answer.status == 400
    assert said in answer.text
    assert [one["kind"] for one in (await call(api, "GET", "")).body["data"]] == ["consent_category"]


async def test_a_scenario_may_only_use_what_there_is(api: ProjectApi) -> None:
    nodes = [
        {"id": "go", "type": "on_event", "event": "go", "next": "call"},
        {"id": "call", "type": "call_preset", "preset": "crm-note", "parameters": {}},
    ]
    scenario = {"kind": "scenario", "name": "notes", "nodes": nodes}
    refused = await call(api, "PUT", "/scenario/notes", scenario)
    assert "there is no preset crm-note" in refused.text
    await call(api, "PUT", "/preset/crm-note", PRESET)
    assert (await call(api, "PUT", "/scenario/notes", scenario)).status == 201
    assert (await call(api, "DELETE", "/preset/crm-note")).status == 400
    assert (await call(api, "DELETE", "/scenario/notes")).status == 200
    assert (await call(api, "DELETE", "/preset/crm-note")).status == 200
    assert (await call(api, "DELETE", "/preset/crm-note")).status == 404


@pytest.mark.parametrize("sender", [None, "shop-whatsapp"], ids=["the only one", "by its name"])
async def test_an_account_that_a_scenario_sends_by_cannot_be_deleted(api: ProjectApi, sender: str | None) -> None:
    nodes = [
        {"id": "go", "type": "on_event", "event": "go", "next": "say"},
        {"id": "say", "type": "send_text", "text": "Hello"},
    ]
    settings = {"sender": sender} if sender else {}
    scenario = {"kind": "scenario", "name": "hello", "settings": settings, "nodes": nodes}
    await call(api, "PUT", "/integration/shop-whatsapp", INTEGRATION)
    assert (await call(api, "PUT", "/scenario/hello", scenario)).status == 201
    refused = await call(api, "DELETE", "/integration/shop-whatsapp")
    assert (refused.status, "scenario hello: " in refused.text, "sender" in refused.text) == (400, True, True)
    assert (await call(api, "PUT", "/scenario/hello", {**scenario, "active": False, "settings": {}})).status == 200
    assert (await call(api, "DELETE", "/integration/shop-whatsapp")).status == 200


async def test_a_sender_in_the_settings_of_a_scenario_must_exist(api: ProjectApi) -> None:
    nodes = [{"id": "go", "type": "on_event", "event": "go"}]
    scenario = {"kind": "scenario", "name": "hello", "settings": {"sender": "shop-watsapp"}, "nodes": nodes}
    refused = await call(api, "PUT", "/scenario/hello", scenario)
    assert (refused.status, "settings.sender" in refused.text) == (400, True)
    assert "there is no integration shop-watsapp" in refused.text


async def test_the_accounts_of_a_portfolio_say_one_tier(api: ProjectApi) -> None:
    def member(name: str, tier: object) -> dict[str, Any]:
        return {**INTEGRATION, "name": name, "limits": {"tier": tier, "portfolio": "P"}}

    assert (await call(api, "PUT", "/integration/one", member("one", "2K"))).status == 201
    assert (await call(api, "PUT", "/integration/two", member("two", 2000))).status == 201  # says the same
    refused = await call(api, "PUT", "/integration/two", member("two", "10K"))
    assert refused.status == 400
    assert "limits.tier: is 10K, but one says 2K of the same portfolio P" in refused.text
    alone = {**member("two", "10K"), "limits": {"tier": "10K"}}
    assert (await call(api, "PUT", "/integration/two", alone)).status == 200


async def test_broken_json_is_told_by_line_and_column(api: ProjectApi) -> None:
    broken = '{\n  "kind": "settings",\n  "čaš": [\n}'.encode()
    answer = await call(api, "PUT", "/settings/project", broken)
    assert answer.status == 400
    assert "(line 4, column 1)" in answer.text


@pytest.mark.parametrize("levels", [64, 65, 700, 5_000])
async def test_what_is_nested_too_deeply_is_told_with_the_limit(api: ProjectApi, levels: int) -> None:
    inner = levels - 1
    answer = await call(
        api, "PUT", "/settings/project", b'{"kind": "settings", "x": ' + b"[" * inner + b"]" * inner + b"}"
    )
    assert answer.status == 400
    limit = "file: is nested too deeply: 64 levels are the limit."
    assert (limit if levels > 64 else "x: is not known here; known: kind, name") in answer.text


async def test_a_key_that_stands_twice_is_told_with_its_path_and_a_byte_order_mark_is_nothing(api: ProjectApi) -> None:
    policy = (
        b'{"kind": "frequency_policy", "name": "gentle", "segments": [{"limits": [{"at_most": 1, "per": "1 day"}]}]}'
    )
    twice = policy.replace(b'"at_most": 1', b'"at_most": 1, "at_most": 9')
    refused = await call(api, "PUT", "/frequency_policy/gentle", twice)
    assert refused.status == 400
    assert "segments[0].limits[0].at_most: stands twice in the same object" in refused.text
    assert (await call(api, "PUT", "/frequency_policy/gentle", b"\xef\xbb\xbf" + policy)).status == 201


async def test_an_admin_says_the_projects_settings_and_an_editor_may_not(api: ProjectApi, database: Database) -> None:
    rule = {"kind": "settings", "uncertain": {"then": "resend", "after_hours": 72}}
    editor = await as_role(api, database, Role.EDITOR)
    assert (await call(editor, "PUT", "/settings/project", rule)).status == 403
    assert (await call(api, "PUT", "/settings/project", rule)).status == 201
    assert (await call(editor, "GET", "/settings/project")).body["data"]["definition"] == rule
    hasty = await call(
        api, "PUT", "/settings/project", {"kind": "settings", "uncertain": {"then": "resend", "after_hours": 1}}
    )
    assert (hasty.status, "uncertain.after_hours" in hasty.text) == (400, True)
    assert (await call(api, "DELETE", "/settings/project")).status == 200


POLICY = {
    "kind": "frequency_policy",
    "name": "gentle",
    "consent_categories": ["newsletter", "whatsapp"],
    "except": {"consent_categories": ["newsletter", "orders"]},
    "segments": [{"limits": [{"at_most": 1, "per": "1 day"}]}],
}
QUIET = {
    "kind": "settings",
    "quiet_hours": {"spans": [{"from": "21:00", "to": "08:00"}], "except": {"consent_categories": ["orders"]}},
}
CAMPAIGN = {
    "kind": "campaign",
    "name": "sale",
    "send": {"type": "send_text", "text": "Hello"},
    "settings": {"consent_category": "newsletter"},
}

AUDIENCE = {"all": [{"consent": "whatsapp"}, {"any": [{"not": {"consent": "newsletter"}}, {"consent": "orders"}]}]}
SCENARIO = {
    "kind": "scenario",
    "name": "hello",
    "nodes": [
        {"id": "start", "type": "on_event", "event": "hello", "next": "agreed"},
        {"id": "agreed", "type": "condition", "if": {"consent": "newsletter"}, "then": "end"},
        {"id": "end", "type": "end"},
    ],
}


@pytest.mark.parametrize(
    ("path", "definition", "places"),
    [
        ("/frequency_policy/gentle", POLICY, ["consent_categories", "except.consent_categories"]),
        ("/settings/project", QUIET, ["quiet_hours.except.consent_categories"]),
        ("/campaign/sale", CAMPAIGN, ["settings.consent_category"]),
        ("/campaign/sale", CAMPAIGN | {"settings": {}, "audience": AUDIENCE}, ["audience", "audience"]),
        ("/scenario/hello", SCENARIO, ["nodes.agreed.if"]),
    ],
)
async def test_a_consent_category_that_nobody_has_is_told_and_taken(
    api: ProjectApi, path: str, definition: dict[str, Any], places: list[str]
) -> None:
    told = (await call(api, "PUT", path, definition)).body["data"]["notes"]
    assert [note.split(": ")[1] for note in told] == places
    assert all(note.endswith("yet; there is whatsapp.") for note in told)
    for category in ("newsletter", "orders"):
        await call(api, "PUT", f"/consent_category/{category}", {"kind": "consent_category", "name": category})
    changed = definition | ({"title": "changed"} if "name" in definition else {"costs": {"currency": "EUR"}})
    answer = await call(api, "PUT", path, changed)
    assert (answer.status, "notes" in answer.body["data"]) == (200, False)
