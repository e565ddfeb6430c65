"""`/api/v1/…/templates`: the registry, its pages, its history, and what a person may say."""

from typing import Any

import pytest

from parley.access import Role
from parley.store.database import Database
from parley.store.provider_templates import ProviderTemplate, keep_copies
from tests.contracts.management.test_definitions import as_role, call
from tests.support.api import Answer, ProjectApi
from tests.support.builders import NOW

SHIPPED: dict[str, Any] = {
    "kind": "template",
    "name": "order_shipped",
    "language": "en",
    "category": "SHIPPING_UPDATE",
    "body": {"text": "Your order {{1}} is on its way and arrives soon.", "samples": ["100245"]},
}
OFFER: dict[str, Any] = {
    **SHIPPED,
    "name": "offer",
    "category": "MARKETING",
    "body": {"text": "Get 20 % off everything in our shop today!"},
}
NAME = "order_shipped.en"


async def put(api: ProjectApi, template: dict[str, Any], **changes: Any) -> Answer:
    written = template | changes
    return await call(api, "PUT", f"/template/{written['name']}.{written['language']}", written)


async def ask(api: ProjectApi, path: str = "", method: str = "GET", body: Any = None) -> Answer:
    return await call(api, method, path, body, under="/templates")


async def test_a_template_enters_the_registry_when_it_is_applied(api: ProjectApi) -> None:
    assert (await put(api, SHIPPED)).status == 201
    shown = (await ask(api, f"/{NAME}")).body["data"]
    assert (shown["status"], shown["version"], shown["quality"]) == ("linted", 1, "unknown")
    assert (shown["predicted"], shown["judgement"]["rules"]) == ("UTILITY", "transactional")
    assert shown["template"]["body"]["text"] == SHIPPED["body"]["text"]


async def test_a_template_that_says_what_another_says_is_taken_with_a_note(api: ProjectApi) -> None:
    assert "notes" not in (await put(api, SHIPPED)).body["data"]
    again = (await put(api, SHIPPED, name="order_sent")).body["data"]["notes"]
    assert [note.partition(",")[0] for note in again] == [
        "warn: body.text: order_shipped (en) has the same body and footer"
    ]
    assert "notes" not in (await put(api, SHIPPED, name="order_sent", footer={"text": "Your shop"})).body["data"]


async def test_pages_follow_each_other(api: ProjectApi) -> None:
    assert (await ask(api)).body == {"success": True, "data": [], "next": None}
    for language in ("cs", "de", "en"):
        await put(api, SHIPPED, language=language, body={"text": "Order: on its way."}, override="A test.")
    first = (await ask(api, "?limit=2")).body
    second = (await ask(api, f"?limit=2&after={first['next']}")).body
    names = [one["name"] for one in first["data"] + second["data"]]
    assert (names, second["next"]) == (["order_shipped.cs", "order_shipped.de", "order_shipped.en"], None)
    assert (await ask(api, "?status=approved")).body["data"] == []


@pytest.mark.parametrize("query", ["?limit=0", "?limit=1001", "?limit=x", "?status=lost", "/x.en/history?before=0"])
async def test_a_page_that_there_cannot_be_is_refused(api: ProjectApi, query: str) -> None:
    assert (await ask(api, query)).status == 400


async def test_an_error_of_the_linter_refuses_the_file_and_a_reason_takes_it(api: ProjectApi) -> None:
    refused = await put(api, OFFER)
    assert refused.status == 400
    assert "promotional" in refused.text
    assert '"override"' in refused.body["errors"][0]
    assert (await ask(api)).body["data"] == []
    taken = await put(api, OFFER, override="An offer that they have asked for.")
    assert taken.status == 201
    assert any("20 % off" in note for note in taken.body["data"]["notes"])
    assert (await ask(api, "/offer.en")).body["data"]["override"] == "An offer that they have asked for."


async def test_the_rule_set_is_the_projects(api: ProjectApi) -> None:
    await put(api, SHIPPED)
    settings = {"kind": "settings", "rules": "current"}
    assert (await call(api, "PUT", "/settings/project", settings)).status == 201
    assert (await put(api, OFFER)).status == 201
    shown = (await ask(api, f"/{NAME}")).body["data"]
    assert shown["judgement"]["rules"] == "current"  # judged anew when the rules changed
    assert (await put(api, SHIPPED, name="other")).status == 400  # SHIPPING_UPDATE is no category of today


async def test_what_is_predicted_otherwise_tells_the_price(api: ProjectApi) -> None:
    await call(api, "PUT", "/settings/project", {"kind": "settings", "rules": "current"})
    await put(api, OFFER, category="UTILITY")
    shown = (await ask(api, "/offer.en")).body["data"]
    assert (shown["category"], shown["predicted"]) == ("UTILITY", "MARKETING")
    assert shown["costs_more"]["currency"] == "USD"
    assert float(shown["costs_more"]["least"]) > 0


async def test_a_text_that_no_lexicon_reads_is_told_as_such_and_foretells_no_category(api: ProjectApi) -> None:
    await call(api, "PUT", "/settings/project", {"kind": "settings", "rules": "current"})
    arabic = {"language": "ar", "category": "UTILITY", "body": {"text": "طلبك في الطريق إليك وسيصل قريبا."}}
    assert (await put(api, SHIPPED, **arabic)).status == 201
    shown = (await ask(api, "/order_shipped.ar")).body["data"]
    assert (shown["predicted"], shown["costs_more"], shown["judgement"]["readable"]) == ("", None, False)
    await call(api, "PUT", "/settings/project", {"kind": "settings", "rules": "transactional"})
    refused = await put(api, SHIPPED, **arabic | {"category": "SHIPPING_UPDATE"})
    assert refused.status == 400
    assert "cannot judge it" in refused.text
    assert refused.text.count("override") == 1
    assert (await put(api, SHIPPED, **arabic, override="Jana reads Arabic: a notice.")).status == 200


async def test_a_person_says_where_it_stands_and_the_history_keeps_it(api: ProjectApi) -> None:
    await put(api, SHIPPED)
    said = {"status": "approved", "reason": "Our CSM wrote on Monday."}
    assert (await ask(api, f"/{NAME}/status", "POST", said)).status == 200
    await put(api, SHIPPED, body={"text": "Your order {{1}} was shipped and arrives soon.", "samples": ["1"]})
    told = (await ask(api, f"/{NAME}/history")).body
    steps = [(one["what"], one["version"], one["before"], one["after"], one["origin"]) for one in told["data"]]
    assert steps == [
        ("status", 2, "approved", "linted", "file"),
        ("applied", 2, None, "linted", "file"),
        ("status", 1, "linted", "approved", "person"),
        ("applied", 1, None, "linted", "file"),
    ]
    assert told["data"][2]["reason"] == said["reason"]
    page = (await ask(api, f"/{NAME}/history?limit=3")).body
    rest = (await ask(api, f"/{NAME}/history?before={page['next']}")).body
    assert [one["what"] for one in rest["data"]] == ["applied"]


async def test_an_override_lasts_until_the_text_changes(api: ProjectApi) -> None:
    await put(api, SHIPPED)
    assert (await ask(api, f"/{NAME}/override", "POST", {"reason": "It is right."})).status == 200
    await put(api, SHIPPED, status="approved")
    assert (await ask(api, f"/{NAME}")).body["data"]["override"] == "It is right."
    await put(api, SHIPPED, footer={"text": "Your shop"})
    assert (await ask(api, f"/{NAME}")).body["data"]["override"] is None
    await ask(api, f"/{NAME}/override", "POST", {"reason": "It is right."})
    assert (await ask(api, f"/{NAME}/override", "DELETE")).status == 200
    assert (await ask(api, f"/{NAME}")).body["data"]["override"] is None


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        (f"/{NAME}/status", {"status": "lost", "reason": "x"}, 400, "status"),
        (f"/{NAME}/status", {"status": "linted", "reason": "x"}, 400, "must be one of submitted"),
        (f"/{NAME}/status", {"status": "approved"}, 400, "reason"),
        (f"/{NAME}/status", {"status": "approved", "reason": " "}, 400, "reason: must be a sentence"),
        (f"/{NAME}/status", b"{", 400, "malformed"),
        (f"/{NAME}/override", {"reason": "x" * 501}, 400, "at most 500"),
        ("/other.en/status", {"status": "approved", "reason": "x"}, 404, "no template other.en"),
        ("/%00/override", {"reason": "x"}, 404, "no template"),
    ],
)
async def test_bad_input_says_what_is_wrong(api: ProjectApi, path: str, body: Any, status: int, said: str) -> None:
    await put(api, SHIPPED)
    answer = await ask(api, path, "POST", body)
    assert (answer.status, said in answer.text) == (status, True), answer.text


async def test_a_viewer_reads_and_says_nothing(api: ProjectApi, database: Database) -> None:
    await put(api, SHIPPED)
    viewer = await as_role(api, database, Role.VIEWER)
    assert (await ask(viewer, f"/{NAME}")).status == 200
    assert (await ask(viewer, f"/{NAME}/status", "POST", {"status": "approved", "reason": "x"})).status == 403
    assert (await ask(viewer, f"/{NAME}/override", "POST", {"reason": "x"})).status == 403


async def test_what_is_deleted_keeps_its_history(api: ProjectApi) -> None:
    await put(api, SHIPPED)
    assert (await call(api, "DELETE", f"/template/{NAME}")).status == 200
    assert (await ask(api, f"/{NAME}")).status == 404
    assert [one["what"] for one in (await ask(api, f"/{NAME}/history")).body["data"]] == ["deleted", "applied"]
    assert (await ask(api, "/never.en/history")).status == 404


async def test_what_only_the_provider_has_is_listed_shown_and_given_as_a_file(
    api: ProjectApi, database: Database
) -> None:
    details = b'{"components": [{"type": "BODY", "text": "Your order is on its way and arrives soon."}]}'
    odd = b'{"components": [{"type": "HOLOGRAM"}]}'
    copies = [
        ProviderTemplate("sinch", f"{name}.en", "approved", "UTILITY", "green", None, parts, NOW)
        for name, parts in (("aside", details), ("odd", odd))
    ]
    async with database.transaction() as connection:
        await keep_copies(connection, api.project.project_id, "sinch", copies, NOW)
    await put(api, SHIPPED)
    listed = (await ask(api, "?limit=2")).body
    assert [(one["name"], one["only_at_provider"], one["version"]) for one in listed["data"]] == [
        ("aside.en", True, 0),
        ("odd.en", True, 0),
    ]
    assert [one["name"] for one in (await ask(api, f"?after={listed['next']}")).body["data"]] == [NAME]
    shown = (await ask(api, "/aside.en")).body["data"]
    assert (shown["only_at_provider"], shown["status"], shown["sender"]) == (True, "approved", "sinch")
    pulled = (await ask(api, "/aside.en/file")).body["data"]
    assert (pulled["sender"], pulled["file"]["status"], pulled["refused_for"]) == ("sinch", "approved", [])
    assert (await put(api, pulled["file"])).status == 201
    assert (await ask(api, "/aside.en")).body["data"]["only_at_provider"] is False
    refused = [await ask(api, path) for path in ("/odd.en/file", "/odd.en", "/aside.en/file?sender=x", "/no.en/file")]
    assert [one.status for one in refused] == [400, 400, 404, 404]
    assert "no place for HOLOGRAM" in refused[0].text
