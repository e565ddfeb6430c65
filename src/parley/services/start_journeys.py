"""New events start journeys, in the transaction that records them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from parley import segments
from parley.domain.event import Event
from parley.domain.ids import bucket_of, new_id_in
from parley.journeys import Event as ScenarioEvent
from parley.journeys import Scenario, begin, starts
from parley.services.campaign_event import CAMPAIGN
from parley.services.definitions import ProjectDefinitions
from parley.store.database import Connection
from parley.store.journeys import NewJourney, insert_journeys
from parley.store.wakeups import announce_work


async def start_journeys(
    connection: Connection, project_id: UUID, project: ProjectDefinitions, events: Sequence[Event], now: datetime
) -> None:
    """One journey for each trigger that an event fires; a worker moves it as soon as the transaction commits."""
    journeys = [
        journey
        for event in events
        for scenario in project.starting.get(event.type, ())
        if not is_its_own(scenario, event.type, event.properties)
        for journey in _started(scenario, event, now)
    ]
    if journeys:
        await insert_journeys(connection, project_id, journeys, now)
        await announce_work(connection)


def is_its_own(scenario: Scenario, event_type: str, said: Mapping[str, Any]) -> bool:
    """What became of a scenario's messages never starts the same scenario: it would write to the customer for ever.
    A campaign may have the name of a scenario; its messages have a run.
    """
    return event_type == CAMPAIGN and said.get("campaign_id") == scenario.name and "run_id" not in said


def _started(scenario: Scenario, event: Event, now: datetime) -> Iterator[NewJourney]:
    seen = scenario_event(event)
    for trigger in starts(scenario, seen, now, segments):
        yield NewJourney(
            id=new_id_in(bucket_of(event.customer_id)),
            customer_id=event.customer_id,
            scenario=scenario.name,
            state=msgspec.to_builtins(begin(scenario, trigger, seen, now)),
            event_id=event.id,
        )


def scenario_event(event: Event) -> ScenarioEvent:
    """As the engine knows it."""
    return ScenarioEvent(str(event.id), event.type, event.occurred_at, dict(event.properties))
