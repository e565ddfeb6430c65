"""The tracking API's commands: attributes and events of customers, many in one transaction."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from parley.domain.consent import CONSENT, ConsentCategory, read_consent, with_hint
from parley.domain.customer import PROPERTIES, CustomerIds
from parley.domain.event import NewEvent, sameness
from parley.domain.identity import Contradiction
from parley.domain.phone import UnusablePhone, read_phone
from parley.services.callers import Caller
from parley.services.definitions import ProjectDefinitions, remembered
from parley.services.record_events import record_held_events
from parley.services.resolve_customers import resolve_once, run_resolving
from parley.services.set_properties import PHONE, PropertyUpdate, TooManyAttributes, set_properties
from parley.store.consents import categories
from parley.store.database import Connection, Database
from parley.store.events import AddressedEvent, insert_events_of_known


class UpdateCustomer(msgspec.Struct, frozen=True):
    """Create the customer if needed, and set attributes."""

    ids: CustomerIds
    properties: Mapping[str, Any]
    update_timestamp: float | None = None


class TrackEvent(msgspec.Struct, frozen=True):
    """Something the customer did."""

    ids: CustomerIds
    type: str
    properties: Mapping[str, Any]
    occurred_at: datetime | None = None
    """None: now."""
    event_id: str | None = None


class TellTime(msgspec.Struct, frozen=True):
    """What time is it there?"""


class Done(msgspec.Struct, frozen=True):
    """Stored."""

    warnings: tuple[str, ...] = ()
    """What was stored as said, but will not do what it seems meant for."""


class Told(msgspec.Struct, frozen=True):
    """The time, in UNIX seconds."""

    time: float


class Refused(msgspec.Struct, frozen=True):
    """Nothing of this command was stored."""

    errors: tuple[str, ...]


CustomerCommand = UpdateCustomer | TrackEvent
Command = CustomerCommand | TellTime
Result = Done | Told | Refused
_Place = tuple[int, int]
"""Which call, and which of its commands."""


class Call(msgspec.Struct, frozen=True):
    """What one caller asks for at one moment."""

    caller: Caller
    commands: Sequence[Command | Refused]
    """One that was refused before it came here is handed through, so that its place is kept."""
    now: datetime


class _Wanted(msgspec.Struct, frozen=True):
    caller: Caller
    command: CustomerCommand
    now: datetime


async def track(database: Database, calls: Sequence[Call]) -> tuple[tuple[Result, ...], ...]:
    """One result for each command of each call, in their order. All that is accepted is stored together, or nothing is.

    The calls are about one project. What one of them has stored, the next one finds.
    """
    results: dict[_Place, Result] = {}
    wanted: dict[_Place, _Wanted] = {}
    for place, call, command in _placed(calls):
        match command:
            case Refused():
                results[place] = command
            case TellTime():
                results[place] = Told(call.now.timestamp())
            case UpdateCustomer() | TrackEvent():
                wanted[place] = _Wanted(call.caller, command, call.now)
    if wanted:
        stored = await _store_known(database, wanted)
        if stored is None:
            stored = await run_resolving(database, lambda connection: _store(connection, wanted))
        results |= stored
    return tuple(
        tuple(results[number, place] for place in range(len(call.commands))) for number, call in enumerate(calls)
    )


def _placed(calls: Sequence[Call]) -> Iterator[tuple[_Place, Call, Command | Refused]]:
    for number, call in enumerate(calls):
        for place, command in enumerate(call.commands):
            yield (number, place), call, command


async def _store_known(database: Database, wanted: Mapping[_Place, _Wanted]) -> dict[_Place, Result] | None:
    """As `_store`, in a single round trip, for nearly every call: events of known customers from which nothing follows.

    None, and nothing is stored, where anything is left to decide.
    """
    last = max(wanted.values(), key=lambda one: one.now)
    project = remembered(last.caller.project.id)
    if project is None or not all(_is_only_stored(one.command, project) for one in wanted.values()):
        return None
    events = [_addressed(one.command, one.now) for one in wanted.values() if isinstance(one.command, TrackEvent)]
    stored = await database.run_single(
        lambda connection: insert_events_of_known(connection, last.caller.project.id, events, project.stamp, last.now)
    )
    return dict.fromkeys(wanted, Done()) if stored else None


def _is_only_stored(command: CustomerCommand, project: ProjectDefinitions) -> bool:
    """An event that says nothing of consents, starts no scenario, and names its customer by a single hard id."""
    return (
        isinstance(command, TrackEvent)
        and command.type != CONSENT
        and command.type not in project.starting
        and len(command.ids.hard) == 1
        and not command.ids.soft
    )


def _addressed(command: TrackEvent, now: datetime) -> AddressedEvent:
    (address,) = command.ids.addresses()
    at, time_given = command.occurred_at or now, command.occurred_at is not None
    same = sameness(command.type, at, command.properties, command.event_id, time_given=time_given)
    return AddressedEvent(address, command.type, at, command.properties, same)


async def _store(connection: Connection, wanted: Mapping[_Place, _Wanted]) -> dict[_Place, Result]:
    last = max(wanted.values(), key=lambda one: one.now)
    project_id, now = last.caller.project.id, last.now
    results: dict[_Place, Result] = {place: Done(_phone_warnings(one)) for place, one in wanted.items()}
    results |= await _judge_consents(connection, project_id, wanted)
    allowed = {place: one for place, one in wanted.items() if isinstance(results[place], Done)}
    calls = [one.command.ids for one in allowed.values()]
    meant = dict(zip(allowed, await resolve_once(connection, project_id, calls, now), strict=True))
    results |= {place: Refused((one.sentence,)) for place, one in meant.items() if isinstance(one, Contradiction)}
    found = {place: one for place, one in meant.items() if isinstance(one, UUID)}
    results |= await _update(connection, project_id, allowed, found, now)
    await record_held_events(connection, project_id, list(_events(allowed, found)), now)
    return results


def _phone_warnings(wanted: _Wanted) -> tuple[str, ...]:
    """The number is kept with the reason, and nothing is ever sent to it: whoever sent it can still ask again."""
    if not isinstance(wanted.command, UpdateCustomer) or wanted.command.properties.get(PHONE) is None:
        return ()
    read = read_phone(wanted.command.properties[PHONE], wanted.caller.project.settings.default_region)
    return (f"The phone cannot be used: {read.reason}",) if isinstance(read, UnusablePhone) else ()


async def _judge_consents(
    connection: Connection, project_id: UUID, wanted: Mapping[_Place, _Wanted]
) -> dict[_Place, Result]:
    """Refused when the caller may not write the category; with a warning when the event revokes by being unclear."""
    consents = {
        place: (one.caller, one.command, one.now)
        for place, one in wanted.items()
        if isinstance(one.command, TrackEvent) and one.command.type == CONSENT
    }
    if not consents:
        return {}
    known = await categories(connection, project_id)
    return {place: _judged(caller, event, known, now) for place, (caller, event, now) in consents.items()}


def _judged(caller: Caller, event: TrackEvent, known: Mapping[str, ConsentCategory], now: datetime) -> Done | Refused:
    if not _may_write(caller, event, known):
        return _not_from(caller)
    entry = with_hint(read_consent(event.properties, event.occurred_at or now, caller.source), known)
    return Done((f"The consent is kept as {entry.action}: {entry.problem}",) if entry.problem else ())


def _may_write(caller: Caller, event: TrackEvent, known: Mapping[str, ConsentCategory]) -> bool:
    """A category that nobody defined is as closed to a public key as one that lists no sources."""
    name = event.properties.get("category")
    category = known.get(name) if isinstance(name, str) else None
    return (category or ConsentCategory(name="")).may_be_written_by(caller.source)


def _not_from(caller: Caller) -> Refused:
    return Refused((f"This consent category does not accept the source {caller.source}.",))


async def _update(
    connection: Connection,
    project_id: UUID,
    allowed: Mapping[_Place, _Wanted],
    found: Mapping[_Place, UUID],
    now: datetime,
) -> dict[_Place, Result]:
    updates = {
        place: _property_update(found[place], one.command, one.now)
        for place, one in allowed.items()
        if place in found and isinstance(one.command, UpdateCustomer) and one.command.properties
    }
    answers = await set_properties(connection, project_id, list(updates.values()), now)
    return {
        place: Refused((f"The customer would have {one.names} attributes; {PROPERTIES} are the limit.",))
        for place, one in zip(updates, answers, strict=True)
        if isinstance(one, TooManyAttributes)
    }


def _property_update(customer_id: UUID, command: UpdateCustomer, now: datetime) -> PropertyUpdate:
    said_at = now.timestamp() if command.update_timestamp is None else command.update_timestamp
    return PropertyUpdate(customer_id, command.properties, said_at)


def _events(allowed: Mapping[_Place, _Wanted], found: Mapping[_Place, UUID]) -> Iterator[NewEvent]:
    for place, one in allowed.items():
        if place in found and isinstance(one.command, TrackEvent):
            yield _event(one.caller, found[place], one.command, one.now)


def _event(caller: Caller, customer_id: UUID, command: TrackEvent, now: datetime) -> NewEvent:
    return NewEvent(
        customer_id=customer_id,
        type=command.type,
        occurred_at=command.occurred_at or now,
        properties=command.properties,
        client_event_id=command.event_id,
        time_given=command.occurred_at is not None,
        source=caller.source,
    )
