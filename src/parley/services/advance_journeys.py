"""Journeys whose time has come move on: facts in, effects out, in one transaction with what the effects write."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import msgspec

from parley import segments
from parley.domain.consent import ConsentCategory
from parley.journeys import (
    Advance,
    Effect,
    Event,
    Facts,
    Journey,
    Reply,
    Scenario,
    Timer,
    advance,
    needs,
    stop,
)
from parley.services.bear_with import PARKED, bear_with
from parley.services.carry_out import Asked, carry_out
from parley.services.condition_facts import consents_for_conditions
from parley.services.definitions import project_definitions
from parley.services.people import Person, people
from parley.services.start_journeys import scenario_event
from parley.store.customers import hold_or_leave
from parley.store.database import Connection, Database
from parley.store.event_facts import EventsWanted, events_by_id, events_wanted
from parley.store.journeys import (
    JourneyMove,
    JourneyRow,
    StepLine,
    claim_due_journeys,
    log_steps,
    move_journeys,
    park_journey,
)

BATCH = 100
"""Journeys in one transaction: small enough that a slow one does not hold the others' locks for long."""


class _Turn(msgspec.Struct, frozen=True):
    """One journey with everything it may look at."""

    row: JourneyRow
    journey: Journey
    scenario: Scenario | None
    person: Person | None
    trigger: Event | None
    events: tuple[Event, ...]
    categories: Mapping[str, ConsentCategory]


async def advance_journeys(database: Database, now: datetime) -> int:
    """How many moved; 0: none is due, or those that are must wait for a merge of their customers."""
    return await database.run(partial(_advance_due, now=now))


async def _advance_due(connection: Connection, now: datetime) -> int:
    rows = await _claim(connection, now)
    by_project: dict[UUID, list[JourneyRow]] = defaultdict(list)
    for row in rows:
        by_project[row.project_id].append(row)
    for project_id, of_project in by_project.items():
        await bear_with(
            connection,
            of_project,
            partial(_advance_project, connection, project_id, now),
            partial(_park, connection, now),
        )
    return len(rows)


async def _claim(connection: Connection, now: datetime) -> list[JourneyRow]:
    """With their customers, whom nobody merges away then. Who merges holds both customers and comes for the journeys:
    it is not waited for, its journeys have their turn when it is done.
    """
    rows = await claim_due_journeys(connection, BATCH, now)
    if not rows:
        return []
    leaving = await hold_or_leave(connection, {row.customer_id for row in rows})
    return [row for row in rows if row.customer_id not in leaving]


async def _park(connection: Connection, now: datetime, row: JourneyRow) -> None:
    await park_journey(connection, row, now + PARKED, now)


async def _advance_project(
    connection: Connection, project_id: UUID, now: datetime, rows: Sequence[JourneyRow]
) -> list[UUID]:
    """The ids of those that moved."""
    turns = await _turns(connection, project_id, rows, now)
    moved = [(turn, _move(turn, now)) for turn in turns]
    await move_journeys(connection, [_row_move(turn, done) for turn, done in moved])
    lines = [line for turn, done in moved for line in _lines(turn, done)]
    if lines:
        await log_steps(connection, lines, now)
    asked = [_asked(turn, done.journey.results, effect) for turn, done in moved for effect in done.effects]
    if asked:
        await carry_out(connection, project_id, asked, now)
    return [row.id for row in rows]


async def _turns(connection: Connection, project_id: UUID, rows: Sequence[JourneyRow], now: datetime) -> list[_Turn]:
    project = await project_definitions(connection, project_id)
    known = await people(connection, {row.customer_id for row in rows})
    triggers = await events_by_id(connection, [(row.bucket, row.event_id) for row in rows])
    begun = [(row, msgspec.convert(row.state, Journey), project.scenarios.get(row.scenario)) for row in rows]
    wanted = [
        EventsWanted(row.customer_id, need.type, need.since)
        for row, journey, scenario in begun
        if scenario is not None
        for need in needs(scenario, journey, now, segments, signals=len(row.signals))
    ]
    events = await events_wanted(connection, wanted)
    return [
        _Turn(
            row,
            journey,
            scenario,
            known.get(row.customer_id),
            scenario_event(triggers[row.event_id]) if row.event_id in triggers else None,
            tuple(scenario_event(event) for event in events.get(row.customer_id, ())),
            project.consent_categories,
        )
        for row, journey, scenario in begun
    ]


def _move(turn: _Turn, now: datetime) -> Advance:
    """Replies first, in their order, then the clock."""
    done = Advance(turn.journey)
    if turn.scenario is None:
        return stop(turn.journey, "the scenario was deleted")
    if turn.person is None:
        return stop(turn.journey, "the customer was deleted")
    signals: list[Reply | Timer] = [msgspec.convert(signal, Reply) for signal in turn.row.signals]
    for signal in (*signals, Timer()):
        then = advance(turn.scenario, done.journey, _facts(turn, turn.person, signal, now), now, segments)
        done = Advance(then.journey, done.effects + then.effects, done.trail + then.trail)
    return done


def _facts(turn: _Turn, person: Person, signal: Reply | Timer, now: datetime) -> Facts:
    return Facts(
        attributes=dict(person.customer.properties),
        trigger=turn.trigger,
        events=turn.events,
        consents=consents_for_conditions(person, turn.categories, now),
        signal=signal,
    )


def _row_move(turn: _Turn, done: Advance) -> JourneyMove:
    journey = done.journey
    awaiting = "reply" if journey.awaiting == "reply" else None
    return JourneyMove(turn.row.bucket, turn.row.id, msgspec.to_builtins(journey), journey.due_at, awaiting)


def _lines(turn: _Turn, done: Advance) -> list[StepLine]:
    return [
        StepLine(
            turn.row.bucket,
            turn.row.id,
            place,
            entry.node,
            " ".join(filter(None, (entry.happened, entry.branch, entry.detail))),
        )
        for place, entry in enumerate(done.trail, start=1)
    ]


def _asked(turn: _Turn, results: dict[str, Any], effect: Effect) -> Asked:
    return Asked(
        customer_id=turn.row.customer_id,
        journey_id=turn.row.id,
        scenario_title=turn.scenario.title if turn.scenario else turn.row.scenario,
        node_title=_title(turn.scenario, effect.node),
        event=turn.trigger.properties if turn.trigger else {},
        results=results,
        effect=effect,
    )


def _title(scenario: Scenario | None, node_id: str) -> str:
    node = scenario.nodes.get(node_id) if scenario else None
    return node.title or node_id if node else node_id
