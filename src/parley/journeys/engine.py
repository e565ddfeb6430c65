"""The engine: which scenarios an event starts, and how a journey moves. State and facts in, state and effects out."""

from datetime import datetime
from typing import assert_never

import msgspec
from msgspec.structs import replace

from parley.journeys.checks import reachable
from parley.journeys.conditions import Conditions
from parley.journeys.facts import Event, Facts
from parley.journeys.journey import Advance, Happened, Journey, TrailEntry
from parley.journeys.node import Finish, Go, Pause, Stay, Step, Turn
from parley.journeys.nodes.condition import Condition
from parley.journeys.scenario import Scenario

MAX_STEPS = 100
"""Nodes in one advance. A scenario has no more and turns in no circle, so only a broken definition meets it."""


class EventsNeeded(msgspec.Struct, frozen=True):
    """Load the customer's events of this type."""

    type: str
    since: datetime | None
    """By the event's own time, inclusive; None for all."""


def starts(scenario: Scenario, event: Event, now: datetime, conditions: Conditions) -> tuple[str, ...]:
    """The triggers (node ids) that this event fires: one journey each. None when the event is too old."""
    if not scenario.active:
        return ()
    return tuple(trigger.id for trigger in scenario.triggers() if trigger.starts(event, now, conditions))


def begin(scenario: Scenario, trigger: str, event: Event, now: datetime) -> Journey:
    """A new journey that stands at its trigger and has not moved yet: `advance` it at once."""
    return Journey(
        scenario=scenario.name,
        version=scenario.version,
        node=trigger,
        started_at=now,
        trigger_event_id=event.id,
        trigger_at=event.occurred_at,
    )


def advance(scenario: Scenario, journey: Journey, facts: Facts, now: datetime, conditions: Conditions) -> Advance:
    """Runs the journey until it must wait or ends. Asked too early, or of an ended journey: nothing changes.

    A definition that changed meanwhile is followed from the node the customer stands at; without it the journey ends.
    """
    if journey.status == "ended":
        return Advance(journey)
    done = _under_definition(scenario, journey)
    for _ in range(MAX_STEPS):
        step = _step(scenario, done.journey, facts, now, conditions)
        done = _after(scenario, done, step)
        if done.journey.status != "active":
            return done
    return _ended(done, Happened.STOPPED, f"more than {MAX_STEPS} nodes in one go")


def stop(journey: Journey, reason: str) -> Advance:
    """Ends a journey from outside: the customer was deleted, the scenario stopped at once."""
    done = Advance(journey)
    return done if journey.status == "ended" else _ended(done, Happened.STOPPED, reason)


def needs(
    scenario: Scenario, journey: Journey, now: datetime, conditions: Conditions, *, signals: int = 1
) -> tuple[EventsNeeded, ...]:
    """The events that the next `advance` may look at, each type once.

    `signals` is how many times the journey will be advanced with what is loaded now: a customer who answered twice
    may pass two questions, and come to conditions that lie behind the second.
    """
    node = scenario.nodes.get(journey.node)
    if node is None or journey.status == "ended":
        return ()
    ahead = [journey.node, *(target for target in node.exits().values() if target is not None)]
    wanted: dict[str, datetime | None] = {}
    for node_id in sorted(reachable(scenario.nodes, ahead, through_pauses=signals > 1)):
        reached = scenario.nodes[node_id]
        for need in conditions.needs(reached.if_) if isinstance(reached, Condition) else ():
            since = need.earliest(journey.trigger_at, now)
            wanted[need.type] = _earlier(wanted[need.type], since) if need.type in wanted else since
    return tuple(EventsNeeded(type_, since) for type_, since in wanted.items())


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return None if one is None or other is None else min(one, other)


def _under_definition(scenario: Scenario, journey: Journey) -> Advance:
    if journey.version == scenario.version:
        return Advance(journey)
    entry = TrailEntry(journey.node, Happened.CHANGED, detail=f"{journey.version} → {scenario.version}")
    return Advance(replace(journey, version=scenario.version), trail=(entry,))


def _step(scenario: Scenario, journey: Journey, facts: Facts, now: datetime, conditions: Conditions) -> Step:
    node = scenario.nodes.get(journey.node)
    if node is None:
        return Finish(Happened.STOPPED, f"the scenario has no node `{journey.node}` any more")
    if facts.trigger is None:
        # The event may have expired meanwhile; when the journey began is known all the same.
        facts = replace(facts, trigger=Event(journey.trigger_event_id, "", journey.trigger_at))
    turn = Turn(journey, scenario.settings, facts, now, conditions)
    return node.resume(turn) if journey.status == "waiting" else node.enter(turn)


def _after(scenario: Scenario, done: Advance, step: Step) -> Advance:
    match step:
        case Go():
            return _gone(scenario, done, step)
        case Pause():
            waiting = replace(done.journey, status="waiting", due_at=step.due_at, awaiting=step.awaiting)
            return _logged(done, waiting, TrailEntry(waiting.node, step.happened, detail=step.due_at.isoformat()))
        case Stay():
            staying = replace(done.journey, awaiting=step.awaiting)
            entry = None if step.happened is None else TrailEntry(staying.node, step.happened)
            return _logged(done, staying, entry)
        case Finish():
            return _ended(done, step.happened, step.reason)
        case _:
            assert_never(step)


def _gone(scenario: Scenario, done: Advance, step: Go) -> Advance:
    journey = done.journey
    target = scenario.nodes[journey.node].exits()[step.branch]
    entry = TrailEntry(journey.node, step.happened, step.branch, step.detail)
    results = journey.results | step.results
    moved = replace(journey, status="active", due_at=None, awaiting=None, results=results, node=target or journey.node)
    passed = replace(_logged(done, moved, entry), effects=done.effects + step.effects)
    return passed if target is not None else _ended(passed, Happened.ENDED, f"nothing follows {step.branch}")


def _ended(done: Advance, happened: Happened, reason: str) -> Advance:
    ended = replace(done.journey, status="ended", due_at=None, awaiting=None, reason=reason)
    return _logged(done, ended, TrailEntry(ended.node, happened, detail=reason))


def _logged(done: Advance, journey: Journey, entry: TrailEntry | None) -> Advance:
    return Advance(journey, done.effects, done.trail if entry is None else (*done.trail, entry))
