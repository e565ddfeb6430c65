"""What the customer can do on the phone: the bodies of `POST /_sim/handsets/{number}/messages`."""

import base64
import binascii
from collections.abc import Callable
from typing import Annotated, Any

import msgspec

from parley_simulator.media import HostedFile, extension_of, guessed_type, kind_of
from parley_simulator.messages import Api, Content, Location, Media
from parley_simulator.world import World

Latitude = Annotated[float, msgspec.Meta(ge=-90, le=90)]
Longitude = Annotated[float, msgspec.Meta(ge=-180, le=180)]
NotEmpty = Annotated[str, msgspec.Meta(min_length=1)]


class _Written(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", forbid_unknown_fields=True):
    """Common to all: which API carries it, whose name WhatsApp shows, which message it quotes."""

    api: Api | None = None
    profile_name: str = ""
    reply_to: str = ""


class Text(_Written, frozen=True, tag="text"):
    """Typed."""

    text: NotEmpty


class Tap(_Written, frozen=True, tag="button"):
    """A button of a template or of a message with buttons; `reply_to` says whose."""

    payload: str
    text: str = ""


class ListPick(_Written, frozen=True, tag="list"):
    """A line of a list."""

    id: NotEmpty
    title: NotEmpty
    description: str = ""


class File(_Written, frozen=True, tag="media"):
    """By address, or as base64 that the simulator hosts until it expires. `kind` voice or sticker if it is one."""

    url: str = ""
    data_base64: str = ""
    mime_type: str = ""
    caption: str = ""
    filename: str = ""
    kind: str = ""


class Pin(_Written, frozen=True, tag="location"):
    """A place."""

    latitude: Latitude
    longitude: Longitude
    name: str = ""
    address: str = ""


class Contacts(_Written, frozen=True, tag="contacts"):
    """Shared contact cards, as `{name, phone}`."""

    contacts: Annotated[list[dict[str, str]], msgspec.Meta(min_length=1)]


class Reaction(_Written, frozen=True, tag="reaction"):
    """An emoji on a message; an empty one takes it back."""

    emoji: str = ""


class Order(_Written, frozen=True, tag="order"):
    """Products from a catalogue: `{id, quantity, item_price, currency}`."""

    products: Annotated[list[dict[str, object]], msgspec.Meta(min_length=1)]
    catalog_id: str = ""
    title: str = ""


class FlowReply(_Written, frozen=True, tag="flow"):
    """A filled-in form; `response` is what the form collected."""

    response: dict[str, object]
    flow_name: str = "flow"
    body: str = "Sent"


class Fallback(_Written, frozen=True, tag="fallback"):
    """Something the channel handed over that Sinch could not put into words."""

    raw_message: str
    reason: str = "The message kind is not supported."


class Unknown(_Written, frozen=True, tag="unknown"):
    """Something new, such as a live location."""

    payload: dict[str, object] = {}


Written = Text | Tap | ListPick | File | Pin | Contacts | Reaction | Order | FlowReply | Fallback | Unknown


class BadFileError(ValueError):
    """A file needs an address, or base64 together with its mime type."""


def shown(world: World, written: Written) -> Content:
    """How the thread shows it. Hosts a file on the way. Raises `BadFileError`."""
    if isinstance(written, File):
        media = _hosted(world, written)
        return Content(type=media.kind, text=written.caption, media=media)
    return SHOWN[type(written)](written)


def _hosted(world: World, file: File) -> Media:
    mime_type = file.mime_type or guessed_type(file.url)
    kind = file.kind or kind_of(mime_type)
    if file.url:
        return Media(url=file.url, kind=kind, mime_type=mime_type, caption=file.caption, filename=file.filename)
    if not file.data_base64 or not file.mime_type:
        raise BadFileError(BadFileError.__doc__)
    file_id = world.chance.ulid(world.now())
    name = file.filename or f"{kind}{extension_of(mime_type)}"
    expires_at = world.now() + world.media_life()
    world.shelf.put(
        HostedFile(id=file_id, content=_decoded(file.data_base64), mime_type=mime_type, expires_at=expires_at)
    )
    url = f"{world.base_url}/media/{file_id}/{name}"
    return Media(url=url, kind=kind, mime_type=mime_type, caption=file.caption, filename=name)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise BadFileError(f"data_base64 is not base64: {error}") from error


def _pin(written: Pin) -> Content:
    pin = Location(latitude=written.latitude, longitude=written.longitude, name=written.name, address=written.address)
    return Content(type="location", text=written.name, location=pin)


SHOWN: dict[type, Callable[[Any], Content]] = {
    Text: lambda it: Content(type="text", text=it.text),
    Tap: lambda it: Content(type="button", text=it.text or it.payload),
    ListPick: lambda it: Content(type="list", text=it.title),
    Pin: _pin,
    Contacts: lambda it: Content(type="contacts", text=", ".join(card.get("name", "") for card in it.contacts)),
    Reaction: lambda it: Content(type="reaction", text=it.emoji),
    Order: lambda it: Content(type="order", text=it.title or f"{len(it.products)} products"),
    FlowReply: lambda it: Content(type="flow", text=it.body),
    Fallback: lambda it: Content(type="fallback", text=it.raw_message),
    Unknown: lambda _: Content(type="unknown", text=""),
}
