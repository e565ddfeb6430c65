"""What a customer did, by the Conversation API: wrote, reacted, or something Sinch does not translate."""

from typing import Any

from parley.domain.callback import CallbackItem, InboundMessage, Notice
from parley.providers.reading import WORD_LIMIT, convert, read_time
from parley.providers.said import Said, or_none, time_text
from parley.providers.sinch_conversation.kinds import answered, reaction, said
from parley.providers.sinch_conversation.shapes import ContactEvent, ContactMessage, Envelope, Unsupported

WHATSAPP = "WHATSAPP"


def read_message(envelope: Envelope, item: Any) -> CallbackItem:
    """MESSAGE_INBOUND. Raises msgspec.ValidationError when it is no message."""
    message = convert(item, ContactMessage)
    if message.direction == "TO_CONTACT":
        return Notice("message_to_contact", item)
    return _inbound(envelope, message, said(message.contact_message), item)


def read_event(envelope: Envelope, item: Any) -> CallbackItem:
    """EVENT_INBOUND. A reaction is shown as a message that opens no window; typing and the like are notices."""
    event = convert(item, ContactEvent)
    happened = {**(event.contact_event or {}), **(event.contact_message_event or {})}
    seen = happened.get("reaction_event")
    if seen is None:
        return Notice(next(iter(happened), "event")[:WORD_LIMIT], item)
    return _inbound(envelope, _as_message(event, seen), reaction(seen), item)


def read_unsupported(envelope: Envelope, item: Any) -> CallbackItem:
    """Perhaps a message (a shared contact card), perhaps not: shown, but the window stays as it was."""
    callback = convert(item, Unsupported)
    if callback.id is None or callback.channel_identity is None:
        return Notice("unsupported_callback", item)
    message = ContactMessage(
        id=callback.id,
        contact_message={},
        channel_identity=callback.channel_identity,
        contact_id=callback.contact_id,
        conversation_id=callback.conversation_id,
    )
    return _inbound(envelope, message, Said("unsupported", extra={"payload": callback.payload}), item)


def _as_message(event: ContactEvent, seen: dict[str, Any]) -> ContactMessage:
    return ContactMessage(
        id=event.id,
        contact_message={"reply_to": seen},
        channel_identity=event.channel_identity,
        accept_time=event.accept_time,
        contact_id=event.contact_id,
        conversation_id=event.conversation_id,
    )


def _inbound(envelope: Envelope, message: ContactMessage, content: Said, item: Any) -> InboundMessage:
    quoted = answered(message.contact_message)
    occurred_at = read_time(envelope.event_time, message.accept_time, envelope.accepted_time)
    fields = _fields(envelope, message, content, quoted)
    return InboundMessage(
        message_id=message.id,
        sender=message.channel_identity.identity,
        recipient=envelope.app_id or "",
        type=content.type,
        body=content.body,
        occurred_at=occurred_at,
        opens_window=_opens_window(message, content),
        replying_to=quoted,
        our_id=message.metadata or envelope.correlation_id or None,
        fields={**fields, "timestamp": time_text(occurred_at), "raw": item},
    )


def _opens_window(message: ContactMessage, content: Said) -> bool:
    """Only what the customer wrote on WhatsApp itself: not by SMS in the same app, not what somebody injected."""
    on_whatsapp = message.channel_identity.channel in (WHATSAPP, None)
    return on_whatsapp and not message.injected and content.type not in ("reaction", "unsupported")


def _fields(envelope: Envelope, message: ContactMessage, content: Said, quoted: str | None) -> dict[str, Any]:
    return {
        "provider": "sinch_conversation",
        "channel": message.channel_identity.channel,
        "message_id": message.id,
        "from": message.channel_identity.identity,
        "to": envelope.app_id,
        "sender_id": or_none(message.sender_id),
        "message": content.tree(),
        "contact": {"name": None, "id": or_none(message.contact_id)},
        "replying_to": {"message_id": quoted, "from": None},
        "forwarded": False,
        "frequently_forwarded": False,
        "referral": {},
        "metadata": or_none(message.metadata),
        "correlation_id": or_none(envelope.correlation_id),
        "conversation_id": or_none(message.conversation_id),
        "conversation_metadata": or_none(envelope.message_metadata),
    }
