"""When a person last wrote to one of our accounts: free text may leave for 24 hours from then."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from parley.domain.ids import bucket_of
from parley.domain.phone import match_key_of_wa_id
from parley.store.customers import keys
from parley.store.database import Connection, sql

ANSWER_WITHIN = timedelta(hours=24)
FREE_FOR = timedelta(hours=72)
"""After an advertisement was tapped and answered in time, from the delivery of the answer. Source: Meta, "Pricing",
read 2026-09 (whatsapp.md 2.1)."""


class Window(msgspec.Struct, frozen=True):
    """The last message of one address to one account."""

    customer_id: UUID
    account: str
    address: str
    """Exactly as the provider wrote the sender: answers go there."""
    last_inbound_at: datetime
    inbound_id: str
    came_by_ad_at: datetime | None = None
    """The customer tapped an advertisement (or a Page's button) and wrote by it."""
    free_until: datetime | None = None
    """It was answered in time: messages cost nothing until then."""

    @property
    def costs_nothing_until(self) -> datetime | None:
        """Also the answer itself, as long as it comes in time."""
        if self.came_by_ad_at is None:
            return self.free_until
        return max(self.came_by_ad_at + ANSWER_WITHIN, self.free_until or self.came_by_ad_at)


async def enter_free(connection: Connection, answers: Sequence[tuple[UUID, str, datetime]]) -> None:
    """(customer, account, when it was delivered): the first answer to who came by an advertisement, if in time."""
    await sql.windows.enter_free(
        connection,
        buckets=[bucket_of(customer_id) for customer_id, _, _ in answers],
        customer_ids=[customer_id for customer_id, _, _ in answers],
        accounts=[account for _, account, _ in answers],
        delivered_ats=[at for _, _, at in answers],
        within=ANSWER_WITHIN,
        lasts=FREE_FOR,
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
