"""Somebody wrote to us on WhatsApp: which customer is it? One nobody knows becomes a customer with that address."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from parley.domain.customer import Address, AddressKind, WhatsAppSender
from parley.domain.ids import new_id
from parley.services.set_properties import PropertyUpdate, phone_address, set_properties
from parley.store.customers import (
    LookedUpTooEarlyError,
    Owner,
    insert_addresses,
    insert_customers,
    last_written_to,
    lock_owners,
)
from parley.store.database import Connection

_NEVER = datetime.min.replace(tzinfo=UTC)


async def find_or_create_by_address(
    connection: Connection, project_id: UUID, senders: Sequence[WhatsAppSender], now: datetime
) -> tuple[UUID, ...]:
    """One customer for each sender, locked until the transaction ends. Parallel calls make one customer of one sender.

    Of several with the same number: the one we last wrote to, else the one that changed last. LookedUpTooEarlyError
    ends the whole transaction, which then begins again: resolve_customers.run_resolving.
    """
    owners = await lock_owners(connection, project_id, {address for one in senders for address in _addresses(one)})
    chosen = await _choose(connection, senders, owners)
    known = {one.address for one in owners}
    unknown = {at: one for one in senders if (at := _whatsapp_address(one)) not in chosen}
    people = {_person(one): new_id() for one in unknown.values()}
    chosen |= {at: people[_person(one)] for at, one in unknown.items()}
    created = {people[_person(one)]: one for one in unknown.values()}
    if created:
        await insert_customers(connection, project_id, list(created), now)
    added = {at: owner for at, owner in chosen.items() if at not in known}
    if added and await insert_addresses(connection, project_id, added.items(), now) < len(added):
        raise LookedUpTooEarlyError
    await _introduce(connection, project_id, created, now)
    return tuple(chosen[_whatsapp_address(one)] for one in senders)


def _addresses(sender: WhatsAppSender) -> Iterator[Address]:
    yield _whatsapp_address(sender)
    if sender.match_key is not None:
        yield phone_address(sender.match_key)


def _person(sender: WhatsAppSender) -> str:
    """Equal for one person, whichever form of the number each of two messages carries."""
    return sender.match_key or sender.whatsapp_id


def _whatsapp_address(sender: WhatsAppSender) -> Address:
    """One person, whether a provider writes the number with a plus or without."""
    return Address(AddressKind.WHATSAPP, AddressKind.WHATSAPP.value, sender.digits or sender.whatsapp_id)


async def _choose(
    connection: Connection, senders: Sequence[WhatsAppSender], owners: Sequence[Owner]
) -> dict[Address, UUID]:
    candidates: dict[Address, dict[UUID, Owner]] = {}
    for sender in senders:
        at = set(_addresses(sender))
        candidates[_whatsapp_address(sender)] = {one.id: one for one in owners if one.address in at}
    several = {ident for found in candidates.values() if len(found) > 1 for ident in found}
    written = await last_written_to(connection, several) if several else {}
    return {who: _best(found, written) for who, found in candidates.items() if found}


def _best(found: Mapping[UUID, Owner], written: Mapping[UUID, datetime | None]) -> UUID:
    return max(found.values(), key=lambda one: (written.get(one.id) or _NEVER, one.updated_at, one.id)).id


async def _introduce(
    connection: Connection, project_id: UUID, created: Mapping[UUID, WhatsAppSender], now: datetime
) -> None:
    """What the message itself tells: a number that can be answered, and the name that its owner chose."""
    updates = [PropertyUpdate(ident, _told(sender)) for ident, sender in created.items()]
    await set_properties(connection, project_id, [one for one in updates if one.properties], now)


def _told(sender: WhatsAppSender) -> dict[str, str]:
    told = {"phone": sender.digits and f"+{sender.digits}", "whatsapp_profile_name": sender.profile_name}
    return {name: value for name, value in told.items() if value}
