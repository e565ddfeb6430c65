"""What a customer can say by the legacy API: one reader per `message.type` (sinch.md 1.8)."""

from collections.abc import Callable
from typing import Any

import msgspec

from parley.providers.reading import Word, convert
from parley.providers.said import Said

NOT_MESSAGES = frozenset({"deleted", "system", "reaction"})
"""They do not open the 24-hour session (release notes of 26 May 2020; whatsapp.md 2.1 for reactions)."""


class Kind(msgspec.Struct, frozen=True):
    type: Word | None = None


class Text(msgspec.Struct, frozen=True):
    body: str | None = None


class Media(msgspec.Struct, frozen=True):
    """Image, document, audio, video, voice, sticker. `url` ends after 7 days."""

    url: str | None = None
    mime_type: str | None = None
    caption: str | None = None
    filename: str | None = None
    metadata: dict[str, Any] | None = None


class Location(msgspec.Struct, frozen=True):
    latitude: float | None = None
    longitude: float | None = None
    name: str | None = None
    address: str | None = None
    url: str | None = None


class Button(msgspec.Struct, frozen=True):
    """A quick reply of a template."""

    index: str | int | None = None
    text: str | None = None
    payload: str | None = None


class Choice(msgspec.Struct, frozen=True):
    id: str | None = None
    title: str | None = None
    description: str | None = None


class Interactive(msgspec.Struct, frozen=True):
    message: Choice


class Contacts(msgspec.Struct, frozen=True):
    contacts: list[dict[str, Any]] | None = None


class Fault(msgspec.Struct, frozen=True):
    details: str | None = None


def said(message: dict[str, Any]) -> Said:
    """Raises msgspec.ValidationError when a known kind has an impossible shape. An unknown kind keeps its raw keys."""
    kind = convert(message, Kind).type or "unknown"
    reader = KINDS.get(kind)
    return Said(kind, extra=message) if reader is None else reader(kind, message)


def _text(kind: str, message: dict[str, Any]) -> Said:
    return Said(kind, convert(message, Text).body or "")


def _media(kind: str, message: dict[str, Any]) -> Said:
    media = convert(message, Media)
    return Said(kind, media.caption or "", msgspec.to_builtins(media))


def _location(kind: str, message: dict[str, Any]) -> Said:
    place = convert(message, Location)
    return Said(kind, place.name or "", msgspec.to_builtins(place))


def _button(kind: str, message: dict[str, Any]) -> Said:
    button = convert(message, Button)
    return Said(kind, button.text or "", {"index": button.index, "payload": button.payload, "title": button.text})


def _interactive(kind: str, message: dict[str, Any]) -> Said:
    choice = convert(message, Interactive).message
    extra = {"payload": choice.id, "title": choice.title, "description": choice.description}
    return Said(kind, choice.title or "", extra)


def _contacts(kind: str, message: dict[str, Any]) -> Said:
    return Said(kind, extra={"contacts": convert(message, Contacts).contacts})


def _fault(kind: str, message: dict[str, Any]) -> Said:
    return Said(kind, extra={"details": convert(message, Fault).details})


KINDS: dict[str, Callable[[str, dict[str, Any]], Said]] = {
    "text": _text,
    "location": _location,
    "button": _button,
    "interactive": _interactive,
    "contacts": _contacts,
    "image": _media,
    "document": _media,
    "audio": _media,
    "video": _media,
    "voice": _media,
    "sticker": _media,
    "error": _fault,
}
