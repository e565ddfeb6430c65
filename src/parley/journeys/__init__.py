"""Scenarios and journeys: what should happen to a customer next. Pure; docs/reference/scenarios.md has the shape."""

from parley.journeys.conditions import Conditions
from parley.journeys.effects import (
    Button,
    CallPreset,
    Effect,
    SendMedia,
    SendTemplate,
    SendText,
    SetAttributes,
    TrackEvent,
)
from parley.journeys.engine import EventsNeeded, advance, begin, needs, starts, stop
from parley.journeys.facts import Consent, Event, Facts, Reply, Signal, Timer
from parley.journeys.journey import Advance, Happened, Journey, TrailEntry
from parley.journeys.keywords import normal_form, said
from parley.journeys.reading import parse_scenario
from parley.journeys.scenario import Scenario

__all__ = [
    "Advance",
    "Button",
    "CallPreset",
    "Conditions",
    "Consent",
    "Effect",
    "Event",
    "EventsNeeded",
    "Facts",
    "Happened",
    "Journey",
    "Reply",
    "Scenario",
    "SendMedia",
    "SendTemplate",
    "SendText",
    "SetAttributes",
    "Signal",
    "Timer",
    "TrackEvent",
    "TrailEntry",
    "advance",
    "begin",
    "needs",
    "normal_form",
    "parse_scenario",
    "said",
    "starts",
    "stop",
]
