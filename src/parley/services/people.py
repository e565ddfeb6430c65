"""What must be known of customers before anything is sent to them: read for many at once."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from parley.domain.consent import ConsentEntry, is_granted, standing
from parley.domain.customer import Address, AddressKind, Customer
from parley.domain.phone import match_key_of_wa_id
from parley.store.consents import consents_of
from parley.store.customers import addresses_of, customers_by_id, customers_sharing
from parley.store.database import Connection
from parley.store.windows import Window, windows_of


class Person(msgspec.Struct, frozen=True):
    """One customer, as far as sending is concerned."""

    customer: Customer
    addresses: list[Address]
    consents: Mapping[str, list[ConsentEntry]]
    """By category, the oldest first."""
    windows: list[Window]
    """The latest last."""

    def window(self, account: str | None) -> Window | None:
        """The latest message to that account."""
        return next((window for window in reversed(self.windows) if window.account == account), None)

    @property
    def recipient(self) -> str | None:
        """Whom a template goes to: the attribute phone, else the WhatsApp user who wrote to us."""
        if self.customer.phone is not None:
            return self.customer.phone.removeprefix("+")
        known = [address.value for address in self.addresses if address.kind is AddressKind.WHATSAPP]
        return known[-1] if known and self.customer.phone_problem is None else None

    def consented(self, now: datetime) -> dict[str, bool]:
        """As templates see it: {"whatsapp": true}. A category that was never asked for is missing."""
        said = {category: standing(entries, now) for category, entries in self.consents.items()}
        return {category: is_granted(None, entry, now) for category, entry in said.items() if entry is not None}

    @property
    def ids(self) -> dict[str, Any]:
        """External ids as templates see them: {"registered": ..., "cookie": [...]}."""
        ids: dict[str, Any] = {}
        for address in self.addresses:
            if address.kind is AddressKind.HARD:
                ids[address.name] = address.value
            elif address.kind is AddressKind.SOFT:
                ids.setdefault(address.name, []).append(address.value)
        return ids


async def people(connection: Connection, customer_ids: Collection[UUID]) -> dict[UUID, Person]:
    """Four statements, however many they are. Who does not exist is missing."""
    customers = await customers_by_id(connection, customer_ids)
    addresses = await addresses_of(connection, customer_ids)
    consents = await consents_of(connection, customer_ids)
    windows = await _windows(connection, customers, addresses)
    return {
        ident: Person(customer, addresses[ident], consents[ident], windows[ident])
        for ident, customer in customers.items()
    }


async def _windows(
    connection: Connection, customers: Mapping[UUID, Customer], addresses: Mapping[UUID, list[Address]]
) -> dict[UUID, list[Window]]:
    """WhatsApp opens a window to a number, not to our record of a person: of several customers with one number, what
    one of them wrote counts for all.
    """
    phones = {ident: {one for one in addresses[ident] if one.kind is AddressKind.PHONE} for ident in customers}
    sharing = await customers_sharing(connection, customers, {one for many in phones.values() for one in many})
    windows = await windows_of(connection, {*customers, *(other for others in sharing.values() for other in others)})
    return {ident: _latest_last(ident, phones[ident], sharing, windows) for ident in customers}


def _latest_last(
    ident: UUID, phones: set[Address], sharing: Mapping[Address, set[UUID]], windows: Mapping[UUID, list[Window]]
) -> list[Window]:
    numbers = {phone.value for phone in phones}
    theirs = [
        window
        for other in {other for phone in phones for other in sharing.get(phone, ())} - {ident}
        for window in windows[other]
        if match_key_of_wa_id(window.address) in numbers
    ]
    return sorted([*windows[ident], *theirs], key=lambda window: window.last_inbound_at)
