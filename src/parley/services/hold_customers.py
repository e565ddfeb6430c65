"""Customers that were read earlier may have been merged away since: who writes to them holds them first."""

from collections.abc import Collection
from uuid import UUID

from parley.store.customers import hold_customers as hold
from parley.store.customers import merged_into
from parley.store.database import Connection

MERGES_FOLLOWED = 50
"""A into B into C and so on; more in a row than this is no shop's history."""


async def hold_customers(connection: Connection, customer_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Where each customer is now; nobody merges them away before the transaction ends. Who never was is missing."""
    now_at = {one: one for one in customer_ids}
    for _ in range(MERGES_FOLLOWED):
        there = await hold(connection, set(now_at.values()))
        gone = set(now_at.values()) - there
        if not gone:
            break
        went = await merged_into(connection, gone)
        now_at = {one: went.get(at, at) for one, at in now_at.items() if at in there or at in went}
    return now_at
