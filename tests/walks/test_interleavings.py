"""Whatever happens between planning and claiming, and in whatever order: only what may leave at the wire leaves.

Exhaustive over every order of every choice of the four things that can come between; a consent is taken away by the
written STOP, which opens the window anew, or by what the shop tracks. What comes between the claim and its call is too
late for that call (docs/house.md says how long that can be); when the call could not begin, it counts.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

import msgspec
import pytest

from parley.domain.http import HttpResponse
from parley.providers.http import NotSentError
from parley.services.callback_doors import Doors
from parley.services.callback_spool import Arrival
from parley.services.read_callbacks import BATCH, FRESH, GIVE_WAY_SECONDS, CallbackReader
from parley.services.receive_callbacks import Callback, receive_arrivals
from parley.store.customers import customers_by_id
from tests.support.builders import add_customer, consent_event
from tests.walks.outage import SECRET, signed
from tests.walks.walk import EXAMPLES, LEGACY, Walk, inbound, kept_headers, status

TEMPLATE = "cart-reminder.template.json"
NODES: dict[str, dict[str, Any]] = {
    "template": {"type": "send_template", "template": "cart_reminder", "parameters": ["{{ customer.first_name }}"]},
    "text": {"type": "send_text", "text": "Hello {{ customer.first_name }}"},
}
FAULT = HttpResponse(500, (), msgspec.json.encode({"message": "500", "reason": "", "details": ""}))
NOT_BEGUN = NotSentError("No connection and no token came in time.")
FORBIDDEN_BY = {
    "template": {"STOP", "consent revoked", "withdrawn"},
    "text": {"STOP", "window closed"},  # in an open window it needs no consent; after STOP the window is all the same
}
"""What must keep a message of that kind back; nothing else may."""


async def _write_stop(walk: Walk, customer_id: UUID) -> None:
    async with walk.database.connection() as connection:
        phone = (await customers_by_id(connection, [customer_id]))[customer_id].phone
    assert phone is not None
    await walk.call_back(inbound(phone.removeprefix("+"), "STOP", walk.now, f"STOP-{phone}"))


async def _revoke(walk: Walk, customer_id: UUID) -> None:
    await walk.track(customer_id, "consent", **consent_event(customer_id, "reject").properties)


async def _close_window(walk: Walk, _: UUID) -> None:
    walk.now += timedelta(hours=24)


async def _withdraw(walk: Walk, _: UUID) -> None:
    await _template(walk, "paused")


async def _wait(walk: Walk, _: UUID) -> None:
    walk.now += timedelta(minutes=30)


BETWEEN: dict[str, Callable[[Walk, UUID], Awaitable[None]]] = {
    "STOP": _write_stop,
    "consent revoked": _revoke,
    "window closed": _close_window,
    "withdrawn": _withdraw,
    "delay": _wait,
}


def _orders() -> Iterator[tuple[str, ...]]:
    for count in range(len(BETWEEN)):
        for order in permutations(BETWEEN, count):
            if not {"STOP", "consent revoked"} <= set(order):  # one after the other would take longer than it tells
                yield order


async def _template(walk: Walk, status: str) -> None:
    await walk.apply(msgspec.json.decode((EXAMPLES / TEMPLATE).read_bytes()) | {"status": status})


async def _planned(walk: Walk, number: int) -> UUID:
    """A template and a text, both allowed and queued, to a customer who has agreed and has just written."""
    phone = f"421901{number:06}"
    customer_id = await add_customer(walk.database, walk.project, phone, {"phone": f"+{phone}", "first_name": "Jana"})
    await walk.track(customer_id, "consent", **consent_event(customer_id, "accept").properties)
    await walk.call_back(inbound(phone, "hi", walk.now, f"IN-{number}"))
    await walk.come_to_rest()
    await walk.track(customer_id, "go")
    await walk.plan()
    assert [await walk.states(customer_id, kind) for kind in NODES] == [["queued"], ["queued"]]
    return customer_id


async def _apply_nodes(walk: Walk) -> None:
    for name, node in NODES.items():
        go = {"id": "go", "type": "on_event", "event": "go", "next": "send"}
        settings = {"consent_category": "whatsapp"}
        nodes = [go, {"id": "send", **node}]
        await walk.apply({"kind": "scenario", "name": f"blunt-{name}", "settings": settings, "nodes": nodes})


@pytest.mark.parametrize("before", [None, FAULT, NOT_BEGUN], ids=["first try", "second try", "call not begun"])
async def test_no_order_of_what_comes_between_leads_to_a_forbidden_call(
    walk: Walk, before: HttpResponse | Exception | None
) -> None:
    await _apply_nodes(walk)
    for number, order in enumerate(_orders()):
        await _template(walk, "approved")
        customer_id = await _planned(walk, number)
        if before is not None:
            walk.sinch.script.extend([before, before])
            await walk.come_to_rest()
        walk.sinch.requests.clear()
        for happening in order:
            await BETWEEN[happening](walk, customer_id)
        await walk.later(minutes=1)
        left = [body["message"] for body in walk.sinch.bodies()]
        kinds = sorted(one["type"] for one in left if not _answers_stop(one))
        assert kinds == [kind for kind, by in FORBIDDEN_BY.items() if not by & set(order)], order
        assert len(left) - len(kinds) == _is_answered(order), order


def _answers_stop(message: dict[str, Any]) -> bool:
    return str(message.get("text")).startswith("You will get no more messages")


def _is_answered(order: Sequence[str]) -> bool:
    """In the window that the STOP itself has opened."""
    return "STOP" in order and "window closed" not in order[order.index("STOP") :]


async def _keep(walk: Walk, *told: dict[str, Any]) -> None:
    """Signed callbacks, durable and answered, and not read yet."""
    bodies = [msgspec.json.encode(one) for one in told]
    arrivals = [Arrival(walk.now, walk.token, kept_headers(signed(body)), body) for body in bodies]
    admitted = await receive_arrivals(walk.database, Doors(walk.box), arrivals, walk.now)
    assert all(isinstance(one, Callback) for one in admitted)


@asynccontextmanager
async def _busy_reader(walk: Walk) -> AsyncIterator[None]:
    """Of a server at which other callbacks want their answer without end."""
    reading = asyncio.create_task(CallbackReader(walk.database, lambda: walk.now, lambda: True).run())
    yield
    reading.cancel()


async def _unread(walk: Walk) -> int:
    async with walk.database.connection() as connection:
        count: int = await connection.fetchval("SELECT count(*) FROM callbacks_unread")
    return count


async def _until_unread(walk: Walk, count: int) -> None:
    async with asyncio.timeout(20):
        while await _unread(walk) != count:  # noqa: ASYNC110  a table
            await asyncio.sleep(GIVE_WAY_SECONDS)


@pytest.mark.parametrize("before", [None, FAULT, NOT_BEGUN], ids=["first try", "second try", "call not begun"])
async def test_no_call_begins_once_a_written_stop_is_read_and_that_is_put_off_for_a_second_at_most(
    walk: Walk, before: HttpResponse | Exception | None
) -> None:
    await _apply_nodes(walk)
    await _template(walk, "approved")
    customer_id = await _planned(walk, 1)
    if before is not None:
        walk.sinch.script.extend([before, before])
        await walk.come_to_rest()
    await walk.apply({**LEGACY, "signing_secret": SECRET})
    walk.sinch.requests.clear()
    reports = [status(f"SINCH-{number}", "sent", walk.now) for number in range(BATCH)]
    await _keep(walk, *reports, inbound("421901000001", "STOP", walk.now, "STOP-1"))
    async with _busy_reader(walk):
        await _until_unread(walk, 1)
        await asyncio.sleep(20 * GIVE_WAY_SECONDS)
        assert await _unread(walk) == 1  # the STOP stands back for the answers of others
        walk.now += FRESH
        await _until_unread(walk, 0)
    await walk.later(minutes=1)
    (answer,) = walk.sinch.bodies()
    assert _answers_stop(answer["message"])
    assert [(await walk.states(customer_id, kind))[0] for kind in NODES] == ["queued", "queued"]
    assert "refused" in await walk.states(customer_id, "template")
    assert "refused" in await walk.states(customer_id, "text")


async def test_what_is_claimed_before_the_stop_is_read_was_sent_a_moment_before_it(walk: Walk) -> None:
    """A call that is beginning cannot be called back; so the promise counts from the reading, not from our 2xx."""
    await _apply_nodes(walk)
    await _template(walk, "approved")
    await _planned(walk, 1)
    await walk.apply({**LEGACY, "signing_secret": SECRET})
    walk.sinch.requests.clear()
    await _keep(walk, inbound("421901000001", "STOP", walk.now, "STOP-1"))
    await walk.come_to_rest()
    assert sorted(body["message"]["type"] for body in walk.sinch.bodies()) == ["template", "text"]
