"""Ids become customers: found, created, or merged when two turn out to be one.

Safe under parallel calls, in this order of locks: the customers that are found, by their ids; then the addresses that
are added, sorted; then the gates of those who become one. What changed while we waited is seen by `addresses_lost` or
by an address that another added first: then everything is given back (to the savepoint, or the start of the
transaction) and done again.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from parley.domain.customer import SOFT_IDS, Address, AddressKind, CustomerIds
from parley.domain.errors import ParleyError
from parley.domain.identity import Changes, Contradiction, Known, identify, known_already
from parley.domain.ids import new_id
from parley.services.merge_customers import merge_customers
from parley.store.customers import (
    LookedUpTooEarlyError,
    Owner,
    close_gates,
    count_lost_addresses,
    drop_old_soft_ids,
    hard_ids_of,
    insert_addresses,
    insert_customers,
    lock_owners,
    move_addresses,
    touch_addresses,
)
from parley.store.database import Connection, Database, transaction_of

T = TypeVar("T")
ATTEMPTS = 20


class TooBusyError(ParleyError):
    """Too many others are changing the ids of the same customers. Try again."""


async def resolve_customers(
    connection: Connection, project_id: UUID, calls: Sequence[CustomerIds], now: datetime
) -> tuple[UUID | Contradiction, ...]:
    """One customer for each call, locked until the transaction ends. A call's ids must not be empty.

    Call it once in a transaction, before other rows are written: that keeps parallel calls from a deadlock.
    """
    for _ in range(ATTEMPTS):
        try:
            async with transaction_of(connection):
                return await resolve_once(connection, project_id, calls, now)
        except LookedUpTooEarlyError:
            continue
    raise TooBusyError


async def run_resolving(database: Database, work: Callable[[Connection], Awaitable[T]]) -> T:
    """`work`, which calls `resolve_once` before it writes anything, in a transaction that begins again if it must."""
    for _ in range(ATTEMPTS):
        try:
            return await database.run(work)
        except LookedUpTooEarlyError:
            continue
    raise TooBusyError


async def resolve_once(
    connection: Connection, project_id: UUID, calls: Sequence[CustomerIds], now: datetime
) -> tuple[UUID | Contradiction, ...]:
    """As `resolve_customers`, without a savepoint's round trips: LookedUpTooEarlyError ends the whole transaction."""
    wanted = {address for ids in calls for address in ids.addresses()}
    owners = await lock_owners(connection, project_id, wanted)
    of = {one.address: one.id for one in owners}
    await _touch_soft_ids(connection, project_id, of, now)
    known = known_already(calls, of)
    if known is not None:
        return known
    changes = identify(calls, of, await _known(connection, calls, owners), new_id, now)
    await _create(connection, project_id, changes, now)
    await _move(connection, project_id, changes, now)
    await _merge(connection, project_id, changes, now)
    await _keep_soft_ids_few(connection, project_id, changes)
    return changes.customers


async def _known(connection: Connection, calls: Sequence[CustomerIds], owners: Sequence[Owner]) -> list[Known]:
    """Hard ids are read only where they can matter: when a call's ids do not all lead to one customer."""
    of = {one.address: one.id for one in owners}
    unclear = {
        owner
        for ids in calls
        if len(led := {of.get(address) for address in ids.addresses()}) > 1
        for owner in led
        if owner is not None
    }
    hard = await hard_ids_of(connection, unclear) if unclear else {}
    return list({one.id: Known(one.id, one.created_at, hard.get(one.id, {})) for one in owners}.values())


async def _create(connection: Connection, project_id: UUID, changes: Changes, now: datetime) -> None:
    if changes.created:
        await insert_customers(connection, project_id, changes.created, now)
    if changes.added:
        inserted = await insert_addresses(connection, project_id, changes.added.items(), now)
        if inserted < len(changes.added):
            raise LookedUpTooEarlyError


async def _move(connection: Connection, project_id: UUID, changes: Changes, now: datetime) -> None:
    if changes.moved:
        await count_lost_addresses(connection, changes.losers)
        await move_addresses(connection, project_id, changes.moved, now)


async def _merge(connection: Connection, project_id: UUID, changes: Changes, now: datetime) -> None:
    if changes.merges:
        await close_gates(connection, {one for merge in changes.merges for one in (merge.source, merge.destination)})
    for merge in changes.merges:
        await merge_customers(connection, project_id, merge, now)


async def _touch_soft_ids(connection: Connection, project_id: UUID, found: Collection[Address], now: datetime) -> None:
    """For `_keep_soft_ids_few`: the least recently used goes."""
    used = [address for address in found if address.kind == AddressKind.SOFT]
    if used:
        await touch_addresses(connection, project_id, used, now)


async def _keep_soft_ids_few(connection: Connection, project_id: UUID, changes: Changes) -> None:
    grown = _grown(changes)
    if grown:
        losers = await drop_old_soft_ids(connection, project_id, grown, SOFT_IDS)
        if losers:
            await count_lost_addresses(connection, losers)


def _grown(changes: Changes) -> set[UUID]:
    """Existing customers who may have more soft ids than before."""
    gained: dict[Address, UUID] = {**changes.added, **changes.moved}
    grown = {owner for address, owner in gained.items() if address.kind == AddressKind.SOFT}
    return grown | {merge.destination for merge in changes.merges}
