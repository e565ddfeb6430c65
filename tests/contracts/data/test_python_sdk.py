"""Exponea's own Python client, version 0.2.0, against a live server: all it offers except analyses."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from exponea_python_sdk import Exponea
from exponea_python_sdk.exceptions import APIException

from tests.support.api import ProjectApi
from tests.support.builders import Cast

JANA = {"registered": "jana@example.org"}


@pytest.fixture
def exponea(api: ProjectApi) -> Exponea:
    key = api.project.private_key
    return Exponea(api.project.project_token, username=key.key_id, password=key.key_secret, url=api.url)


async def call(method: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    return await asyncio.to_thread(method, *arguments, **named)


async def test_it_tells_the_time(exponea: Exponea) -> None:
    assert isinstance(await call(exponea.tracking.get_system_time), float)


async def test_it_tracks_a_customer_and_events(exponea: Exponea) -> None:
    assert await call(exponea.tracking.update_customer_properties, JANA, {"first_name": "Jana"})
    assert await call(exponea.tracking.add_event, JANA, "purchase", {"total": 1.5}, timestamp=1533663283)
    assert await call(exponea.tracking.add_event, JANA, "visit")
    customer = await call(exponea.customer.get_customer, JANA)
    assert customer["ids"] == JANA
    assert customer["properties"] == {"first_name": "Jana"}
    assert [event["type"] for event in customer["events"]] == ["purchase", "visit"]
    events = await call(exponea.customer.get_events, JANA, ["purchase"])
    assert events == [{"type": "purchase", "timestamp": 1533663283.0, "properties": {"total": 1.5}}]


async def test_it_sends_a_batch(exponea: Exponea) -> None:
    tracking = exponea.tracking
    commands = [
        tracking.get_system_time(batch=True),
        tracking.update_customer_properties(JANA, {"first_name": "Jana"}, batch=True),
        tracking.add_event(JANA, "visit", batch=True),
        tracking.add_event({}, "visit", batch=True),
    ]
    time, *results = await call(tracking.batch_commands, commands)
    assert isinstance(time, float)
    assert results == [True, True, False]


async def test_it_reads_attributes(exponea: Exponea) -> None:
    await call(exponea.tracking.update_customer_properties, JANA | {"cookie": "c1"}, {"city": "Brno"})
    found = await call(
        exponea.customer.get_customer_attributes, JANA, properties=["city", "none"], ids=["cookie"], segmentations=["s"]
    )
    assert found == {
        "properties": {"city": "Brno", "none": None},
        "ids": {"cookie": ["c1"]},
        "segmentations": {"s": None},
    }


async def test_it_reads_consents_of_the_cast(exponea: Exponea, cast: Cast) -> None:
    answers = [
        await call(exponea.customer.get_customer_consents, {"registered": name}, ["whatsapp"])
        for name in ("alice", "bob", "carol")
    ]
    assert answers == [{"whatsapp": True}, {"whatsapp": False}, {"whatsapp": False}]


async def test_it_exports_all_customers(exponea: Exponea, cast: Cast) -> None:
    customers = await call(exponea.customer.get_customers)
    assert {one["ids"]["registered"]: one["properties"]["phone"] for one in customers} == {
        "alice": "+421901000001",
        "bob": "+421901000002",
        "carol": "+421901000003",
    }


async def test_it_anonymizes_a_customer(exponea: Exponea, cast: Cast) -> None:
    assert await call(exponea.customer.anonymize_customer, {"registered": "alice"})
    with pytest.raises(APIException, match="Customer does not exist"):
        await call(exponea.customer.get_customer, {"registered": "alice"})


async def test_it_fills_a_catalog(exponea: Exponea) -> None:
    catalog = exponea.catalog
    ident = await call(catalog.create_catalog, "shop", ["title", "stock"])
    assert await call(catalog.get_catalog_name, ident) == "shop"
    assert await call(catalog.create_catalog_item, ident, "P-11", {"title": "Lamp", "stock": 0})
    assert await call(catalog.update_catalog_item, ident, "P-11", {"stock": 3})
    assert await call(catalog.create_catalog_item, ident, "P-12", {"title": "Desk"})
    items = await call(catalog.get_catalog_items, ident, {"title": "Lamp"})
    assert items["data"] == [{"item_id": "P-11", "properties": {"title": "Lamp", "stock": 3}}]
    assert (items["matched"], items["total"]) == (1, 2)
    assert await call(catalog.update_catalog_name, ident, "store", ["title", "stock", "price"])
    assert await call(catalog.get_catalog_name, ident) == "store"
    assert await call(catalog.delete_catalog_item, ident, "P-11")
    assert await call(catalog.delete_catalog_items, ident)
    assert await call(catalog.delete_catalog, ident)
    with pytest.raises(APIException):
        await call(catalog.get_catalog_name, ident)


async def test_it_reports_a_wrong_key(api: ProjectApi) -> None:
    stranger = Exponea(api.project.project_token, username="no", password="no", url=api.url)
    with pytest.raises(APIException, match="access key not found"):
        await call(stranger.tracking.add_event, JANA, "visit")
