"""Addresses that nothing is sent to, and what was last answered to a keyword from one."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from parley.domain.suppression import Reason, Scope, Suppression, bucket_of_hash, suppression_hash, suppression_key
from parley.store.database import Connection, sql


class NewSuppression(msgspec.Struct, frozen=True):
    """One that wants to be on the list."""

    address: str
    suppression: Suppression
    by_whom: str
    note: str | None = None


class ListedSuppression(msgspec.Struct, frozen=True):
    """A line of the list."""

    hash: str
    """In hex; the cursor of the next page."""
    address: str | None
    """None once its customer is erased: then only a message to it shows that it is meant."""
    reason: Reason
    scope: Scope
    since: datetime
    by_whom: str
    note: str | None


async def suppress(connection: Connection, project_id: UUID, wanted: Sequence[NewSuppression]) -> None:
    """One that is there already begins anew when it is said later."""
    once = {(key(one.address), one.suppression.reason, one.suppression.scope): one for one in wanted}
    listed = [once[at] for at in sorted(once)]  # in one order, so that two who add the same wait and do not deadlock
    await sql.suppressions.suppress(
        connection,
        project_id=project_id,
        **_hashes(project_id, [one.address for one in listed]),
        reasons=[one.suppression.reason.value for one in listed],
        scopes=[one.suppression.scope.value for one in listed],
        addresses=[suppression_key(one.address) for one in listed],
        notes=[one.note for one in listed],
        by_whoms=[one.by_whom for one in listed],
        sinces=[one.suppression.since for one in listed],
    )


async def lift(
    connection: Connection, project_id: UUID, address: str, reasons: Collection[Reason], before: datetime
) -> int:
    """Takes an address off the list where one of these reasons put it there before then; says how many lines went."""
    gone: int = await sql.suppressions.lift(
        connection,
        project_id=project_id,
        **_hashes(project_id, [address]),
        reasons=[one.value for one in reasons],
        before=before,
    )
    return gone


async def suppressions_of(
    connection: Connection, addresses: Mapping[UUID, Collection[tuple[UUID, str]]]
) -> dict[UUID, tuple[Suppression, ...]]:
    """What is on the list of each customer, by (project, address). Who has nothing there is missing."""
    whose: dict[tuple[UUID, bytes], set[UUID]] = {}
    for customer_id, known in addresses.items():
        for project_id, address in known:
            whose.setdefault((project_id, suppression_hash(project_id, address)), set()).add(customer_id)
    rows = await sql.suppressions.suppressions_of(
        connection,
        buckets=[bucket_of_hash(digest) for _, digest in whose],
        project_ids=[project_id for project_id, _ in whose],
        hashes=[digest for _, digest in whose],
    )
    found: dict[UUID, tuple[Suppression, ...]] = {}
    for row in rows:
        one = Suppression(Reason(row["reason"]), Scope(row["scope"]), row["since"])
        for customer_id in whose[row["project_id"], row["hash"]]:
            found[customer_id] = (*found.get(customer_id, ()), one)
    return found


async def list_suppressions(
    connection: Connection, project_id: UUID, address: str | None, after: str | None, size: int
) -> list[ListedSuppression]:
    """Of one address, or a page of all. In the order of their hashes, which says nothing."""
    rows = await sql.suppressions.list_suppressions(
        connection,
        project_id=project_id,
        hash=None if address is None else suppression_hash(project_id, address),
        after=None if after is None else bytes.fromhex(after),
        size=size,
    )
    return [
        ListedSuppression(
            row["hash"].hex(),
            row["address"],
            Reason(row["reason"]),
            Scope(row["scope"]),
            row["since"],
            row["by_whom"],
            row["note"],
        )
        for row in rows
    ]


async def forget_addresses(connection: Connection, project_id: UUID, addresses: Collection[str]) -> None:
    """An erasure: the hash stays, and with it that nothing is sent there."""
    await sql.suppressions.forget_addresses(connection, project_id=project_id, **_hashes(project_id, addresses))


async def last_answer(connection: Connection, project_id: UUID, address: str) -> tuple[str, datetime] | None:
    """The keyword that was answered last, and when."""
    digest = suppression_hash(project_id, address)
    row = await sql.suppressions.last_answer(
        connection, bucket=bucket_of_hash(digest), project_id=project_id, hash=digest
    )
    return None if row is None else (row["keyword"], row["answered_at"])


async def keep_answer(connection: Connection, project_id: UUID, address: str, keyword: str, now: datetime) -> None:
    """For `last_answer`."""
    digest = suppression_hash(project_id, address)
    await sql.suppressions.keep_answer(
        connection, bucket=bucket_of_hash(digest), project_id=project_id, hash=digest, keyword=keyword, now=now
    )


def key(address: str) -> str:
    """What is hashed, for sorting."""
    return suppression_key(address)


def _hashes(project_id: UUID, addresses: Collection[str]) -> dict[str, list[Any]]:
    digests = [suppression_hash(project_id, address) for address in addresses]
    return {"buckets": [bucket_of_hash(digest) for digest in digests], "hashes": digests}
