"""`/track/v2` over real HTTP, on a real database."""

import asyncio
from typing import Any

import msgspec
import pytest

from parley.domain.consent import ConsentCategory
from parley.services.create_project import create_project
from parley.store.consents import insert_category
from parley.store.database import Database
from tests.support.api import ProjectApi
from tests.support.builders import NOW

JANA = {"registered": "jana@example.org"}


def event(**changes: Any) -> dict[str, Any]:
    given: dict[str, Any] = {"customer_ids": JANA, "event_type": "view", "properties": {"page": 1}}
    return given | changes


async def events_of_jana(api: ProjectApi, *types: str) -> list[dict[str, Any]]:
    answer = await api.post("data/customers/events", {"customer_ids": JANA, "event_types": list(types) or None})
    assert answer.status == 200, answer
    found: list[dict[str, Any]] = answer.body["data"]
    return found


async def test_an_event_is_tracked_and_read_back(api: ProjectApi) -> None:
    body = event(event_type="cart_update", timestamp=1715000000.25, properties={"product_list": [{"id": "P-11"}]})
    answer = await api.post("track/customers/events", body | {"sdk": "magento", "sdk_version": "2"})
    assert (answer.status, answer.body) == (200, {"success": True, "errors": []})
    assert await events_of_jana(api, "cart_update") == [
        {"type": "cart_update", "timestamp": 1715000000.25, "properties": {"product_list": [{"id": "P-11"}]}}
    ]


async def test_nulls_are_tolerated(api: ProjectApi) -> None:
    answer = await api.post("track/customers/events", event(timestamp=None, properties=None, event_id=None))
    assert answer.body["success"]
    (tracked,) = await events_of_jana(api)
    assert tracked["properties"] == {}


async def test_a_public_key_may_track(api: ProjectApi) -> None:
    assert (await api.public.post("track/customers/events", event())).body["success"]


async def test_an_event_with_a_clients_id_counts_once_however_often_and_parallel_it_comes(api: ProjectApi) -> None:
    body = event(event_id="order-1")
    answers = await asyncio.gather(*(api.post("track/customers/events", body) for _ in range(20)))
    assert all(answer.body["success"] for answer in answers)
    assert len(await events_of_jana(api)) == 1


async def test_an_identical_event_with_a_time_counts_once(api: ProjectApi) -> None:
    for page in (1, 1, 2):
        await api.post("track/customers/events", event(timestamp=1715000000, properties={"page": page}))
    assert [one["properties"]["page"] for one in await events_of_jana(api)] == [1, 2]


async def test_identical_events_without_a_time_are_two(api: ProjectApi) -> None:
    for _ in range(2):
        await api.post("track/customers/events", event())
    assert len(await events_of_jana(api)) == 2


@pytest.mark.parametrize("time", ["2024-05-06T12:53:20Z", "2024-05-06T14:53:20+02:00", "1715000000", 1715000000])
async def test_times_are_unix_seconds_or_iso(api: ProjectApi, time: object) -> None:
    await api.post("track/customers/events", event(timestamp=time))
    assert [one["timestamp"] for one in await events_of_jana(api)] == [1715000000.0]


async def test_milliseconds_are_refused_with_a_hint(api: ProjectApi) -> None:
    answer = await api.post("track/customers/events", event(timestamp=1715000000000))
    assert answer.status == 200
    assert answer.body["success"] is False
    assert "not milliseconds" in answer.body["errors"][0]


async def test_a_batch_answers_each_command(api: ProjectApi) -> None:
    commands = [
        {"name": "system/time"},
        {"name": "customers", "command_id": "c-1", "data": {"customer_ids": JANA, "properties": {"city": "Nitra"}}},
        {"name": "customers/events", "command_id": "c-2", "data": event(event_id=7)},
        {"name": "customers", "command_id": "c-3", "data": {"customer_ids": {}}},
        {"name": "customers/events", "command_id": "c-4", "data": event(event_id="7")},
        {"name": "crm/bulk", "command_id": "c-5"},
        {"name": "customers"},
    ]
    answer = await api.post("track/batch", {"commands": commands})
    assert answer.status == 200
    assert answer.body["success"] is True
    time, update, first, nobody, again, unknown, empty = answer.body["results"]
    assert time["time"] == pytest.approx(answer.body["start_time"])
    assert update == {"success": True, "command_id": "c-1"}
    assert first == {"success": True, "command_id": "c-2"}
    assert nobody == {"success": False, "command_id": "c-3", "errors": ["At least one id should be specified."]}
    assert again == {"success": True, "command_id": "c-4"}
    assert unknown["success"] is False
    assert empty["success"] is False
    assert len(await events_of_jana(api)) == 1


async def test_a_command_says_whether_its_name_is_missing_or_unknown(api: ProjectApi) -> None:
    answer = await api.post("track/batch", {"commands": [{"data": {}}, {"name": "custommers", "data": {}}]})
    known = "use customers, customers/events, system/time."
    assert [result["errors"] for result in answer.body["results"]] == [
        [f"A command needs a `name`: {known}"],
        [f"There is no command 'custommers': {known}"],
    ]


async def test_a_batch_of_51_is_refused_as_a_whole(api: ProjectApi) -> None:
    commands = [{"name": "customers/events", "data": event()}] * 51
    answer = await api.post("track/batch", {"commands": commands})
    assert answer.body["success"] is False
    assert (await api.post("data/customers/export-one", {"customer_ids": JANA})).status == 404


async def test_an_older_update_does_not_overwrite(api: ProjectApi) -> None:
    for at, city in ((200, "Brno"), (100, "Nitra")):
        body = {"customer_ids": JANA, "properties": {"city": city, f"at_{at}": True}, "update_timestamp": at}
        assert (await api.post("track/customers", body)).body["success"]
    found = (await api.post("data/customers/export-one", {"customer_ids": JANA})).body["properties"]
    assert found == {"city": "Brno", "at_200": True, "at_100": True}


async def test_more_than_255_attributes_are_refused_and_the_others_stay(api: ProjectApi) -> None:
    many = {f"p{one}": one for one in range(255)}
    assert (await api.post("track/customers", {"customer_ids": JANA, "properties": many})).body["success"]
    answer = await api.post("track/customers", {"customer_ids": JANA, "properties": {"one_more": 1, "p0": "new"}})
    assert "255" in answer.body["errors"][0]
    changed = await api.post("track/customers", {"customer_ids": JANA, "properties": {"p0": "new"}})
    assert changed.body["success"]


async def test_the_clock_is_told_without_a_key(api: ProjectApi) -> None:
    answer = await api.with_key(None).get("track/system/time")
    assert answer.body["success"]
    assert isinstance(answer.body["time"], float)


async def test_a_public_key_may_not_write_a_category_that_is_closed_to_it(api: ProjectApi) -> None:
    consent = event(event_type="consent", properties={"action": "reject", "category": "whatsapp"})
    answer = await api.public.post("track/customers/events", consent)
    assert answer.body["success"] is False
    assert "public_api" in answer.body["errors"][0]
    assert "no permission" not in answer.text.lower()
    assert (await api.post("track/customers/events", consent)).body["success"]


async def test_a_public_key_writes_a_category_that_is_open_to_it(api: ProjectApi, database: Database) -> None:
    newsletter = ConsentCategory(name="newsletter", sources={"public_api": True})
    async with database.transaction() as connection:
        await insert_category(connection, api.project.project_id, newsletter, NOW)
    properties = {"action": "accept", "category": "newsletter", "valid_until": "unlimited"}
    assert (await api.public.post("track/customers/events", event(event_type="consent", properties=properties))).body[
        "success"
    ]
    asked = {"customer_ids": JANA, "attributes": [{"type": "consent", "category": "newsletter"}]}
    assert (await api.post("data/customers/attributes", asked)).body["results"] == [{"success": True, "value": True}]


WRONG_BODIES = [
    (b"", 400),
    (b"{", 400),
    (b"\xff", 400),
    (b'{"customer_ids": {"registered": "\\ud800"}}', 400),
    (b'{"customer_ids": NaN}', 400),
    (b"[]", 200),
    (b"null", 200),
    (msgspec.json.encode(event(properties=[])), 200),
    (msgspec.json.encode(event(event_type=None)), 200),
    (msgspec.json.encode(event(event_type="")), 200),
    (msgspec.json.encode(event(event_type="x" * 300)), 200),
    (msgspec.json.encode(event(customer_ids={"passport": "1"})), 200),
    (msgspec.json.encode(event(customer_ids={"registered": None})), 200),
    (msgspec.json.encode(event(customer_ids={"registered": {"a": 1}})), 200),
    (msgspec.json.encode(event(customer_ids={"registered": "a\x00b"})), 200),
    (msgspec.json.encode(event(properties={"a": ["\x00"]})), 200),
    (msgspec.json.encode(event(properties={"a\x00": 1})), 200),
    (msgspec.json.encode(event(properties={"a": "x" * 20_000})), 200),
    (msgspec.json.encode(event(timestamp="yesterday")), 200),
    (msgspec.json.encode(event(timestamp=1e300)), 200),
    (msgspec.json.encode(event(event_id="x" * 300)), 200),
    (msgspec.json.encode(event(event_id={"a": 1})), 200),
    (b'{"customer_ids": {"registered": "jana@example.org"}, "event_type": "view", "timestamp": 1e999}', 200),
    (b'{"customer_ids": {"registered": "jana@example.org"}, "event_type": "view", "properties": {"a": 1e999}}', 200),
    (b'{"customer_ids": ' + b"[" * 5000 + b"]" * 5000 + b"}", 200),
    (msgspec.json.encode(event()).replace(b'"page":1', b'"page":' + b"[" * 100 + b"]" * 100), 200),
]


@pytest.mark.parametrize(("body", "status"), WRONG_BODIES)
async def test_a_wrong_body_is_told_what_is_wrong(api: ProjectApi, body: bytes, status: int) -> None:
    answer = await api.post("track/customers/events", body)
    assert (answer.status, answer.body["success"]) == (status, False), answer
    assert answer.body["errors"][0].endswith(".")
    assert (await api.post("data/customers/export-one", {"customer_ids": JANA})).status == 404  # nothing half-written


async def test_an_oversized_body_is_a_413(api: ProjectApi) -> None:
    answer = await api.post("track/customers/events", b'{"a": "' + b"x" * 900_000 + b'"}')
    assert (answer.status, answer.body["success"]) == (413, False)


async def test_a_large_message_with_small_values_is_fine(api: ProjectApi) -> None:
    properties = {f"p{one}": "x" * 10_000 for one in range(60)}
    assert (await api.post("track/customers/events", event(properties=properties))).body["success"]


async def test_an_unknown_project_is_a_404(api: ProjectApi) -> None:
    other = msgspec.structs.replace(api.project, project=msgspec.structs.replace(api.project.project, token="nope"))
    answer = await msgspec.structs.replace(api, project=other).post("track/customers", {})
    assert (answer.status, answer.body) == (404, {"success": False, "errors": {"_global": ["Project does not exist"]}})


async def test_a_wrong_key_is_a_401(api: ProjectApi) -> None:
    key_id, secret = api.project.private_key.key_id, api.project.private_key.key_secret
    for key in ((key_id, "wrong"), ("wrong", secret), "wrong", key_id, (api.project.public_key, "")):
        answer = await api.with_key(key).post("track/customers", {"customer_ids": JANA})
        assert (answer.status, answer.body) == (401, {"success": False, "error": "access key not found"})
    nothing = await api.with_key(None).post("track/customers", {"customer_ids": JANA})
    assert (nothing.status, nothing.body["success"]) == (401, False)


async def test_a_key_of_another_project_is_a_401(api: ProjectApi, database: Database) -> None:
    other = await create_project(database, "Other shop", NOW)
    answer = await api.with_key(other.public_key).post("track/customers", {"customer_ids": JANA})
    assert answer.status == 401


async def test_a_public_key_may_not_read_a_customer(api: ProjectApi) -> None:
    await api.post("track/customers", {"customer_ids": JANA})
    for path in ("attributes", "export-one", "export", "events", "anonymize", "anonymize_bulk"):
        answer = await api.public.post(f"data/customers/{path}", {"customer_ids": JANA})
        assert (answer.status, answer.body["success"]) == (403, False)
        assert answer.body["errors"][0].startswith("not authorized to")


async def test_an_unknown_address_is_told_in_json(api: ProjectApi) -> None:
    assert (await api.post("track/nothing", {})).body["success"] is False
    assert (await api.get("track/customers")).status == 405
