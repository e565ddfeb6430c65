"""Whatever a body holds: never a 500, and never half of a command."""

import asyncio
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.api import ProjectApi

TEXTS = st.text(max_size=12) | st.sampled_from(["registered", "cookie", "consent", "\x00", "unlimited", "whatsapp"])
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
IDS = st.dictionaries(st.sampled_from(["registered", "cookie", "passport"]), VALUES, max_size=3) | VALUES
DATA = st.fixed_dictionaries(
    {},
    optional={
        "customer_ids": IDS,
        "event_type": st.sampled_from(["view", "consent"]) | VALUES,
        "properties": st.dictionaries(st.sampled_from(["action", "category", "valid_until", "phone"]), VALUES) | VALUES,
        "timestamp": VALUES,
        "update_timestamp": VALUES,
        "event_id": VALUES,
    },
)
NAMES = st.sampled_from(["customers", "customers/events", "system/time"]) | VALUES
COMMANDS = st.fixed_dictionaries({}, optional={"name": NAMES, "command_id": VALUES, "data": DATA | VALUES}) | VALUES
PATIENT = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


class Line:
    """One connection that is kept, so that hundreds of requests are quick."""

    def __init__(self, api: ProjectApi) -> None:
        self._session = requests.Session()
        self._api = api

    def post(self, path: str, body: bytes) -> requests.Response:
        room, _, rest = path.partition("/")
        key = self._api.project.private_key
        url = f"{self._api.url}/{room}/v2/projects/{self._api.project.project_token}/{rest}"
        return self._session.post(url, data=body, auth=(key.key_id, key.key_secret), timeout=20)

    def close(self) -> None:
        self._session.close()


@pytest.fixture
def line(api: ProjectApi) -> Iterator[Line]:
    opened = Line(api)
    yield opened
    opened.close()


def told(answer: requests.Response) -> dict[str, Any]:
    assert answer.status_code in (200, 400, 404, 413), (answer.status_code, answer.text)
    body: dict[str, Any] = answer.json()
    assert body["success"] in (True, False)
    if answer.status_code == 200:
        assert "no permission" not in answer.text.lower()
    return body


PATHS = [
    "track/customers",
    "track/customers/events",
    "data/customers/attributes",
    "data/customers/export-one",
    "data/customers/events",
    "data/customers/anonymize",
    "data/customers/anonymize_bulk",
    "data/catalogs",
]


@pytest.mark.parametrize("path", PATHS)
async def test_a_single_call_is_answered_or_refused(line: Line, path: str) -> None:
    @PATIENT
    @given(DATA | VALUES)
    def send(body: Any) -> None:
        told(line.post(path, msgspec.json.encode(body)))

    await asyncio.to_thread(send)


async def test_no_bytes_break_a_door(line: Line) -> None:
    @PATIENT
    @given(st.binary(max_size=60) | st.text(alphabet='{}[]",:\\u0d8eE+-.1', max_size=40).map(str.encode))
    def send(body: bytes) -> None:
        told(line.post("track/batch", body))

    await asyncio.to_thread(send)


async def test_a_batch_stores_exactly_what_it_says_it_stored(line: Line) -> None:
    """A marked event stands among commands of any kind: it is there once, whatever they are."""
    count = 0

    @PATIENT
    @given(st.lists(COMMANDS, max_size=4), st.lists(COMMANDS, max_size=4))
    def send(before: list[Any], after: list[Any]) -> None:
        nonlocal count
        count += 1
        data = {"customer_ids": {"registered": "marked"}, "event_type": "marked", "event_id": f"m-{count}"}
        marked = {"name": "customers/events", "command_id": "marked", "data": data}
        body = told(line.post("track/batch", msgspec.json.encode({"commands": [*before, marked, *after]})))
        assert body["success"] is True
        assert len(body["results"]) == len(before) + len(after) + 1
        assert body["results"][len(before)] == {"success": True, "command_id": "marked"}
        asked = {"customer_ids": {"registered": "marked"}, "event_types": ["marked"]}
        assert len(told(line.post("data/customers/events", msgspec.json.encode(asked)))["data"]) == count

    await asyncio.to_thread(send)
