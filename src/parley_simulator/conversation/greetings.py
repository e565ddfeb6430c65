"""CONTACT_CREATE and CONVERSATION_START, when CONVERSATION mode meets somebody new (sinch.md 2.8)."""

from datetime import datetime

from parley_simulator.clock import written
from parley_simulator.conversation.envelopes import Notice, nobody
from parley_simulator.conversation.reports import emit
from parley_simulator.handsets import Handset
from parley_simulator.world import World


def greet(world: World, handset: Handset, at: datetime) -> None:
    """Tell whoever subscribed."""
    for trigger, key, payload in (
        ("CONTACT_CREATE", "contact_create_notification", {"contact": _contact(handset)}),
        ("CONVERSATION_START", "conversation_start_notification", {"conversation": _conversation(world, handset, at)}),
    ):
        about = nobody(handset.number, at)
        emit(world, Notice(trigger=trigger, key=key, payload=dict(payload), message=about, at=at))


def _contact(handset: Handset) -> dict[str, object]:
    return {
        "id": handset.contact_id,
        "channel_identities": [{"channel": "WHATSAPP", "identity": handset.number, "app_id": ""}],
        "channel_priority": ["WHATSAPP"],
        "display_name": handset.name or "Unknown",
        "email": "",
        "external_id": "",
        "metadata": "",
        "language": "UNSPECIFIED",
    }


def _conversation(world: World, handset: Handset, at: datetime) -> dict[str, object]:
    return {
        "id": handset.conversation_id,
        "app_id": world.app.app_id,
        "contact_id": handset.contact_id,
        "last_received": written(at),
        "active_channel": "WHATSAPP",
        "active": True,
        "metadata": "",
    }
