"""What others commit between two statements of a claim counts up to the moment in which the claim reads it.

The tests of interleavings say it of what comes before a claim. Here the claim has begun, holds its messages, and waits
for a table that somebody else has locked: what is done by the connection with the lock counts when the claim goes on.
After the reading it is too late for this call, and for no other (docs/discussions/never-sent-twice.md).
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import UUID

import msgspec
import pytest

from parley.domain.suppression import Reason, Scope, Suppression
from parley.services.read_callbacks import _read_together
from parley.services.receive_callbacks import Callback, keep
from parley.services.record_events import record_events
from parley.store.database import Connection
from parley.store.stops import Stop, put_stop
from parley.store.suppressions import NewSuppression, suppress
from tests.support.builders import consent_event
from tests.walks.test_interleavings import _apply_nodes, _planned, _template
from tests.walks.walk import Walk, inbound

NUMBER = "421901000001"
SECONDS = 20
Happening = Callable[[Walk, UUID, Connection], Awaitable[None]]


async def _revokes(walk: Walk, customer_id: UUID, connection: Connection) -> None:
    """Tracked by the shop."""
    await record_events(connection, walk.project_id, [consent_event(customer_id, "reject")], walk.now)


async def _writes_stop(walk: Walk, _: UUID, connection: Connection) -> None:
    callback = await walk.judged({}, msgspec.json.encode(inbound(NUMBER, "STOP", walk.now, "STOP-1")))
    assert isinstance(callback, Callback)
    await keep(connection, [callback], walk.now)
    await _read_together(connection)


async def _is_listed(walk: Walk, _: UUID, connection: Connection) -> None:
    """By an operator."""
    line = Suppression(Reason.OPERATOR, Scope.ALL, walk.now)
    await suppress(connection, walk.project_id, [NewSuppression(NUMBER, line, by_whom="Olga")])


async def _sender_stops(walk: Walk, _: UUID, connection: Connection) -> None:
    """The answer to another worker's call said that the account is blocked."""
    stop = Stop("shop-whatsapp", "account_blocked", "WhatsApp has locked it.")
    assert await put_stop(connection, walk.project_id, stop, walk.now, walk.now)


WAITS = (
    "SELECT count(*) FROM pg_locks waiting JOIN pg_locks held USING (pid) "
    "WHERE NOT waiting.granted AND waiting.relation = $1::text::regclass "
    "AND held.granted AND held.relation = 'messages'::regclass AND held.mode = 'RowShareLock'"
)
BOTH, NONE = ["template", "text"], list[str]()
PERSON = ("customers", "addresses", "consents", "windows", "suppressions")
"""In the order in which a claim reads them."""
CASES: list[tuple[Happening, str, list[str]]] = [
    *((_writes_stop, table, NONE) for table in PERSON),
    *((_is_listed, table, NONE) for table in PERSON),
    *((_revokes, table, ["text"]) for table in PERSON[:3]),
    *((_sender_stops, table, NONE) for table in (*PERSON, "stops")),
]
"""What happens, while the claim waits to read which table, and what leaves nevertheless."""
TOO_LATE: list[tuple[Happening, str]] = [
    (_writes_stop, "stops"),
    (_is_listed, "stops"),
    (_revokes, "stops"),
    (_sender_stops, "pairs"),
]


@asynccontextmanager
async def _claim_that_waits_for(walk: Walk, table: str) -> AsyncIterator[Connection]:
    """Within, it has locked its messages; what is done by the connection counts when the claim goes on."""
    async with walk.database.transaction() as connection, asyncio.timeout(SECONDS):
        await connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        claiming = asyncio.create_task(walk.delivery.step())
        while not claiming.done() and not await connection.fetchval(WAITS, table):  # noqa: ASYNC110  another connection
            await asyncio.sleep(0.01)
        assert not claiming.done(), f"a claim does not read {table}"
        yield connection
    await claiming
    await walk.delivery.finish()


async def _queued(walk: Walk) -> UUID:
    await _apply_nodes(walk)
    await _template(walk, "approved")
    customer_id = await _planned(walk, int(NUMBER[-6:]))
    walk.sinch.requests.clear()
    return customer_id


def _left(walk: Walk) -> list[str]:
    """Of what was planned; a written STOP is answered besides."""
    sent = [body["message"] for body in walk.sinch.bodies()]
    return sorted(one["type"] for one in sent if "You will get no more messages" not in one.get("text", ""))


@pytest.mark.parametrize(("happens", "table", "left"), CASES)
async def test_what_is_committed_before_a_claim_reads_it_leads_to_no_call(
    walk: Walk, happens: Happening, table: str, left: list[str]
) -> None:
    customer_id = await _queued(walk)
    async with _claim_that_waits_for(walk, table) as connection:
        await happens(walk, customer_id, connection)
    assert _left(walk) == left


@pytest.mark.parametrize(("happens", "table"), TOO_LATE)
async def test_what_is_committed_after_a_claim_has_read_it_is_too_late_for_this_call_and_for_no_other(
    walk: Walk, happens: Happening, table: str
) -> None:
    customer_id = await _queued(walk)
    async with _claim_that_waits_for(walk, table) as connection:
        await happens(walk, customer_id, connection)
    assert _left(walk) == BOTH
    walk.sinch.requests.clear()
    await walk.track(customer_id, "go")
    await walk.come_to_rest()
    assert _left(walk) == (["text"] if happens is _revokes else NONE)
