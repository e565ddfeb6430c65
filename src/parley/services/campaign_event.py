"""The `campaign` event of a message's state: the names are Exponea's (exponea.md 2.6), so that reports keep working."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from parley.domain.event import NewEvent
from parley.domain.message import Kind, State
from parley.store.messages import MessageRow, NewMessage

CAMPAIGN = "campaign"
Reached = tuple[State, datetime, dict[str, Any]]
"""A state, when, and what is said of it."""
_ACTION_TYPES = {Kind.WEBHOOK.value: "webhook", Kind.CONSENT.value: "webhook"}
"""Everything else reaches the customer by WhatsApp."""


def campaign_event(message: MessageRow | NewMessage, state: State, at: datetime, said: dict[str, Any]) -> NewEvent:
    """Counts once for each state of a message, however often the state is reported."""
    return campaign_events(message, [(state, at, said)])[0]


def campaign_events(message: MessageRow | NewMessage, reached: Iterable[Reached]) -> list[NewEvent]:
    """Of several states, in their order. What the events have in common is gathered once."""
    about = _about(message)
    return [
        NewEvent(
            customer_id=message.customer_id,
            type=CAMPAIGN,
            occurred_at=at,
            properties={**about, "status": state.value, **said},
            client_event_id=f"parley:{message.id}:{state.value}:{_number(message, state)}",
            source="scenario",
        )
        for state, at, said in reached
    ]


def _number(message: MessageRow | NewMessage, state: State) -> int:
    """Of the try: how many were before it. The row of a message that is being sent counts that try already."""
    if state is State.SENDING:
        return message.attempts - 1
    return message.attempts if state in _REPEATABLE else 0


_REPEATABLE = frozenset({State.QUEUED, State.PLANNED, State.UNCERTAIN})
"""A message may be tried again; each try shows."""


def _about(message: MessageRow | NewMessage) -> dict[str, Any]:
    parameters, origin = message.content.get("parameters", {}), message.origin
    found = {
        "action_type": _ACTION_TYPES.get(message.kind, "whatsapp"),
        "message_id": str(message.id),
        "kind": message.kind,
        "recipient": message.recipient,
        "integration": message.integration,
        "consent_category": message.consent_category,
        "template_name": parameters.get("template_name"),
        "language": parameters.get("language") or parameters.get("language_code"),
        "campaign_id": origin.get("scenario") or origin.get("campaign"),
        "campaign_name": origin.get("scenario_title") or origin.get("campaign_title"),
        "run_id": origin.get("run"),
        "action_id": origin.get("node"),
        "action_name": origin.get("node_title"),
        "in_place_of": message.content.get("in_place_of", {}).get("message"),
    }
    return {name: value for name, value in found.items() if value is not None}
