"""Takes out of every table what says who a customer is."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from parley.store.customers import keys
from parley.store.database import Connection, sql


async def erase(connection: Connection, customer_ids: Collection[UUID], personal: Sequence[str], now: datetime) -> None:
    """The caller holds the customers. `personal` are the event properties that go."""
    of = keys(customer_ids)
    await sql.anonymize.erase_addresses(connection, ids=of["ids"])
    await sql.anonymize.erase_properties(connection, now=now, **of)
    await sql.anonymize.erase_in_events(connection, personal=list(personal), **of)
    await sql.anonymize.release_reservations(connection, now=now, **of)
    await sql.anonymize.erase_messages(connection, now=now, **of)
    await sql.anonymize.erase_in_consents(connection, **of)
    await sql.anonymize.erase_windows(connection, **of)
    await sql.anonymize.erase_journey_steps(connection, **of)
    await sql.anonymize.erase_journeys(connection, **of)
