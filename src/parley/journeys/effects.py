"""What a journey wants done: values that a service carries out. Texts are the author's Jinja, unrendered."""

from datetime import datetime
from typing import Any, Literal

import msgspec

MediaType = Literal["image", "video", "document", "audio", "sticker", "location"]


class Button(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one button of a template needs at sending, in the template's order."""

    type: Literal["quick_reply", "url", "call", "copy_code", "catalog", "request_contact_info"]
    parameter: str | None = None
    """The changing end of a URL button, or the code that is copied."""
    payload: str | None = None
    """What comes back when a quick reply is tapped."""


class CardValues(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one card of a carousel shows, in the template's order."""

    type: Literal["image", "video"]
    url: str
    parameters: tuple[str, ...] = ()


class HeaderMedia(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The picture, video or document in a template's header."""

    type: Literal["image", "video", "document"]
    url: str
    filename: str | None = None


class _Effect(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    scenario: str
    node: str
    """The node that wants it."""


class SendTemplate(_Effect, frozen=True, kw_only=True, tag="send_template"):
    """Send an approved template."""

    template: str
    language: str
    parameters: str | tuple[str, ...]
    """A list, or the page's form: in quotation marks, delimited by commas."""
    header_parameters: str | tuple[str, ...]
    media: HeaderMedia | None
    buttons: tuple[Button, ...]
    cards: tuple[CardValues, ...]
    sender: str | None
    consent_category: str
    expires_at: datetime | None
    """After it the message has lost its use."""
    free_text: str | None = None
    """Sent instead, while the window is open and that costs no more."""


class SendText(_Effect, frozen=True, kw_only=True, tag="send_text"):
    """Send a free text: only while the window is open, which is the policy's to say."""

    text: str
    preview_url: bool
    sender: str | None
    expires_at: datetime | None


class SendMedia(_Effect, frozen=True, kw_only=True, tag="send_media"):
    """Send a picture, video, document, sound, sticker or place: as free text."""

    media: MediaType
    url: str | None
    caption: str | None
    filename: str | None
    latitude: str | float | None
    longitude: str | float | None
    name: str | None
    address: str | None
    sender: str | None
    expires_at: datetime | None


class CallPreset(_Effect, frozen=True, kw_only=True, tag="call_preset"):
    """Render a webhook preset with these parameters and call it."""

    preset: str
    parameters: dict[str, Any]
    sender: str | None
    """Whose account and credentials fill the parameters that are not given."""
    consent_category: str | None


class TrackEvent(_Effect, frozen=True, kw_only=True, tag="track_event"):
    """Write an event on the customer."""

    event: str
    properties: dict[str, Any]


class SetAttributes(_Effect, frozen=True, kw_only=True, tag="set_attributes"):
    """Write attributes of the customer."""

    attributes: dict[str, Any]


Send = SendTemplate | SendText | SendMedia | CallPreset

Effect = Send | TrackEvent | SetAttributes
