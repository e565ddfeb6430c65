"""The parts of a Conversation callback that we read (sinch.md 2.10). Unknown keys are ignored; null means missing."""

from typing import Any

import msgspec

from parley.providers.reading import Address, Ident, Word


class ChannelIdentity(msgspec.Struct, frozen=True):
    identity: Address
    channel: str | None = None


class Envelope(msgspec.Struct, frozen=True):
    """Beside these keys stands one more, which tells what happened."""

    app_id: str | None = None
    accepted_time: str | None = None
    event_time: str | None = None
    """The channel's own clock; may be missing."""
    message_metadata: str | None = None
    """Here, on the envelope, this is the *conversation* metadata of the send. Ours is `metadata`, further in."""
    correlation_id: str | None = None


class ContactMessage(msgspec.Struct, frozen=True):
    """`message`: a customer wrote."""

    id: Ident
    contact_message: dict[str, Any]
    channel_identity: ChannelIdentity
    direction: str | None = None
    accept_time: str | None = None
    metadata: str | None = None
    contact_id: str | None = None
    conversation_id: str | None = None
    sender_id: str | None = None
    injected: bool | None = None


class ContactEvent(msgspec.Struct, frozen=True):
    """`event`: a reaction, typing, ..."""

    id: Ident
    channel_identity: ChannelIdentity
    contact_event: dict[str, Any] | None = None
    contact_message_event: dict[str, Any] | None = None
    accept_time: str | None = None
    contact_id: str | None = None
    conversation_id: str | None = None


class Reason(msgspec.Struct, frozen=True):
    code: Word | None = None
    description: str | None = None
    sub_code: str | None = None
    channel_code: Word | int | None = None
    """WhatsApp's own code. Text in every source; a number is forgiven."""


class Report(msgspec.Struct, frozen=True):
    """`message_delivery_report`."""

    message_id: Ident
    status: Word
    channel_identity: dict[str, Any] | None = None
    reason: Reason | None = None
    metadata: str | None = None
    """What we had sent as `message_metadata`."""


class ConsentNotification(msgspec.Struct, frozen=True):
    """`opt_in_notification`, `opt_out_notification`."""

    identity: Address
    channel: str | None = None
    status: str | None = None
    error_details: dict[str, Any] | None = None


class Unsupported(msgspec.Struct, frozen=True):
    """`unsupported_callback`: something of the channel that Sinch does not translate."""

    id: Ident | None = None
    channel: str | None = None
    payload: str | None = None
    channel_identity: ChannelIdentity | None = None
    contact_id: str | None = None
    conversation_id: str | None = None
