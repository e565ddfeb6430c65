"""Scenarios, journeys, campaigns: what should happen to a customer next. Pure; docs/reference/scenarios.md and
campaigns.md have the shapes.
"""

from parley.domain.keyword import normal_form, said
from parley.journeys.campaign import Campaign, parse_campaign
from parley.journeys.conditions import Conditions
from parley.journeys.effects import (
    Button,
    CallPreset,
    CardValues,
    Effect,
    Send,
    SendMedia,
    SendTemplate,
    SendText,
    SetAttributes,
    TrackEvent,
)
from parley.journeys.engine import EventsNeeded, advance, begin, needs, starts, stop
from parley.journeys.facts import Consent, Event, Facts, Reply, Signal, Timer
from parley.journeys.journey import Advance, Happened, Journey, TrailEntry
from parley.journeys.reading import parse_scenario
from parley.journeys.scenario import Scenario

__all__ = [
    "Advance",
    "Button",
    "CallPreset",
    "Campaign",
    "CardValues",
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
    "Send",
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
    "parse_campaign",
    "parse_scenario",
    "said",
    "starts",
    "stop",
]
