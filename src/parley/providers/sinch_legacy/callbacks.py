"""Reads the legacy callbacks: one POST may hold several statuses and several notifications (sinch.md 1.8)."""

from functools import partial
from typing import Any

import msgspec

from parley.domain.callback import CallbackItem, DeliveryReport, InboundMessage, Notice, Unknown
from parley.domain.message import State
from parley.providers import errors
from parley.providers.pricing import read_billed
from parley.providers.reading import Address, Ident, Unreadable, Word, as_list, convert, decode, read_each, read_time
from parley.providers.said import Said, time_text, without_nulls
from parley.providers.sinch_legacy.kinds import NOT_MESSAGES, said

PROVIDER = "sinch_legacy"

STATES = {
    "queued": State.ACCEPTED,
    "dispatched": State.ACCEPTED,  # handed to WhatsApp, which has not confirmed it yet
    "sent": State.SENT,
    "delivered": State.DELIVERED,
    "read": State.READ,
    "failed": State.FAILED,
    "deleted": State.FAILED,  # "deleted or expired": it will not arrive; State.EXPIRED is a word for our own decisions
    "no_opt_in": State.FAILED,
    "no_capability": State.FAILED,
}


class Status(msgspec.Struct, frozen=True):
    message_id: Ident
    state: Word
    recipient: Address | None = None
    status: str | None = None
    timestamp: str | None = None
    details: str | None = None


class Quoted(msgspec.Struct, frozen=True):
    message_id: Ident | None = None
    sender: str | None = msgspec.field(default=None, name="from")


class Notification(msgspec.Struct, frozen=True):
    message_id: Ident
    message: dict[str, Any]
    sender: Address = msgspec.field(name="from")
    to: str | None = None
    timestamp: str | None = None
    replying_to: Quoted | None = None
    forwarded: bool | None = None
    frequently_forwarded: bool | None = None
    referral: dict[str, Any] | None = None


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
    names = _names(as_list(tree.get("contacts")))
    notifications = read_each(partial(_notification, names), as_list(tree.get("notifications")))
    reports = read_each(_report, as_list(tree.get("statuses")))
    return (*notifications, *reports) or (_nothing(tree),)


def _nothing(tree: dict[str, Any]) -> CallbackItem:
    """Empty lists are a callback that says nothing; none at all is one that we cannot read."""
    if "statuses" in tree or "notifications" in tree:
        return Notice("empty", tree)
    return Unknown("The body holds neither statuses nor notifications.", msgspec.json.encode(tree))


def is_legacy(tree: Any) -> bool:
    """Does a decoded body look like this API's?"""
    return isinstance(tree, dict) and (tree.get("type") == "whatsapp" or "statuses" in tree or "notifications" in tree)


def _names(contacts: list[Any]) -> dict[str, str]:
    """Profile names by WhatsApp number. A contact of a strange shape costs its name only."""
    found = {}
    for contact in contacts:
        match contact:
            case {"wa_id": str(number), "profile": {"name": str(name)}}:
                found[number] = name
            case _:
                pass
    return found


def _notification(names: dict[str, str], item: Any) -> InboundMessage:
    notification = convert(item, Notification)
    content = said(notification.message)
    name = names.get(notification.sender) or names.get(notification.sender.removeprefix("+"))
    return InboundMessage(
        message_id=notification.message_id,
        sender=notification.sender,
        recipient=notification.to or "",
        type=content.type,
        body=content.body,
        occurred_at=read_time(notification.timestamp),
        opens_window=content.type not in NOT_MESSAGES,
        profile_name=name,
        replying_to=notification.replying_to.message_id if notification.replying_to else None,
        fields=_fields(notification, content, name) | {"raw": item},
    )


def _fields(notification: Notification, content: Said, name: str | None) -> dict[str, Any]:
    """What this API does not have is there too, as null: a mapping must work for both."""
    quoted = notification.replying_to or Quoted()
    return {
        "provider": PROVIDER,
        "channel": "WHATSAPP",
        "message_id": notification.message_id,
        "from": notification.sender,
        "to": notification.to,
        "timestamp": time_text(read_time(notification.timestamp)),
        "message": content.tree(),
        "contact": {"name": name, "id": None},
        "replying_to": {"message_id": quoted.message_id, "from": quoted.sender},
        "forwarded": bool(notification.forwarded),
        "frequently_forwarded": bool(notification.frequently_forwarded),
        "referral": notification.referral or {},
        "metadata": None,
        "correlation_id": None,
        "conversation_id": None,
        "conversation_metadata": None,
    }


def _report(item: Any) -> CallbackItem:
    status = convert(item, Status)
    state = STATES.get(status.state)
    if state is None:
        return Unknown(f"The legacy API has no state {status.state!r} that we know.", msgspec.json.encode(item))
    fault = errors.explain_state(status.state) if state is State.FAILED else None
    return DeliveryReport(
        message_id=status.message_id,
        state=state,
        occurred_at=read_time(status.timestamp),
        recipient=status.recipient,
        code=fault.code if fault else None,
        sentence=fault.sentence if fault else None,
        provider_code=status.state if fault else None,
        billed=read_billed(item),
        fields=without_nulls({"provider": PROVIDER, "status": status.state, "details": status.details, "raw": item}),
    )
