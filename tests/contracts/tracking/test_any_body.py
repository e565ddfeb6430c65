"""Whatever a client sends: a clear answer, never a 500, and never a half of what was asked."""

import itertools
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parley.services.create_project import NewProject
from parley.store.database import Database
from tests.support.api import ProjectApi

ANYTHING = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
"""The project is a fixture of the test's: examples meet what earlier ones left, as in life."""
NAMES = st.sampled_from(["customer_ids", "event_type", "properties", "timestamp", "event_id", "registered", "cookie"])
TEXTS = st.text(max_size=12) | st.sampled_from(["\x00", "registered", "consent", "whatsapp", "accept", "1e999", "nan"])
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | TEXTS, inner, max_size=4),
    max_leaves=12,
)
IDS = st.dictionaries(st.sampled_from(["registered", "cookie"]), st.sampled_from(["a", "b", "c"]), min_size=1)
EVENTS = st.fixed_dictionaries(
    {"customer_ids": IDS | VALUES, "event_type": st.just("view") | VALUES, "properties": st.just({}) | VALUES},
    optional={"timestamp": st.integers(0, 2_000_000_000) | VALUES, "event_id": VALUES},
)
COMMANDS = st.fixed_dictionaries(
    {"name": st.sampled_from(["customers", "customers/events"]) | VALUES, "data": EVENTS | VALUES},
    optional={"command_id": VALUES},
)
ADDRESSES = (
    *("track/customers", "track/customers/events", "track/batch", "data/customers/attributes", "data/customers/events"),
    *("data/customers/export-one", "data/customers/anonymize", "data/customers/anonymize_bulk", "data/catalogs"),
)


@ANYTHING
@given(body=VALUES | EVENTS, address=st.sampled_from(ADDRESSES))
async def test_any_json_gets_a_clear_answer(api: ProjectApi, body: Any, address: str) -> None:
    answer = await api.post(address, msgspec.json.encode(body))
    assert answer.status in {200, 404}
    assert answer.body["success"] is True or answer.body["errors"]


@ANYTHING
@given(body=st.binary(max_size=40), address=st.sampled_from(ADDRESSES))
async def test_any_bytes_get_a_clear_answer(api: ProjectApi, body: bytes, address: str) -> None:
    answer = await api.post(address, body)
    assert answer.status in {200, 400, 404}
    assert answer.body["success"] is False


_marks = itertools.count()


@ANYTHING
@given(commands=st.lists(EVENTS | COMMANDS, max_size=8))
async def test_a_batch_stores_exactly_what_it_says(
    api: ProjectApi, database: Database, commands: list[dict[str, Any]]
) -> None:
    marked = [_marked(one) for one in commands]
    answer = await api.post("track/batch", {"commands": marked})
    assert answer.status == 200
    told = {_mark(one): result["success"] for one, result in zip(marked, answer.body["results"], strict=True)}
    stored = await _stored_marks(database, api.project)
    assert {mark for mark, success in told.items() if mark is not None and success != (mark in stored)} == set()


def _marked(command: dict[str, Any]) -> dict[str, Any]:
    """Events carry a mark by which they are found again."""
    if command.get("name") != "customers/events" or not isinstance(command["data"], dict):
        return command
    properties = command["data"].get("properties")
    if not isinstance(properties, dict):
        return command
    data = {name: value for name, value in command["data"].items() if name != "event_id"}
    return command | {"data": data | {"properties": properties | {"mark": next(_marks)}}}


def _mark(command: dict[str, Any]) -> int | None:
    data = command.get("data")
    properties = data.get("properties") if isinstance(data, dict) else None
    mark: int | None = properties.get("mark") if isinstance(properties, dict) else None
    return mark


async def _stored_marks(database: Database, project: NewProject) -> set[int]:
    """Read past the API: nobody may have them, whoever they were tracked for."""
    question = "SELECT properties ->> 'mark' AS mark FROM events WHERE project_id = $1 AND properties ? 'mark'"
    async with database.connection() as connection:
        return {int(row["mark"]) for row in await connection.fetch(question, project.project_id)}


async def test_a_command_that_is_none_does_not_hold_the_others_back(api: ProjectApi) -> None:
    good = {"name": "customers/events", "command_id": 1, "data": {"customer_ids": {"cookie": "a"}, "event_type": "x"}}
    bad: list[object] = [1, None, [], {"name": 5, "command_id": 2}, {"name": "customers", "data": 5}]
    answer = await api.post("track/batch", {"commands": [*bad, good]})
    assert [one["success"] for one in answer.body["results"]] == [False] * 5 + [True]
    assert answer.body["results"][3]["command_id"] == 2


async def test_a_customer_is_not_made_by_an_update_that_is_refused(api: ProjectApi) -> None:
    body = {"customer_ids": {"registered": "new"}, "properties": {f"p{one}": one for one in range(256)}}
    assert (await api.post("track/customers", body)).body["success"] is False
    assert (await api.post("data/customers/export-one", body)).status == 404


@pytest.mark.parametrize(
    ("address", "body"),
    [
        ("track/customers", {"customer_ids": {"No Permission": "x"}}),
        ("track/batch", {"commands": [{"name": "NO PERMISSION"}]}),
        ("data/customers/attributes", {"attributes": [{"type": "no permission", "id": "no permission"}]}),
        ("data/catalogs", {"name": "taken", "fields": [{"name": "no permission\x00"}]}),
    ],
)
async def test_an_answer_that_quotes_its_caller_is_not_taken_for_a_refused_key(
    api: ProjectApi, address: str, body: dict[str, Any]
) -> None:
    ids = {"registered": "jana"}
    await api.post("track/customers", {"customer_ids": ids})
    answer = await api.post(address, {"customer_ids": ids} | body)
    assert answer.status == 200
    assert "no permission" not in answer.text.lower()


@pytest.mark.parametrize(
    ("address", "body"),
    [
        ("track/customers/events", {"event_type": "x", "timestamp": None, "properties": None, "event_id": None}),
        ("track/customers", {"properties": None, "update_timestamp": None, "sdk": "Magento"}),
        ("data/customers/attributes", {"attributes": None}),
        ("data/customers/events", {"event_types": None, "order": None, "limit": None, "skip": None}),
    ],
)
async def test_nulls_count_as_not_given(api: ProjectApi, address: str, body: dict[str, Any]) -> None:
    ids = {"registered": "jana", "cookie": None}
    await api.post("track/customers", {"customer_ids": ids})
    assert (await api.post(address, {"customer_ids": ids} | body)).body["success"] is True


@pytest.mark.parametrize("digits", [20, 400, 5000])
async def test_a_large_number_is_kept_exactly_or_refused(api: ProjectApi, digits: int) -> None:
    number = "9" * digits
    body = f'{{"customer_ids": {{"registered": "jana"}}, "properties": {{"large": {number}}}}}'
    answer = await api.post("track/customers", body.encode())
    if not answer.body["success"]:
        assert digits == 5000
        return
    exported = await api.post("data/customers/export-one", {"customer_ids": {"registered": "jana"}})
    assert msgspec.json.decode(exported.text)["properties"] == {"large": int(number)}
