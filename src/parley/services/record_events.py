"""Events become rows: each counts once, a `consent` event also says where the customer stands, and journeys start."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from parley.domain.consent import CONSENT, ConsentCategory, as_heard, read_consent, with_hint
from parley.domain.consent_evidence import read_evidence
from parley.domain.event import Event, NewEvent
from parley.services.ask_to_confirm import ask_to_confirm
from parley.services.definitions import ProjectDefinitions, definitions_at
from parley.services.hold_customers import hold_customers
from parley.services.start_journeys import start_journeys
from parley.store.consents import NewConsent, insert_consents
from parley.store.database import Connection
from parley.store.events import insert_events


async def record_events(
    connection: Connection, project_id: UUID, events: Sequence[NewEvent], now: datetime
) -> tuple[Event, ...]:
    """Records many at once and returns those that were new, in their order.

    An event of a customer who was merged meanwhile goes to whom that one became; of one who never was, nowhere.
    """
    if not events:
        return ()
    at = await hold_customers(connection, {event.customer_id for event in events})
    placed = [_placed(event, at[event.customer_id]) for event in events if event.customer_id in at]
    return await record_held_events(connection, project_id, placed, now)


async def record_held_events(
    connection: Connection, project_id: UUID, events: Sequence[NewEvent], now: datetime
) -> tuple[Event, ...]:
    """As `record_events`, of customers whom `resolve_customers` has just locked in this transaction, or of messages
    that are locked in it.
    """
    if not events:
        return ()
    recorded = await insert_events(connection, project_id, events, now)
    new = tuple(event for event, _ in recorded.events)
    if new:
        project = await definitions_at(connection, project_id, recorded.stamp)
        questions = await _derive_consents(connection, project_id, project, recorded.events, now)
        await start_journeys(connection, project_id, project, new, now)
        await record_held_events(connection, project_id, questions, now)
    return new


def _placed(event: NewEvent, customer_id: UUID) -> NewEvent:
    return event if event.customer_id == customer_id else msgspec.structs.replace(event, customer_id=customer_id)


async def _derive_consents(
    connection: Connection,
    project_id: UUID,
    project: ProjectDefinitions,
    recorded: Sequence[tuple[Event, NewEvent]],
    now: datetime,
) -> list[NewEvent]:
    """The events that ask for confirmations."""
    known = project.consent_categories
    said = [_consent(event, new, known, now) for event, new in recorded if event.type == CONSENT]
    if not said:
        return []
    asked = await ask_to_confirm(connection, project.settings.double_opt_in, said, now)
    await insert_consents(connection, project_id, asked.said, now)
    return list(asked.events.values())


def _consent(event: Event, new: NewEvent, known: Mapping[str, ConsentCategory], now: datetime) -> NewConsent:
    read = with_hint(read_consent(event.properties, event.occurred_at, new.source), known)
    entry = msgspec.structs.replace(as_heard(read, now), event_id=event.id)
    return NewConsent(event.customer_id, entry, read_evidence(event.properties))
