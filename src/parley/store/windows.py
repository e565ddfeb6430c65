"""When a person last wrote to one of our accounts: free text may leave for 24 hours from then."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from parley.domain.ids import bucket_of
from parley.domain.phone import match_key_of_wa_id
from parley.store.customers import keys
from parley.store.database import Connection, sql


class Window(msgspec.Struct, frozen=True):
    """The last message of one address to one account."""

    customer_id: UUID
    account: str
    address: str
    """Exactly as the provider wrote the sender: answers go there."""
    last_inbound_at: datetime
    inbound_id: str


async def open_windows(connection: Connection, project_id: UUID, windows: Sequence[Window]) -> None:
    """Opens or renews; a message older than the one known changes nothing."""
    await sql.windows.open_windows(
        connection,
        project_id=project_id,
        buckets=[bucket_of(window.customer_id) for window in windows],
        customer_ids=[window.customer_id for window in windows],
        accounts=[window.account for window in windows],
        addresses=[window.address for window in windows],
        last_inbound_ats=[window.last_inbound_at for window in windows],
        inbound_ids=[window.inbound_id for window in windows],
    )


async def windows_of(connection: Connection, customer_ids: Collection[UUID]) -> dict[UUID, list[Window]]:
    """All that are open to each customer, the latest last.

    WhatsApp opens a window to a number, not to our record of a person: of several customers with one number, what one
    of them wrote from it counts for all.
    """
    found: dict[UUID, list[Window]] = {one: [] for one in customer_ids}
    for asked, number, *columns in await sql.windows.windows_of_customers(connection, **keys(customer_ids)):
        window = Window(*columns)
        if number is None or match_key_of_wa_id(window.address) == number:
            found[asked].append(window)
    return found
