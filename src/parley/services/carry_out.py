"""What a journey wants done, carried out in the transaction that moved it: attributes, events, messages."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from parley.domain.event import NewEvent
from parley.journeys import Effect, Send, SetAttributes, TrackEvent
from parley.services.definitions import ProjectDefinitions, project_definitions
from parley.services.native_sends import form_of, instead_of
from parley.services.people import people
from parley.services.personalise import personal_values
from parley.services.plan_messages import Ask, Wanted, plan_messages, with_instead
from parley.services.record_events import record_events
from parley.services.set_properties import PropertyUpdate, set_properties
from parley.store.database import Connection


class Asked(msgspec.Struct, frozen=True):
    """One effect, and the journey that asks for it."""

    customer_id: UUID
    journey_id: UUID
    scenario_title: str
    node_title: str
    event: Mapping[str, Any]
    """Properties of the event that started the journey."""
    results: Mapping[str, Any]
    """What the journey's nodes found out: the last reply."""
    effect: Effect

    @property
    def variables(self) -> dict[str, Any]:
        """What the author's Jinja sees beside the customer."""
        return {
            "event": self.event,
            "scenario": {"id": self.effect.scenario, "name": self.scenario_title},
            "action": {"id": self.effect.node, "name": self.node_title},
            **self.results,
        }

    @property
    def origin(self) -> dict[str, Any]:
        """What the message remembers of why it is."""
        return {
            "scenario": self.effect.scenario,
            "scenario_title": self.scenario_title,
            "node": self.effect.node,
            "node_title": self.node_title,
            "journey": str(self.journey_id),
        }


async def carry_out(connection: Connection, project_id: UUID, asked: Sequence[Asked], now: datetime) -> None:
    """In the order: attributes, events, messages, so that a message shows what was just set."""
    project = await project_definitions(connection, project_id)
    known = await people(connection, {one.customer_id for one in asked})
    updates: list[PropertyUpdate] = []
    events: list[NewEvent] = []
    sends: list[tuple[Asked, Send]] = []
    for one in asked:
        seen = {**one.variables, "project": project.about}
        match one.effect:
            case SetAttributes(attributes=attributes):
                values = personal_values(attributes, known[one.customer_id], seen, now)
                updates.append(PropertyUpdate(one.customer_id, values))
            case TrackEvent(event=event, properties=properties):
                values = personal_values(properties, known[one.customer_id], seen, now)
                events.append(NewEvent(one.customer_id, event, now, values, source="scenario"))
            case _ as send:
                sends.append((one, send))
    if updates:
        await set_properties(connection, project_id, updates, now)
    if events:
        await record_events(connection, project_id, events, now)
    if sends:
        await plan_messages(connection, project_id, [wanted_of(project, one, send) for one, send in sends], now)


def wanted_of(project: ProjectDefinitions, one: Asked, send: Send) -> Wanted:
    """A message that a journey asks for."""
    integration = project.sender(send.sender)
    preset, parameters = form_of(send, integration.api if integration else None)
    ask = Ask(
        preset=preset,
        parameters=parameters,
        variables={**one.variables, "project": project.about},
        origin=one.origin,
        sender=send.sender,
        consent_category=getattr(send, "consent_category", None),
        expires_at=getattr(send, "expires_at", None),
    )
    return Wanted(one.customer_id, with_instead(ask, instead_of(send, integration.api if integration else None)))
