"""The `campaign` event of a message's state: the names are Exponea's (exponea.md 2.6), so that reports keep working."""

from datetime import datetime
from typing import Any

from parley.domain.event import NewEvent
from parley.domain.message import Kind, State
from parley.store.messages import MessageRow, NewMessage

CAMPAIGN = "campaign"
_ACTION_TYPES = {Kind.WEBHOOK: "webhook", Kind.CONSENT: "webhook"}
"""Everything else reaches the customer by WhatsApp."""


def campaign_event(message: MessageRow | NewMessage, state: State, at: datetime, said: dict[str, Any]) -> NewEvent:
    """Counts once for each state of a message, however often the state is reported."""
    return NewEvent(
        customer_id=message.customer_id,
        type=CAMPAIGN,
        occurred_at=at,
        properties={**_properties(message, state), **said},
        client_event_id=f"parley:{message.id}:{state}:{_number(message, state)}",
        source="scenario",
    )


def _number(message: MessageRow | NewMessage, state: State) -> int:
    """Of the try: how many were before it. The row of a message that is being sent counts that try already."""
    if state is State.SENDING:
        return message.attempts - 1
    return message.attempts if state in _REPEATABLE else 0


_REPEATABLE = frozenset({State.QUEUED, State.PLANNED, State.UNCERTAIN})
"""A message may be tried again; each try shows."""


def _properties(message: MessageRow | NewMessage, state: State) -> dict[str, Any]:
    parameters = message.content.get("parameters", {})
    found = {
        "action_type": _ACTION_TYPES.get(Kind(message.kind), "whatsapp"),
        "status": state.value,
        "message_id": str(message.id),
        "kind": message.kind,
        "recipient": message.recipient,
        "integration": message.integration,
        "consent_category": message.consent_category,
        "template_name": parameters.get("template_name"),
        "language": parameters.get("language") or parameters.get("language_code"),
        "campaign_id": message.origin.get("scenario") or message.origin.get("campaign"),
        "campaign_name": message.origin.get("scenario_title") or message.origin.get("campaign_title"),
        "run_id": message.origin.get("run"),
        "action_id": message.origin.get("node"),
        "action_name": message.origin.get("node_title"),
        "in_place_of": message.content.get("in_place_of", {}).get("message"),
    }
    return {name: value for name, value in found.items() if value is not None}
