"""The `campaign` event of a message's state: the names are Exponea's (exponea.md 2.6), so that reports keep working."""

from datetime import datetime
from typing import Any

from parley.domain.event import NewEvent
from parley.domain.message import Kind, State
from parley.store.messages import MessageRow, NewMessage

CAMPAIGN = "campaign"
_ACTION_TYPES = {Kind.WEBHOOK.value: "webhook", Kind.CONSENT.value: "webhook"}
"""Everything else reaches the customer by WhatsApp."""


def campaign_event(message: MessageRow | NewMessage, state: State, at: datetime, said: dict[str, Any]) -> NewEvent:
    """Counts once for each state of a message, however often the state is reported."""
    number = message.attempts if state in _REPEATABLE else 0
    return NewEvent(
        customer_id=message.customer_id,
        type=CAMPAIGN,
        occurred_at=at,
        properties={**_about(message), "status": state.value, **said},
        client_event_id=f"parley:{message.id}:{state.value}:{number}",
        source="scenario",
    )


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
