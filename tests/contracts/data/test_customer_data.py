"""`/data/v2/.../customers`, beyond what the Python client can do."""

import csv

import pytest

from parley.domain.ids import new_id
from parley.store.consents import consents_of
from parley.store.customers import customers_by_id
from parley.store.database import Database
from parley.store.events import past_events
from tests.support.api import ProjectApi
from tests.support.builders import NOW, Cast, add_customer, add_event, new_event

ALICE = {"customer_ids": {"registered": "alice"}}


async def test_a_customer_nobody_knows_is_a_404(api: ProjectApi) -> None:
    for path in ("attributes", "export-one", "events", "anonymize"):
        answer = await api.post(f"data/customers/{path}", {"customer_ids": {"registered": "nobody"}})
        assert (answer.status, answer.body) == (
            404,
            {"success": False, "errors": {"_global": ["Customer does not exist"]}},
        )


async def test_reading_creates_nobody(api: ProjectApi) -> None:
    body = {"customer_ids": {"registered": "nobody"}}
    await api.post("data/customers/export-one", body)
    assert (await api.post("data/customers/export", {"format": "native_json"})).body["data"] == []


async def test_attributes_come_in_the_order_asked(api: ProjectApi, cast: Cast) -> None:
    wanted = [
        {"type": "consent", "category": "whatsapp"},
        {"type": "property", "property": "first_name"},
        {"type": "segmentation", "id": "s1"},
        {"type": "id", "id": "registered"},
        {"type": "consent", "category": "nothing"},
    ]
    answer = await api.post("data/customers/attributes", ALICE | {"attributes": wanted})
    consent, name, segment, ident, nothing = answer.body["results"]
    assert (consent["value"], name["value"], ident["value"], nothing["value"]) == (True, "Alice", "alice", False)
    assert segment["success"] is False
    assert "no permission" not in answer.text.lower()


async def test_events_come_by_type_order_and_page(api: ProjectApi, cast: Cast, database: Database) -> None:
    for page in range(4):
        event = new_event(cast.alice, "view", properties={"page": page}, occurred_at=NOW.replace(minute=page))
        await add_event(database, api.project, event)
    body = ALICE | {"event_types": ["view"], "order": "desc", "limit": 2, "skip": 1}
    answer = await api.post("data/customers/events", body)
    assert [event["properties"]["page"] for event in answer.body["data"]] == [2, 1]
    none = await api.post("data/customers/events", ALICE | {"event_types": ["view\x00"]})
    assert none.body["data"] == []
    assert (await api.post("data/customers/events", ALICE | {"limit": -1})).body["success"] is False


async def test_an_export_lists_ids_first(api: ProjectApi, cast: Cast) -> None:
    body = (await api.post("data/customers/export", {"format": "native_json"})).body
    assert body["fields"][:2] == [{"type": "id", "id": "registered"}, {"type": "id", "id": "cookie"}]
    assert {"type": "property", "property": "phone"} in body["fields"]
    assert {row[0] for row in body["data"]} == {"alice", "bob", "carol"}


async def test_an_export_as_csv_runs_nothing_in_a_spreadsheet(api: ProjectApi, database: Database) -> None:
    await add_customer(database, api.project, "eve", {"name": '=HYPERLINK("x")', "phone": "+421901000009", "n": [1]})
    text = (await api.post("data/customers/export", {"format": "csv"})).text
    header, row = list(csv.reader(text.splitlines()))
    assert dict(zip(header, row, strict=True)) == {
        "registered": "eve",
        "cookie": "",
        "n": "[1]",
        "name": '\'=HYPERLINK("x")',
        "phone": "+421901000009",
    }


async def test_consent_categories_are_listed_for_either_key_and_method(api: ProjectApi) -> None:
    for client in (api, api.public):
        for answer in (await client.get("data/consent/categories"), await client.post("data/consent/categories")):
            (category,) = answer.body["results"]
            assert category["id"] == "whatsapp"
            assert category["legitimate_interest"] is False
            assert category["sources"]["private_api"] is True
            assert category["sources"]["public_api"] is False


async def test_an_erased_customer_is_nobody(api: ProjectApi, cast: Cast, database: Database) -> None:
    said = new_event(cast.alice, "campaign", properties={"message": "CART", "status": "inbound", "recipient": "+42"})
    await add_event(database, api.project, said)
    assert (await api.post("data/customers/anonymize", ALICE)).body == {"success": True}
    async with database.connection() as connection:
        erased = (await customers_by_id(connection, [cast.alice]))[cast.alice]
        events = await past_events(connection, cast.alice)
        assert list((await consents_of(connection, [cast.alice]))[cast.alice]) == ["whatsapp"]
    assert (erased.properties, erased.phone) == ({}, None)
    assert {"status": "inbound"} in [event.properties for event in events]
    assert (await api.post("data/customers/export-one", ALICE)).status == 404


async def test_an_erased_id_can_be_used_anew(api: ProjectApi, cast: Cast) -> None:
    await api.post("data/customers/anonymize", ALICE)
    assert (await api.post("track/customers", ALICE)).body["success"]
    assert (await api.post("data/customers/export-one", ALICE)).body["events"] == []


async def test_many_are_erased_at_once_by_either_id(api: ProjectApi, cast: Cast) -> None:
    customers = [ALICE, {"internal_id": str(cast.bob)}, {"internal_id": str(new_id())}]
    answer = await api.post("data/customers/anonymize_bulk", {"customers": customers})
    assert answer.body["success"] is True
    assert answer.body["bulk_id"]
    rows = (await api.post("data/customers/export", {"format": "native_json"})).body["data"]
    assert [row[0] for row in rows if row[0]] == ["carol"]


@pytest.mark.parametrize(
    "body", [{"customers": [{}] * 1001}, {"customers": [{"internal_id": "x"}]}, {"customers": 1}, {}, []]
)
async def test_a_wrong_bulk_is_refused_as_a_whole(api: ProjectApi, cast: Cast, body: object) -> None:
    answer = await api.post("data/customers/anonymize_bulk", body)
    assert (answer.status, answer.body["success"]) == (200, False)
