"""What must be known of customers before anything is sent to them: read for many at once."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from parley.domain.consent import Action, ConsentEntry, is_granted, standing
from parley.domain.customer import Address, AddressKind, Customer
from parley.domain.suppression import Suppression
from parley.store.consents import consents_of
from parley.store.customers import addresses_of, customers_by_id
from parley.store.database import Connection
from parley.store.suppressions import suppressions_of
from parley.store.windows import Window, windows_of


class Person(msgspec.Struct, frozen=True):
    """One customer, as far as sending is concerned."""

    customer: Customer
    addresses: list[Address]
    consents: Mapping[str, list[ConsentEntry]]
    """By category, the oldest first."""
    windows: list[Window]
    """The latest last."""
    suppressions: tuple[Suppression, ...] = ()

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

    @property
    def agreed_at(self) -> datetime | None:
        """When the person last agreed, in any category."""
        said = (entry for entries in self.consents.values() for entry in entries)
        return max((entry.valid_from for entry in said if entry.action is Action.ACCEPT), default=None)

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
    """Five statements, however many they are. Who does not exist is missing."""
    customers = await customers_by_id(connection, customer_ids)
    addresses = await addresses_of(connection, customer_ids)
    consents = await consents_of(connection, customer_ids)
    windows = await windows_of(connection, customers)
    found = {
        ident: Person(customer, addresses[ident], consents[ident], windows[ident])
        for ident, customer in customers.items()
    }
    listed = await suppressions_of(connection, {ident: reachable_by(person) for ident, person in found.items()})
    return found | {ident: msgspec.structs.replace(found[ident], suppressions=why) for ident, why in listed.items()}


def reachable_by(person: Person) -> set[tuple[UUID, str]]:
    """Every address by which WhatsApp may reach the person, as the suppression list knows it."""
    known = {address.value for address in person.addresses if address.kind in _REACHABLE}
    return {(person.customer.project_id, address) for address in known.union(one.address for one in person.windows)}


_REACHABLE = frozenset({AddressKind.PHONE, AddressKind.WHATSAPP})
