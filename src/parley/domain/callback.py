"""What a provider tells us: a customer wrote, a message moved on, a consent was taken. Provider-neutral."""

from datetime import datetime
from typing import Any

import msgspec

from parley.domain.message import State


class InboundMessage(msgspec.Struct, frozen=True, tag="inbound", tag_field="item"):
    """A customer wrote to us (or tapped, sent a picture, a place, an order...)."""

    message_id: str
    """The provider's id; the same message always has the same one."""
    sender: str
    """Whom it is from, exactly as the provider wrote it; answers go to this text (whatsapp.md 5.2)."""
    recipient: str
    """The provider's name of our account: legacy bot id, Conversation app id."""
    type: str
    """The provider's word: text, image, button, interactive, location, choice_response, ..."""
    body: str
    """What the customer said in words: text, caption, title of the tapped button; empty when there is none."""
    occurred_at: datetime | None
    """The message's own time (the window counts from it); None when the provider gave none."""
    opens_window: bool = True
    """False for what WhatsApp does not count as a message: reactions, deletions, system notices."""
    profile_name: str | None = None
    replying_to: str | None = None
    """The provider's id of the message that was answered, if any."""
    our_id: str | None = None
    """The id we had put into the message that was answered, if the provider returned it."""
    fields: dict[str, Any] = {}
    """Everything the callback held of this message, for the integration's mapping to read."""


class Billed(msgspec.Struct, frozen=True):
    """What a report says of the price of its message."""

    free: bool
    said: str
    """The provider's word: `regular`, `free_entry_point`."""
    category: str | None = None
    """What it was charged as, in WhatsApp's words: `marketing`, `utility`, `service`."""


class DeliveryReport(msgspec.Struct, frozen=True, tag="report", tag_field="item"):
    """A message we sent moved on."""

    message_id: str
    state: State
    occurred_at: datetime | None = None
    recipient: str | None = None
    our_id: str | None = None
    """What we had sent in `message_metadata`, if it came back."""
    code: str | None = None
    """On failure: our stable word for it (parley.providers.errors)."""
    sentence: str | None = None
    provider_code: str | None = None
    """On failure: the provider's or WhatsApp's own code, as text."""
    billed: Billed | None = None
    fields: dict[str, Any] = {}


class ConsentReport(msgspec.Struct, frozen=True, tag="consent", tag_field="item"):
    """The provider took (or refused) an opt-in or opt-out, or a customer opted out at the provider."""

    identity: str
    opted_in: bool
    succeeded: bool
    occurred_at: datetime | None = None
    sentence: str | None = None
    fields: dict[str, Any] = {}


class TemplateNotice(msgspec.Struct, frozen=True, tag="template", tag_field="item"):
    """Something happened to a message template at the provider. It may be old news: the provider is asked before good
    news counts.
    """

    name: str
    """As its definition is called: `cart_reminder.en`."""
    happened: str
    """The provider's word: approved, rejected, status_updated, quality_score_updated, ..."""
    state: str | None
    """Where it stands in our words, as the provider said it then."""
    reason: str | None = None
    fields: dict[str, Any] = {}


class Notice(msgspec.Struct, frozen=True, tag="notice", tag_field="item"):
    """Something known that changes nothing here: a contact was created, a conversation started, a submit notice."""

    name: str
    fields: dict[str, Any] = {}


class Unknown(msgspec.Struct, frozen=True, tag="unknown", tag_field="item"):
    """A shape we do not know: kept raw and counted, never a crash."""

    reason: str
    raw: bytes


CallbackItem = InboundMessage | DeliveryReport | ConsentReport | TemplateNotice | Notice | Unknown
