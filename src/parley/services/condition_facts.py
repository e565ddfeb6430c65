"""What a condition may look at of one customer: a scenario's, a campaign's audience, a frequency policy's segment."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from parley import segments
from parley.domain.consent import Action, ConsentCategory, standing
from parley.journeys import Consent, Facts
from parley.services.definitions import ProjectDefinitions
from parley.services.people import Person
from parley.services.start_journeys import scenario_event
from parley.store.database import Connection
from parley.store.event_facts import EventsWanted, events_wanted


def consents_for_conditions(
    person: Person, categories: Mapping[str, ConsentCategory], now: datetime
) -> dict[str, Consent]:
    """The last word in each category; where nobody was asked, a legitimate interest stands for it."""
    known = {name: Consent(accepted=True) for name, one in categories.items() if one.legitimate_interest}
    for category, entries in person.consents.items():
        last = standing(entries, now)
        if last is not None:
            known[category] = Consent(last.action is Action.ACCEPT, last.valid_until)
    return known


async def facts_for_conditions(
    connection: Connection,
    project: ProjectDefinitions,
    known: Mapping[UUID, Person],
    conditions: Sequence[Any],
    now: datetime,
) -> dict[UUID, Facts]:
    """Of customers whom no event has brought here: with the events that these conditions look at."""
    needed = dict.fromkeys(need for condition in conditions for need in segments.needs(condition))
    spans = [(need.type, need.earliest(None, now)) for need in needed]
    wanted = [EventsWanted(ident, event_type, since) for ident in known for event_type, since in spans]
    events = await events_wanted(connection, wanted)
    return {
        ident: Facts(
            attributes=dict(person.customer.properties),
            events=tuple(scenario_event(event) for event in events.get(ident, ())),
            consents=consents_for_conditions(person, project.consent_categories, now),
        )
        for ident, person in known.items()
    }
