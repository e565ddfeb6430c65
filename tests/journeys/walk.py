"""Walks a scenario through a timeline with a clock that stands still between inputs.

Between every two calls a journey rests as JSON, and only the events that `needs` asks for are loaded: so every case
tests both.
"""

import json
from datetime import UTC, datetime
from typing import Any

import msgspec

from parley import segments
from parley.journeys import (
    Advance,
    Consent,
    Event,
    EventsNeeded,
    Facts,
    Journey,
    Reply,
    Scenario,
    Signal,
    Timer,
    TrailEntry,
    advance,
    begin,
    needs,
    parse_scenario,
    starts,
)
from parley.journeys.durations import Duration, parse_duration
from tests.journeys.case_files import ROOT, Case

START = datetime(2026, 5, 1, 12, tzinfo=UTC)
MAX_TIMERS = 1000


class Walk:
    """One customer in one scenario."""

    def __init__(self, case: Case) -> None:
        self.start = datetime.fromisoformat(case["start"]) if "start" in case else START
        self.now = self.start
        self.scenario = scenario_of(case["scenario"])
        self.attributes: dict[str, Any] = case.get("attributes", {})
        self.consents = consents_of(case.get("consents", {}))
        self.events: dict[str, Event] = {}
        self.journeys: list[bytes] = []
        self.log: list[dict[str, Any]] = []

    def follow(self, timeline: list[Case]) -> list[dict[str, Any]]:
        """Feeds every input at its time, timers in between; returns what happened."""
        for step in timeline:
            self.pass_until(self.moment(step["at"]))
            self.attributes = self.attributes | step.get("attributes", {})
            self.consents = self.consents | consents_of(step.get("consents", {}))
            if "scenario" in step:
                self.scenario = scenario_of(step["scenario"])
            if "event" in step:
                self.track(step["event"])
            if "reply" in step:
                self.answer(step["reply"])
        return self.log

    def moment(self, text: str) -> datetime:
        """`start`, `3 hours` after it, `-3 days` before it, or a time."""
        if text == "start":
            return self.start
        length = parse_duration(text.removeprefix("-"))
        if not isinstance(length, Duration):
            return datetime.fromisoformat(text)
        return self.start - length.rest if text.startswith("-") else length.after(self.start)

    def pass_until(self, moment: datetime) -> None:
        """Lets time pass; every timer rings when it is due."""
        for _ in range(MAX_TIMERS):
            due = min(((j.due_at, i) for i, j in self.resting() if j.due_at and j.due_at <= moment), default=None)
            if due is None:
                break
            self.now = due[0]
            self.move(due[1], Timer())
        self.now = moment

    def track(self, raw: Case) -> None:
        """The customer did something."""
        occurred_at = self.moment(raw["occurred_at"]) if "occurred_at" in raw else self.now
        event = Event(f"event-{len(self.events) + 1}", raw["type"], occurred_at, raw.get("properties", {}))
        self.events[event.id] = event
        for trigger in starts(self.scenario, event, self.now, segments):
            self.journeys.append(msgspec.json.encode(begin(self.scenario, trigger, event, self.now)))
            self.move(len(self.journeys) - 1, Timer())

    def answer(self, raw: str | Case) -> None:
        """The customer wrote: whoever waits for a reply is woken."""
        words = {"text": raw} if isinstance(raw, str) else raw
        written_at = self.moment(words["occurred_at"]) if "occurred_at" in words else self.now
        reply = Reply("reply-1", written_at, words.get("text", ""), words.get("title", ""), words.get("payload", ""))
        for index, journey in self.resting():
            if journey.awaiting == "reply":
                self.move(index, reply)

    def resting(self) -> list[tuple[int, Journey]]:
        """All journeys, as read back from JSON."""
        return [(index, msgspec.json.decode(row, type=Journey)) for index, row in enumerate(self.journeys)]

    def move(self, index: int, signal: Signal) -> None:
        """Advances one journey and writes down what came of it."""
        journey = msgspec.json.decode(self.journeys[index], type=Journey)
        loaded = needs(self.scenario, journey, self.now, segments)
        facts = Facts(
            attributes=self.attributes,
            trigger=self.events[journey.trigger_event_id],
            events=tuple(event for event in self.events.values() if is_loaded(event, loaded)),
            consents=self.consents,
            signal=signal,
        )
        done = advance(self.scenario, journey, facts, self.now, segments)
        self.journeys[index] = msgspec.json.encode(done.journey)
        self.log.append(self.line(index, done))

    def line(self, index: int, done: Advance) -> dict[str, Any]:
        """One advance, short enough to review."""
        line: dict[str, Any] = {"at": self.now.isoformat(), "journey": index + 1, "status": done.journey.status}
        line |= {"trail": [said_of(entry) for entry in done.trail]}
        if done.effects:
            line["effects"] = [bare(effect) for effect in done.effects]
        if done.journey.results:
            line["results"] = done.journey.results
        return line


def scenario_of(source: Any) -> Scenario:
    """A file of the examples by its name, or the definition itself; `[nodes]` alone gets the usual head."""
    if isinstance(source, str):
        return parse_scenario((ROOT / source).read_bytes(), segments)
    if isinstance(source, list):
        source = {"kind": "scenario", "name": "case", "settings": {"consent_category": "whatsapp"}, "nodes": source}
    return parse_scenario(json.dumps(source).encode(), segments)


def consents_of(raw: Case) -> dict[str, Consent]:
    """`{"whatsapp": true}`, or with an end."""
    return {
        name: Consent(value) if isinstance(value, bool) else msgspec.convert(value, Consent)
        for name, value in raw.items()
    }


def is_loaded(event: Event, loaded: tuple[EventsNeeded, ...]) -> bool:
    """Would a service that asks `needs` have this event in hand?"""
    return any(event.type == need.type and (need.since is None or event.occurred_at >= need.since) for need in loaded)


def said_of(entry: TrailEntry) -> str:
    """`remind: asked → next`."""
    branch = f" → {entry.branch}" if entry.branch else ""
    detail = f" ({entry.detail})" if entry.detail else ""
    return f"{entry.node}: {entry.happened}{branch}{detail}"


def bare(effect: Any) -> dict[str, Any]:
    """An effect without what was left out."""
    fields: dict[str, Any] = json.loads(msgspec.json.encode(effect))
    return {key: value for key, value in fields.items() if value not in (None, [], {}, False) and key != "scenario"}
