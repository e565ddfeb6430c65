"""What a customer can say by the Conversation API: one reader per key of `contact_message` (sinch.md 2.10)."""

from collections.abc import Callable
from typing import Any

import msgspec

from parley.providers.reading import WORD_LIMIT, Word, convert
from parley.providers.said import Said

SUFFIX = "_message"


class Text(msgspec.Struct, frozen=True):
    text: str | None = None


class Media(msgspec.Struct, frozen=True):
    """No MIME type and no size: only the download tells them."""

    url: str | None = None
    caption: str | None = None
    thumbnail_url: str | None = None
    filename_override: str | None = None


class Coordinates(msgspec.Struct, frozen=True):
    latitude: float | None = None
    longitude: float | None = None


class Location(msgspec.Struct, frozen=True):
    coordinates: Coordinates | None = None
    title: str | None = None
    label: str | None = None


class ChoiceResponse(msgspec.Struct, frozen=True):
    message_id: str | None = None
    postback_data: str | None = None


class ProductResponse(msgspec.Struct, frozen=True):
    products: list[dict[str, Any]] | None = None
    title: str | None = None
    catalog_id: str | None = None


class FormReply(msgspec.Struct, frozen=True):
    name: str | None = None
    response_json: str | None = None
    body: str | None = None


class FormMessage(msgspec.Struct, frozen=True):
    nfm_reply: FormReply | None = None


class ChannelSpecific(msgspec.Struct, frozen=True):
    message_type: Word | None = None
    message: FormMessage | None = None


class Fallback(msgspec.Struct, frozen=True):
    raw_message: str | None = None
    reason: dict[str, Any] | str | None = None


class Reaction(msgspec.Struct, frozen=True):
    emoji: str | None = None
    action: str | None = None
    message_id: str | None = None
    reaction_category: str | None = None


def said(contact_message: dict[str, Any]) -> Said:
    """Raises msgspec.ValidationError when a known kind has an impossible shape. An unknown kind keeps its raw keys."""
    key = next((key for key in KINDS if contact_message.get(key) is not None), None)
    if key is not None:
        return KINDS[key](contact_message[key])
    return _unknown(contact_message)


def reaction(event: Any) -> Said:
    """An emoji on an earlier message; an empty body when it was taken back."""
    seen = convert(event, Reaction)
    taken_back = seen.action == "REACTION_ACTION_UNREACT"
    return Said("reaction", "" if taken_back else seen.emoji or "", msgspec.to_builtins(seen))


def answered(contact_message: dict[str, Any]) -> str | None:
    """The id of the message that was quoted, or whose button was tapped."""
    for key in ("reply_to", "choice_response_message"):
        match contact_message.get(key):
            case {"message_id": str(ident)} if ident:
                return ident
    return None


def _unknown(contact_message: dict[str, Any]) -> Said:
    """A kind that came after this was written. It still is a message, and still opens the window."""
    keys = [key for key, value in contact_message.items() if key.endswith(SUFFIX) and value is not None]
    kind = keys[0].removesuffix(SUFFIX) if keys else ""
    return Said(kind[:WORD_LIMIT] or "unknown", extra=contact_message)


def _text(message: Any) -> Said:
    return Said("text", convert(message, Text).text or "")


def _media(message: Any) -> Said:
    return _media_as("media", message)


def _media_card(message: Any) -> Said:
    return _media_as("media_card", message)


def _media_as(kind: str, message: Any) -> Said:
    media = convert(message, Media)
    extra = {
        "url": media.url,
        "caption": media.caption,
        "thumbnail_url": media.thumbnail_url,
        "filename": media.filename_override,
    }
    return Said(kind, media.caption or "", extra)


def _location(message: Any) -> Said:
    place = convert(message, Location)
    at = place.coordinates or Coordinates()
    extra = {"latitude": at.latitude, "longitude": at.longitude, "name": place.title, "address": place.label}
    return Said("location", place.title or "", extra)


def _choice_response(message: Any) -> Said:
    """The text of the button is not sent. Without postback data of ours it is in Sinch's default, `{id}_{title}`."""
    choice = convert(message, ChoiceResponse)
    payload = choice.postback_data or ""
    words = payload.removeprefix(f"{choice.message_id}_") if choice.message_id else payload
    return Said("choice_response", words, {"payload": payload, "title": words})


def _product_response(message: Any) -> Said:
    order = convert(message, ProductResponse)
    return Said("product_response", order.title or "", msgspec.to_builtins(order))


def _channel_specific(message: Any) -> Said:
    """A filled form (WhatsApp Flow) or an address."""
    specific = convert(message, ChannelSpecific)
    reply = (specific.message or FormMessage()).nfm_reply or FormReply()
    kind = specific.message_type or "channel_specific"
    return Said(kind, reply.body or "", {"name": reply.name, "payload": reply.response_json})


def _fallback(message: Any) -> Said:
    """Sinch could not read it either."""
    return Said("fallback", extra=msgspec.to_builtins(convert(message, Fallback)))


KINDS: dict[str, Callable[[Any], Said]] = {
    "text_message": _text,
    "media_message": _media,
    "media_card_message": _media_card,
    "location_message": _location,
    "choice_response_message": _choice_response,
    "product_response_message": _product_response,
    "channel_specific_message": _channel_specific,
    "fallback_message": _fallback,
}
