"""Reads the Conversation API's callbacks: an envelope and one more key that says what happened (sinch.md 2.10)."""

from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from parley.domain.callback import CallbackItem, ConsentReport, Notice, Unknown
from parley.providers.reading import WORD_LIMIT, Unreadable, convert, decode, read_time
from parley.providers.sinch_conversation.inbound import read_event, read_message, read_unsupported
from parley.providers.sinch_conversation.reports import read_report
from parley.providers.sinch_conversation.shapes import ConsentNotification, Envelope

ENVELOPE_KEYS = frozenset({"app_id", "project_id", "accepted_time", "event_time", "message_metadata", "correlation_id"})

NOTICES = {
    "message_submit_notification": "message_submit",
    "event_delivery_report": "event_delivery",
    "conversation_start_notification": "conversation_start",
    "conversation_stop_notification": "conversation_stop",
    "conversation_delete_notification": "conversation_delete",
    "contact_create_notification": "contact_create",
    "contact_update_notification": "contact_update",
    "contact_delete_notification": "contact_delete",
    "contact_merge_notification": "contact_merge",
    "duplicated_contact_identities_notification": "contact_identities_duplication",
    "capability_notification": "capability",
    "channel_event_notification": "channel_event",
    "smart_conversation_notification": "smart_conversation",
    "message_redaction": "message_redaction",
    "record_notification": "record",
}
"""Known, and nothing changes here because of them."""

CONSENT_RESULTS = {
    "OPT_IN_SUCCEEDED": True,
    "OPT_OUT_SUCCEEDED": True,
    "OPT_IN_FAILED": False,
    "OPT_OUT_FAILED": False,
}

Reader = Callable[[Envelope, Any], CallbackItem]


def parse(body: bytes) -> tuple[CallbackItem, ...]:
    """Every item of the callback, at least one. Never raises: what cannot be read is Unknown."""
    tree = decode(body)
    if isinstance(tree, Unreadable):
        return (Unknown(tree.reason, body),)
    return items(tree.value)


def items(tree: Any) -> tuple[CallbackItem, ...]:
    """The same from a decoded body, as `parley.providers.reading.decode` gives it."""
    if not isinstance(tree, dict):
        return (Unknown("The body is not a JSON object.", msgspec.json.encode(tree)),)
    happened = [key for key in tree if key not in ENVELOPE_KEYS and tree[key] is not None]
    known = [key for key in happened if key in READERS]
    if not known:
        keys = ", ".join(happened)[:WORD_LIMIT] or "the envelope"
        return (Unknown(f"No payload key that we know, only {keys}.", msgspec.json.encode(tree)),)
    return tuple(_read(tree, key) for key in known)


def is_conversation(tree: Any) -> bool:
    """Does a decoded body look like this API's?"""
    return isinstance(tree, dict) and ("app_id" in tree or "project_id" in tree or not READERS.keys().isdisjoint(tree))


def _read(tree: dict[str, Any], key: str) -> CallbackItem:
    try:
        return READERS[key](convert(tree, Envelope), tree[key])
    except msgspec.ValidationError as error:
        return Unknown(f"{key}: {error}", msgspec.json.encode(tree))


def _notice(name: str, _envelope: Envelope, item: Any) -> Notice:
    return Notice(name, item if isinstance(item, dict) else {"value": item})


def _consent(opted_in: bool, envelope: Envelope, item: Any) -> CallbackItem:  # noqa: FBT001  bound by `partial` below
    notification = convert(item, ConsentNotification)
    succeeded = CONSENT_RESULTS.get(notification.status or "")
    if succeeded is None or notification.channel not in (None, "WHATSAPP"):
        return Notice("opt_in" if opted_in else "opt_out", item)
    description = (notification.error_details or {}).get("description")
    return ConsentReport(
        identity=notification.identity,
        opted_in=opted_in,
        succeeded=succeeded,
        occurred_at=read_time(envelope.event_time, envelope.accepted_time),
        sentence=description if isinstance(description, str) else None,
        fields={"provider": "sinch_conversation", "status": notification.status, "raw": item},
    )


READERS: dict[str, Reader] = {
    "message": read_message,
    "event": read_event,
    "message_delivery_report": read_report,
    "unsupported_callback": read_unsupported,
    "opt_in_notification": partial(_consent, True),  # noqa: FBT003
    "opt_out_notification": partial(_consent, False),  # noqa: FBT003
    **{key: partial(_notice, name) for key, name in NOTICES.items()},
}
