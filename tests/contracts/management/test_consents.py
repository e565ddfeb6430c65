"""`/api/v1`: the ledger of consents over HTTP."""

from typing import Any

import pytest

from parley.access import Role
from parley.store.database import Database
from tests.contracts.management.test_definitions import INTEGRATION, as_role
from tests.contracts.management.test_definitions import call as call_under
from tests.support.api import Answer, ProjectApi
from tests.support.builders import Cast, add_event, consent_event

AGREED: dict[str, Any] = {"customer": "registered=carol", "action": "accept", "category": "whatsapp"}


async def call(api: ProjectApi, method: str, path: str, body: Any = None) -> Answer:
    return await call_under(api, method, path, body, under="/consents")


async def test_what_was_written_down_is_read_back(api: ProjectApi, cast: Cast) -> None:
    body = AGREED | {"valid_until": "2099-01-01T00:00:00Z", "evidence": {"document_id": "D-7"}}
    written = await call(api, "POST", "/", body)
    assert (written.status, written.body["data"]) == (201, {"customers": [str(cast.carol)], "to_confirm": []})
    read = await call(api, "GET", "/?customer=registered=carol")
    (stands,) = read.body["data"]["standing"]
    (entry,) = read.body["data"]["entries"]
    assert stands["granted"]
    assert entry["entry"]["valid_until"] == "2099-01-01T00:00:00Z"
    assert entry["evidence"]["document_id"] == "D-7"
    assert entry["evidence"]["entered_by"] == api.project.private_key.key_id


async def test_the_ledger_is_read_page_by_page(api: ProjectApi, cast: Cast) -> None:
    first = (await call(api, "GET", "/?size=2")).body["data"]
    second = (await call(api, "GET", f"/?size=2&before={first['next']}")).body["data"]
    whose = [entry["customer_id"] for entry in (*first["entries"], *second["entries"])]
    assert sorted(whose) == sorted([str(cast.alice), str(cast.bob), str(cast.bob)])
    assert second["next"] is None


async def test_malformed_events_are_listed_with_their_reasons(api: ProjectApi, database: Database, cast: Cast) -> None:
    broken = consent_event(cast.alice, "accept", properties={"action": "Accept", "category": "whatsapp"})
    await add_event(database, api.project, broken)
    (entry,) = (await call(api, "GET", "/problems")).body["data"]["entries"]
    assert entry["customer_id"] == str(cast.alice)
    assert "lower case" in entry["entry"]["problem"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"customer": "jana"}, "customer"),
        ({"customer": "badge=7"}, "customer"),
        ({"customer": "phone=0901"}, "customer"),
        ({"customer": "id=7"}, "customer"),
        ({"action": "yes"}, "action"),
        ({"category": "WhatsApp"}, "category"),
        ({"valid_until": "2020-01-01T00:00:00Z"}, "valid_until"),
        ({"valid_until": "2099-01-01T00:00:00"}, "valid_until"),
        ({"action": "reject", "valid_from": "2099-01-01T00:00:00Z"}, "valid_from"),
        ({"evidence": {"ip": "7" * 5000}}, "evidence.ip"),
        ({"evidence": {"ip": "a\0b"}}, "evidence.ip"),
        ({"evidence": {"proof": "yes"}}, "evidence"),
        ({"evidence": {"address": "421901000003"}}, "evidence.address"),
    ],
)
async def test_what_is_wrong_is_named(api: ProjectApi, cast: Cast, change: dict[str, Any], field: str) -> None:
    answer = await call(api, "POST", "/", AGREED | change)
    assert answer.status == 400
    assert answer.body["errors"][0].startswith(field)
    assert (await call(api, "GET", "/?customer=registered=carol")).body["data"]["entries"] == []


@pytest.mark.parametrize("query", ["size=0", "size=x", "size=9999999999", "before=x", "category=%00"])
async def test_an_odd_page_is_refused(api: ProjectApi, query: str) -> None:
    assert (await call(api, "GET", f"/?{query}")).status == 400


async def test_nobody_is_a_404_with_what_to_do(api: ProjectApi) -> None:
    answer = await call(api, "POST", "/", AGREED | {"customer": "registered=nobody"})
    assert answer.status == 404
    assert "Track the customer first" in answer.text


async def test_a_viewer_reads_and_does_not_write(api: ProjectApi, database: Database, cast: Cast) -> None:
    viewer = await as_role(api, database, Role.VIEWER)
    assert (await call(viewer, "GET", "/?customer=registered=bob")).status == 200
    assert (await call(viewer, "POST", "/", AGREED)).status == 403


async def test_an_upload_is_asked_for_and_looked_at(api: ProjectApi, cast: Cast) -> None:
    refused = await call(api, "POST", "/uploads")
    assert (refused.status, refused.body["errors"][0].partition(":")[0]) == (400, "sender")
    await call_under(api, "PUT", "/integration/shop-whatsapp", INTEGRATION)
    asked = await call(api, "POST", "/uploads", {"sender": "shop-whatsapp"})
    assert (asked.status, asked.body["data"]) == (202, {"opt_outs": 1, "opt_ins": 1})
    first = (await call(api, "GET", "/uploads?size=1")).body["data"]
    second = (await call(api, "GET", f"/uploads?size=1&before={first['next']}")).body["data"]
    assert [page["uploads"][0]["action"] for page in (first, second)] == ["opt_in", "opt_out"]
    assert (await call(api, "GET", "/uploads?failed=true")).body["data"] == {"uploads": [], "next": None}


FILE = "registered,category,action,valid_from,document_id\ncarol,whatsapp,accept,2026-11-01T10:00:00Z,D-7\n"
ODD = "nobody,whatsapp,yes,2026-11-01T10:00:00Z,D-8\nnobody,whatsapp,accept,2026-11-01T10:00:00Z,D-8\n"


async def imported(api: ProjectApi) -> int:
    entries = (await call(api, "GET", "/?customer=registered=carol")).body["data"]["entries"]
    return len([one for one in entries if one["entry"]["source"] == "import"])


async def test_a_file_comes_in_over_http_after_a_dry_run(api: ProjectApi, cast: Cast) -> None:
    dry = await call(api, "POST", "/import?dry_run=true", FILE.encode())
    assert (dry.status, dry.body["data"]["added"], dry.body["data"]["written"]) == (200, 1, False)
    assert await imported(api) == 0
    done = await call(api, "POST", "/import", FILE.encode())
    assert (done.status, done.body["data"]["written"], done.body["data"]["problems"]) == (200, True, [])
    assert await imported(api) == 1
    assert (await call(api, "POST", "/import", FILE.encode("utf-16"))).body["data"]["known"] == 1


async def test_every_refused_line_is_named_and_keeps_the_file_out(api: ProjectApi, cast: Cast) -> None:
    answer = await call(api, "POST", "/import", (FILE + ODD).encode())
    assert (answer.status, answer.body["success"]) == (400, False)
    named = [(one["line"], one["column"]) for one in answer.body["data"]["problems"]]
    assert named == [(3, "action"), (4, "registered")]
    assert await imported(api) == 0
    some = await call(api, "POST", "/import?skip_refused=true&unknown=create", (FILE + ODD).encode())
    assert (some.status, some.body["data"]["refused"], some.body["data"]["created"]) == (200, 1, 1)


@pytest.mark.parametrize(
    ("query", "body", "said"),
    [
        ("", b"", "empty"),
        ("", b"who,what\n1,2\n", "is no column"),
        ("", b"\xff\x00\xfe", "CSV UTF-8"),
        ("?unknown=perhaps", FILE.encode(), "unknown"),
        ("?dry_run=perhaps", FILE.encode(), "dry_run"),
    ],
)
async def test_what_is_no_file_of_consents_is_refused(api: ProjectApi, query: str, body: bytes, said: str) -> None:
    answer = await call(api, "POST", f"/import{query}", body)
    assert (answer.status, said in answer.text) == (400, True), answer.text


async def test_a_file_that_is_too_large_says_what_to_do(api: ProjectApi) -> None:
    answer = await call(api, "POST", "/import", FILE.encode() + b"\n" * 20_000_000)
    assert (answer.status, "parley consent import" in answer.text) == (413, True)


async def test_a_viewer_imports_nothing(api: ProjectApi, database: Database) -> None:
    viewer = await as_role(api, database, Role.VIEWER)
    assert (await call(viewer, "POST", "/import", FILE.encode())).status == 403
