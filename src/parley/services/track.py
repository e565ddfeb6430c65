"""The tracking API's commands: attributes and events of customers, many in one transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from parley.domain.consent import CONSENT, ConsentCategory, read_consent, with_hint
from parley.domain.customer import PROPERTIES, CustomerIds
from parley.domain.event import NewEvent
from parley.domain.identity import Contradiction
from parley.domain.phone import UnusablePhone, read_phone
from parley.services.callers import Caller
from parley.services.record_events import record_held_events
from parley.services.resolve_customers import resolve_once, run_resolving
from parley.services.set_properties import PHONE, PropertyUpdate, TooManyAttributes, set_properties
from parley.store.consents import categories
from parley.store.database import Connection, Database


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


async def track(
    database: Database, caller: Caller, commands: Sequence[Command | Refused], now: datetime
) -> tuple[Result, ...]:
    """One result for each command, in their order. All that is accepted is stored together, or nothing is.

    A command that was refused before it came here is handed through, so that its place is kept.
    """
    results: dict[int, Result] = {}
    wanted: dict[int, CustomerCommand] = {}
    for place, command in enumerate(commands):
        match command:
            case Refused():
                results[place] = command
            case TellTime():
                results[place] = Told(now.timestamp())
            case UpdateCustomer() | TrackEvent():
                wanted[place] = command
    if wanted:
        results |= await run_resolving(database, lambda connection: _store(connection, caller, wanted, now))
    return tuple(results[place] for place in range(len(commands)))


async def _store(
    connection: Connection, caller: Caller, wanted: Mapping[int, CustomerCommand], now: datetime
) -> dict[int, Result]:
    results: dict[int, Result] = {place: Done(_phone_warnings(caller, one)) for place, one in wanted.items()}
    results |= await _judge_consents(connection, caller, wanted, now)
    allowed = {place: command for place, command in wanted.items() if isinstance(results[place], Done)}
    calls = [command.ids for command in allowed.values()]
    meant = dict(zip(allowed, await resolve_once(connection, caller.project.id, calls, now), strict=True))
    results |= {place: Refused((one.sentence,)) for place, one in meant.items() if isinstance(one, Contradiction)}
    found = {place: one for place, one in meant.items() if isinstance(one, UUID)}
    results |= await _update(connection, caller, allowed, found, now)
    await _record(connection, caller, allowed, found, now)
    return results


def _phone_warnings(caller: Caller, command: CustomerCommand) -> tuple[str, ...]:
    """The number is kept with the reason, and nothing is ever sent to it: whoever sent it can still ask again."""
    if not isinstance(command, UpdateCustomer) or command.properties.get(PHONE) is None:
        return ()
    read = read_phone(command.properties[PHONE], caller.project.settings.default_region)
    return (f"The phone cannot be used: {read.reason}",) if isinstance(read, UnusablePhone) else ()


async def _judge_consents(
    connection: Connection, caller: Caller, wanted: Mapping[int, CustomerCommand], now: datetime
) -> dict[int, Result]:
    """Refused when the caller may not write the category; with a warning when the event revokes by being unclear."""
    consents = {at: one for at, one in wanted.items() if isinstance(one, TrackEvent) and one.type == CONSENT}
    if not consents:
        return {}
    known = await categories(connection, caller.project.id)
    return {place: _judged(caller, one, known, now) for place, one in consents.items()}


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
    caller: Caller,
    commands: Mapping[int, CustomerCommand],
    found: Mapping[int, UUID],
    now: datetime,
) -> dict[int, Result]:
    updates = {
        place: PropertyUpdate(found[place], command.properties, command.update_timestamp)
        for place, command in commands.items()
        if place in found and isinstance(command, UpdateCustomer) and command.properties
    }
    answers = await set_properties(connection, caller.project.id, list(updates.values()), now)
    return {
        place: Refused((f"The customer would have {one.names} attributes; {PROPERTIES} are the limit.",))
        for place, one in zip(updates, answers, strict=True)
        if isinstance(one, TooManyAttributes)
    }


async def _record(
    connection: Connection,
    caller: Caller,
    commands: Mapping[int, CustomerCommand],
    found: Mapping[int, UUID],
    now: datetime,
) -> None:
    events = [
        _event(caller, found[place], command, now)
        for place, command in commands.items()
        if place in found and isinstance(command, TrackEvent)
    ]
    await record_held_events(connection, caller.project.id, events, now)


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
