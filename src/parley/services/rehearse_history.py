"""What a scenario would have sent lately: played on what happened then, as if nobody had answered. Nothing is written.

The journeys begin with the events of those days and go their way by the same engine as in production, waits and all.
Attributes, consents and windows are as they are now, and so is the policy's answer.
"""

import asyncio
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime
from functools import partial
from operator import attrgetter
from uuid import UUID

import msgspec

from parley import segments
from parley.journeys import (
    Event,
    EventsNeeded,
    Facts,
    Journey,
    Scenario,
    Send,
    SetAttributes,
    TrackEvent,
    advance,
    begin,
    needs,
    starts,
)
from parley.journeys.nodes.condition import Condition
from parley.services.carry_out import Asked, wanted_of
from parley.services.condition_facts import consents_for_conditions
from parley.services.page_through import CHUNK, Planned, Scene, page_through
from parley.services.people import Person, people
from parley.services.plan_messages import Rehearsal, Wanted
from parley.services.start_journeys import is_its_own, scenario_event
from parley.store.database import Connection, Database
from parley.store.event_facts import EventsWanted, events_wanted

MOST_PAUSES = 100
"""Of one journey. A circle with a wait in it would go on for ever."""


class History(msgspec.Struct, frozen=True):
    """Which scenario, and since when."""

    scenario: Scenario
    since: datetime


def rehearse_history(
    database: Database, project_id: UUID, history: History, now: datetime, chunk: int = CHUNK
) -> AsyncIterator[Scene]:
    """Page after page."""
    return page_through(database, project_id, partial(_Stage, history, now), now, chunk)


class _Stage:
    """Plays one page of customers."""

    def __init__(self, history: History, now: datetime, connection: Connection, company: Rehearsal) -> None:
        self._connection = connection
        self._company = company
        self._scenario = msgspec.structs.replace(history.scenario, active=True)
        self._since = history.since
        self._now = now

    async def play(self, customer_ids: Sequence[UUID]) -> Planned:
        known = await people(self._connection, customer_ids)
        events = await events_wanted(self._connection, list(self._wanted_events(known)))
        wanted: list[Wanted] = []
        for ident, person in known.items():
            wanted += self._of_one(person, [scenario_event(one) for one in events.get(ident, ())])
            await asyncio.sleep(0)  # a server has others to answer
        planned = await self._company.plan_each(self._connection, known, wanted)
        return [(known[one.customer_id], one) for one in planned]

    def _wanted_events(self, known: dict[UUID, Person]) -> Iterator[EventsWanted]:
        """What starts it, and what its conditions look at; of each type once."""
        spans: dict[str, datetime | None] = {trigger.event: self._since for trigger in self._scenario.triggers()}
        conditions = [node.if_ for node in self._scenario.nodes.values() if isinstance(node, Condition)]
        for need in (need for condition in conditions for need in segments.needs(condition)):
            since = need.earliest(self._since, self._since)
            before = spans.get(need.type, since)
            spans[need.type] = None if since is None or before is None else min(since, before)
        for ident in known:
            yield from (EventsWanted(ident, event_type, since) for event_type, since in spans.items())

    def _of_one(self, person: Person, events: Sequence[Event]) -> Iterator[Wanted]:
        past = _Past(events)
        known = Facts(
            attributes=dict(person.customer.properties),
            consents=consents_for_conditions(person, self._company.project.consent_categories, self._now),
        )
        for event in events:
            if event.occurred_at < self._since or is_its_own(self._scenario, event.type, event.properties):
                continue
            for trigger in starts(self._scenario, event, event.occurred_at, segments):
                asked = partial(self._asked, person, event)
                yield from map(asked, self._walk(msgspec.structs.replace(known, trigger=event), trigger, event, past))

    def _walk(self, known: Facts, trigger: str, event: Event, past: "_Past") -> Iterator[tuple[Send, Journey]]:
        """Every message that the journey asks for, and how it stood then."""
        at, journey = event.occurred_at, begin(self._scenario, trigger, event, event.occurred_at)
        for _ in range(MOST_PAUSES):
            seen = past.seen(needs(self._scenario, journey, at, segments), at)
            done = advance(self._scenario, journey, msgspec.structs.replace(known, events=seen), at, segments)
            journey = done.journey
            for effect in done.effects:
                if not isinstance(effect, SetAttributes | TrackEvent):
                    yield effect, journey
            if journey.due_at is None:
                return
            at = journey.due_at

    def _asked(self, person: Person, event: Event, sent: tuple[Send, Journey]) -> Wanted:
        effect, journey = sent
        node = self._scenario.nodes.get(effect.node)
        asked = Asked(
            customer_id=person.customer.id,
            journey_id=UUID(event.id),
            scenario_title=self._scenario.title,
            node_title=node.title if node else "",
            event=event.properties,
            results=journey.results,
            effect=effect,
        )
        wanted = wanted_of(self._company.project, asked, effect)
        ask = msgspec.structs.replace(wanted.ask, expires_at=None)  # by then it was over long ago
        return Wanted(wanted.customer_id, ask)


class _Past:
    """One customer's events, the oldest first. Each step looks at few of them: if it went through all of them each
    time, a thousand events would cost a million looks.
    """

    def __init__(self, events: Sequence[Event]) -> None:
        self._by_type: dict[str, list[Event]] = defaultdict(list)
        for event in events:
            self._by_type[event.type].append(event)

    def seen(self, needed: Sequence[EventsNeeded], at: datetime) -> tuple[Event, ...]:
        """What had happened by then."""
        return tuple(event for need in needed for event in self._between(need.type, need.since, at))

    def _between(self, event_type: str, since: datetime | None, until: datetime) -> Sequence[Event]:
        events = self._by_type.get(event_type, [])
        first = 0 if since is None else bisect_left(events, since, key=_TIME)
        return events[first : bisect_right(events, until, key=_TIME)]


_TIME = attrgetter("occurred_at")
