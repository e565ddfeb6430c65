"""What the engine promises to its caller, beyond what the cases tell."""

import json
from datetime import timedelta
from typing import Any

import msgspec

from parley import segments
from parley.journeys import (
    Event,
    EventsNeeded,
    Facts,
    Journey,
    Reply,
    Scenario,
    advance,
    begin,
    needs,
    parse_scenario,
    starts,
    stop,
)
from parley.journeys.engine import MAX_STEPS
from parley.journeys.node import Settings
from parley.journeys.nodes.track_event import TrackEventNode
from tests.journeys.walk import START, scenario_of

GO = Event("event-1", "go", START)
DAY = timedelta(days=1)
QUESTION = {"id": "n", "type": "wait_for_reply", "replies": {"CART": None}, "within": "1 day"}


def a_scenario(*nodes: dict[str, Any]) -> Scenario:
    return scenario_of([{"id": "t", "type": "on_event", "event": "go", "next": "n"}, *nodes])


def a_waiting_journey(scenario: Scenario) -> Journey:
    return advance(scenario, begin(scenario, "t", GO, START), Facts(trigger=GO), START, segments).journey


def test_a_reply_written_in_time_counts_when_read_late() -> None:
    scenario = a_scenario(QUESTION)
    reply = Reply("m1", START + timedelta(hours=23), "Cart")
    done = advance(scenario, a_waiting_journey(scenario), Facts(signal=reply), START + 2 * DAY, segments)
    assert [entry.branch for entry in done.trail] == ["replies.CART", None]


def test_a_reply_from_a_clock_that_runs_ahead_counts() -> None:
    scenario = a_scenario(QUESTION)
    reply = Reply("m1", START + 2 * DAY, "Cart")
    done = advance(scenario, a_waiting_journey(scenario), Facts(signal=reply), START, segments)
    assert done.trail[0].branch == "replies.CART"


def test_asked_too_early_it_changes_nothing() -> None:
    scenario = a_scenario(QUESTION)
    journey = a_waiting_journey(scenario)
    done = advance(scenario, journey, Facts(), START + timedelta(hours=1), segments)
    assert (done.journey, done.effects, done.trail) == (journey, (), ())


def test_the_same_call_gives_the_same_answer() -> None:
    scenario = a_scenario({"id": "n", "type": "send_text", "text": "{{ event.url }}"})
    journey = begin(scenario, "t", GO, START)
    first, second = (advance(scenario, journey, Facts(trigger=GO), START, segments) for _ in range(2))
    assert first == second


def test_an_ended_journey_stays_ended() -> None:
    scenario = a_scenario({"id": "n", "type": "end"})
    journey = a_waiting_journey(scenario)
    assert advance(scenario, journey, Facts(), START + DAY, segments).trail == ()
    assert stop(journey, "deleted").journey == journey


def test_it_stops_a_journey_from_outside_with_the_reason() -> None:
    done = stop(a_waiting_journey(a_scenario(QUESTION)), "the customer was deleted")
    assert (done.journey.status, done.journey.reason) == ("ended", "the customer was deleted")
    assert done.journey.due_at is None


def test_a_broken_definition_meets_the_ceiling_instead_of_turning_for_ever() -> None:
    nodes = {"n": TrackEventNode(id="n", event="turned", next="n")}
    scenario = Scenario("case", "", "", "v", active=True, settings=Settings(), nodes=dict(nodes))
    done = advance(scenario, begin(scenario, "n", GO, START), Facts(), START, segments)
    assert len(done.effects) == MAX_STEPS
    assert done.journey.reason == f"more than {MAX_STEPS} nodes in one go"


def test_without_its_trigger_event_a_journey_still_knows_when_it_began() -> None:
    condition = {"event": "purchase", "since": "start", "count": {"equals": 0}}
    scenario = a_scenario({"id": "n", "type": "condition", "if": condition, "then": "e"}, {"id": "e", "type": "end"})
    older = Event("event-0", "purchase", START - DAY)
    done = advance(scenario, begin(scenario, "t", GO, START), Facts(events=(older,)), START, segments)
    assert done.journey.node == "e"


def test_needs_looks_as_far_as_the_next_wait() -> None:
    scenario = a_scenario(QUESTION | {"replies": {"CART": "c"}}, *question_and_condition())
    journey = begin(scenario, "t", GO, START)
    assert needs(scenario, journey, START, segments) == ()
    waiting = a_waiting_journey(scenario)
    assert needs(scenario, waiting, START, segments) == (EventsNeeded("visit", START - DAY),)


def test_needs_looks_behind_the_next_wait_when_several_signals_came() -> None:
    scenario = a_scenario(QUESTION | {"replies": {"CART": "c"}}, *question_and_condition())
    found = needs(scenario, a_waiting_journey(scenario), START, segments, signals=2)
    assert found == (EventsNeeded("visit", None), EventsNeeded("purchase", START))


def question_and_condition() -> tuple[dict[str, Any], ...]:
    """A look at visits, a second question, and behind it a look further back."""
    seen = {"event": "visit", "since": "1 day"}
    behind = {"all": [{"event": "visit", "since": "ever"}, {"event": "purchase", "since": "start"}]}
    return (
        {"id": "c", "type": "condition", "if": seen, "then": "q"},
        {"id": "q", "type": "wait_for_reply", "replies": {"YES": "d"}, "within": "1 day"},
        {"id": "d", "type": "condition", "if": behind},
    )


def test_a_journey_survives_json() -> None:
    journey = a_waiting_journey(a_scenario(QUESTION))
    assert msgspec.json.decode(msgspec.json.encode(journey), type=Journey) == journey
    assert msgspec.convert(json.loads(json.dumps(msgspec.to_builtins(journey))), Journey) == journey


def test_the_version_is_of_what_the_file_says_not_of_how_it_is_laid_out() -> None:
    file = {"kind": "scenario", "name": "case", "nodes": [{"id": "t", "type": "on_event", "event": "go"}]}
    one, other = (parse_scenario(json.dumps(file, indent=indent).encode(), segments) for indent in (None, 4))
    changed = parse_scenario(json.dumps(file | {"active": False}).encode(), segments)
    assert one.version == other.version != changed.version


def test_an_event_of_another_type_starts_nothing() -> None:
    assert starts(a_scenario({"id": "n", "type": "end"}), Event("1", "GO", START), START, segments) == ()
