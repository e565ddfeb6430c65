"""A shop to measure with: its project, its account, its customers who have opted in, and messages to them."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from bench.support.callbacks import APP, SIGNING_SECRET, phone
from bench.support.programs import ROOT
from parley.config import Config
from parley.domain.consent import CONSENT
from parley.domain.customer import CustomerIds
from parley.domain.event import NewEvent
from parley.house import House, open_house
from parley.providers.http import Wire
from parley.services.apply_definitions import apply_definitions
from parley.services.create_project import NewProject, create_project
from parley.services.deliver_messages import Delivery
from parley.services.plan_messages import Ask, Wanted, plan_messages
from parley.services.read_definitions import File, read_definitions
from parley.services.record_events import record_events
from parley.services.resolve_customers import resolve_customers
from parley.services.set_properties import PropertyUpdate, set_properties

T = TypeVar("T")
TOGETHER = 500
"""Customers or messages written in one transaction while the stage is set."""
READ_SECONDS = 120.0
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
TEMPLATE = ROOT / "examples" / "order-shipped.template.json"
_PRESETS = {"sinch_legacy": "sinch-whatsapp-template", "sinch_conversation": "sinch-conversation-template"}


class Shop(msgspec.Struct, frozen=True):
    """Everything a bench needs to know of it."""

    house: House
    project: NewProject
    api: str
    callback_path: str
    customers: list[UUID]


@asynccontextmanager
async def open_shop(data_dir: Path, api: str, provider_url: str, customers: int) -> AsyncIterator[Shop]:
    """A new project on the folder's embedded PostgreSQL, with the settings that production has."""
    async with open_house(Config(data_dir, None, None)) as house:
        await _check_durable(house)
        project = await create_project(house.database, "Bench", house.clock())
        callback_path = await _apply(house, project, api, provider_url)
        ids = [one for part in _parts(range(customers)) for one in await _opted_in(house, project, part)]
        yield Shop(house, project, api, callback_path, ids)


async def plan(shop: Shop, count: int) -> list[UUID]:
    """`count` template messages in the queue, by the service that scenarios use. Customers take turns."""
    turns = [shop.customers[number % len(shop.customers)] for number in range(count)]
    return [one for part in _parts(turns) for one in await _plan(shop, part)]


async def spread(shop: Shop, messages: Sequence[UUID], start: datetime, per_second: float) -> None:
    """Planned messages become due one after another from `start` on: an even load for a worker."""
    places = [place / per_second for place in range(len(messages))]
    async with shop.house.database.transaction() as connection:
        await connection.execute(
            "UPDATE messages m SET due_at = $3::timestamptz + place * interval '1 second' "
            "FROM unnest($1::uuid[], $2::float8[]) AS one (id, place) WHERE m.id = one.id",
            messages,
            places,
            start,
        )


def delivery(shop: Shop, wire: Wire) -> Delivery:
    """A worker's sending half, over that wire."""
    house = shop.house
    return Delivery(house.database, house.box, wire, house.clock, house.chance)


async def deliver_all(worker: Delivery) -> None:
    """Until nothing is due and every outcome is recorded."""
    while await worker.step():
        pass
    await worker.finish()


async def count_messages(shop: Shop, messages: Sequence[UUID], *states: str) -> int:
    """How many of them stand at one of these states."""
    asked = "SELECT count(*) FROM messages WHERE id = ANY($1::uuid[]) AND state = ANY($2::text[])"
    return await _count(shop, asked, messages, states)


async def check_accepted(shop: Shop, messages: Sequence[UUID]) -> None:
    """All of them are; else the bench ends with what became of the others."""
    asked = "SELECT state, outcome_sentence, count(*) FROM messages WHERE id = ANY($1::uuid[]) GROUP BY 1, 2"
    async with shop.house.database.connection() as connection:
        found = [tuple(row) for row in await connection.fetch(asked, messages)]
    assert [state for state, *_ in found] == ["accepted"], found


async def count_rows(shop: Shop, table: str) -> int:
    """Of this shop, in a table whose name stands in the bench itself."""
    return await _count(shop, f"SELECT count(*) FROM {table} WHERE project_id = $1", shop.project.project_id)  # noqa: S608


async def until_read(shop: Shop) -> None:
    """Something was made of every callback that is kept."""
    async with asyncio.timeout(READ_SECONDS):
        while await _count(shop, "SELECT count(*) FROM callbacks_unread"):  # noqa: ASYNC110  another process reads
            await asyncio.sleep(0.02)


async def _count(shop: Shop, asked: str, *values: object) -> int:
    async with shop.house.database.connection() as connection:
        counted: int = await connection.fetchval(asked, *values)
        return counted


async def _check_durable(house: House) -> None:
    """A figure without fsync would be another product's."""
    async with house.database.connection() as connection:
        told = {name: await connection.fetchval(f"SHOW {name}") for name in DURABLE}
    assert told == DURABLE, told


async def _apply(house: House, project: NewProject, api: str, provider_url: str) -> str:
    integration = {
        "kind": "integration",
        "name": "bench",
        "api": api,
        "account": _ACCOUNTS[api] | {"base_url": provider_url} | _auth(api, provider_url),
        "signing_secret": SIGNING_SECRET,
        "limits": {"messages_per_second": None, "requests_per_second": None},
    }
    files = [File("integration", msgspec.json.encode(integration)), File("template", TEMPLATE.read_bytes())]
    changes = await apply_definitions(
        house.database, house.box, project.project_id, read_definitions(files, {}), house.clock()
    )
    token = next(one.callback_token for one in changes if one.callback_token)
    return f"/callbacks/sinch/{token}"


_ACCOUNTS: dict[str, dict[str, Any]] = {
    "sinch_legacy": {"account": "bench-bot", "bearer_token": "bench-token"},
    "sinch_conversation": {"project_id": "bench", "app_id": APP, "key_id": "bench", "key_secret": "bench-secret"},
}


def _auth(api: str, provider_url: str) -> dict[str, str]:
    return {"auth_url": f"{provider_url}/oauth2/token"} if api == "sinch_conversation" else {}


async def _opted_in(house: House, project: NewProject, numbers: Sequence[int]) -> list[UUID]:
    now = house.clock()
    async with house.database.transaction() as connection:
        calls = [CustomerIds(hard={"registered": f"customer-{number}"}, soft={}) for number in numbers]
        found = await resolve_customers(connection, project.project_id, calls, now)
        ids = [one for one in found if isinstance(one, UUID)]
        updates = [
            PropertyUpdate(ident, {"phone": f"+{phone(number)}", "first_name": f"Name {number}"})
            for ident, number in zip(ids, numbers, strict=True)
        ]
        await set_properties(connection, project.project_id, updates, now)
        said = {"action": "accept", "category": "whatsapp", "valid_until": "unlimited"}
        await record_events(connection, project.project_id, [NewEvent(one, CONSENT, now, said) for one in ids], now)
    return ids


async def _plan(shop: Shop, customers: Sequence[UUID]) -> tuple[UUID, ...]:
    async with shop.house.database.transaction() as connection:
        return await plan_messages(
            connection, shop.project.project_id, list(_wanted(shop, customers)), shop.house.clock()
        )


def _wanted(shop: Shop, customers: Sequence[UUID]) -> Iterator[Wanted]:
    ask = Ask(
        preset=_PRESETS[shop.api],
        parameters={
            "template_name": "order_shipped",
            "language": "en",
            "parameters": '"{{ customer.first_name }}", "DHL", "https://shop.example/track"',
        },
        variables={},
        origin={"scenario": "bench"},
        sender="bench",
        consent_category="whatsapp",
    )
    yield from (Wanted(customer_id, ask) for customer_id in customers)


def _parts(whole: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(whole), TOGETHER):
        yield whole[start : start + TOGETHER]
