"""The legacy API's request bodies, read strictly where it is known to be strict (sinch.md 1.4)."""

import re
from typing import Annotated, Literal, TypeVar

import msgspec

from parley_simulator.exchange import UNREADABLE
from parley_simulator.keys import unknown_keys

S = TypeVar("S", bound=msgspec.Struct)

MISSING = re.compile(r"required field `([^`]+)`")
WHERE = re.compile(r"`\$\.?([^`]*)`")

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]
NotEmpty = Annotated[str, msgspec.Meta(min_length=1)]


class TextMessage(msgspec.Struct, frozen=True, tag_field="type", tag="text"):
    """`text` going out; what comes in says `body`."""

    text: Text
    preview_url: bool = False


class _File(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    url: NotEmpty
    caption: str = ""
    filename: str = ""
    provider: str = ""


class ImageMessage(_File, frozen=True, tag="image"):
    """jpeg or png."""


class VideoMessage(_File, frozen=True, tag="video"):
    """mp4 or 3gpp."""


class DocumentMessage(_File, frozen=True, tag="document"):
    """Any file up to 100 MB."""


class AudioMessage(_File, frozen=True, tag="audio"):
    """aac, mp4, amr, mpeg, ogg."""


class StickerMessage(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="sticker"):
    """By address or by id."""

    url: str = ""
    id: str = ""
    provider: str = ""


class LocationMessage(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="location"):
    """`lat`/`lng` going out; what comes in says `latitude`/`longitude`."""

    lat: Annotated[float, msgspec.Meta(ge=-90, le=90)]
    lng: Annotated[float, msgspec.Meta(ge=-180, le=180)]
    name: str = ""
    address: str = ""


class ContactsMessage(msgspec.Struct, frozen=True, tag_field="type", tag="contacts"):
    """Contact cards."""

    contacts: Annotated[list[dict[str, object]], msgspec.Meta(min_length=1)]


class TemplateMedia(msgspec.Struct, frozen=True, kw_only=True):
    """`{"type":"text"}` when the template has no media."""

    type: Literal["text", "image", "video", "document"]
    url: str = ""
    filename: str = ""
    provider: str = ""


class CallButton(msgspec.Struct, frozen=True, tag_field="type", tag="call"):
    """A phone button needs nothing."""


class UrlButton(msgspec.Struct, frozen=True, tag_field="type", tag="url"):
    """The suffix of a dynamic address."""

    parameter: str = ""


class QuickReplyButton(msgspec.Struct, frozen=True, tag_field="type", tag="quick_reply"):
    """What comes back when it is tapped."""

    payload: str = ""


class TemplateMessage(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="template"):
    """`media` is required even when there is none; `params` went in May 2021 and is an unknown key since."""

    template_name: NotEmpty
    media: TemplateMedia
    language: str = "en"
    header_params: list[str] = []
    body_params: list[str] = []
    buttons: list[CallButton | UrlButton | QuickReplyButton] = []
    ttl: str | int = ""


class Reply(msgspec.Struct, frozen=True):
    """One of up to three buttons."""

    id: Annotated[str, msgspec.Meta(min_length=1, max_length=230)]
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=20)]
    type: Literal["reply"] = "reply"


class Row(msgspec.Struct, frozen=True):
    """One line of a list."""

    id: Annotated[str, msgspec.Meta(min_length=1, max_length=174)]
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=20)]
    description: Annotated[str, msgspec.Meta(max_length=72)] = ""


class Section(msgspec.Struct, frozen=True):
    """Some lines under a title."""

    rows: Annotated[list[Row], msgspec.Meta(min_length=1, max_length=10)]
    title: Annotated[str, msgspec.Meta(max_length=24)] = ""


class Action(msgspec.Struct, frozen=True):
    """`buttons` for a button message; `button` and `sections` for a list."""

    buttons: Annotated[list[Reply], msgspec.Meta(max_length=3)] = []
    button: Annotated[str, msgspec.Meta(max_length=20)] = ""
    sections: Annotated[list[Section], msgspec.Meta(max_length=10)] = []


class Body(msgspec.Struct, frozen=True):
    """The sentence above the buttons."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]


class Footer(msgspec.Struct, frozen=True):
    """The small print."""

    text: Annotated[str, msgspec.Meta(max_length=60)]


class Interactive(msgspec.Struct, frozen=True, kw_only=True):
    """Buttons or a list."""

    type: Literal["button", "list"]
    body: Body
    action: Action
    header: dict[str, object] | None = None
    footer: Footer | None = None


class InteractiveMessage(msgspec.Struct, frozen=True, tag_field="type", tag="interactive"):
    """Since June 2021."""

    message: Interactive


OutMessage = (
    TextMessage
    | ImageMessage
    | VideoMessage
    | DocumentMessage
    | AudioMessage
    | StickerMessage
    | LocationMessage
    | ContactsMessage
    | TemplateMessage
    | InteractiveMessage
)
Numbers = Annotated[list[NotEmpty], msgspec.Meta(min_length=1, max_length=20)]


class SendRequest(msgspec.Struct, frozen=True):
    """POST /messages."""

    to: Numbers
    message: OutMessage
    callback: str = ""


class NumbersRequest(msgspec.Struct, frozen=True):
    """Consent, capability and blacklist: 1 to 20 numbers."""

    numbers: Numbers


class ReadRequest(msgspec.Struct, frozen=True):
    """POST /events."""

    type: Literal["read"]
    message_id: NotEmpty


class Misread(msgspec.Struct, frozen=True):
    """The sentence of a 400."""

    reason: str


def read(body: bytes, shape: type[S]) -> tuple[S, tuple[str, ...]] | Misread:
    """The body as a value with the keys nobody documented, or why not."""
    try:
        value = msgspec.json.decode(body or b"{}", type=shape)
        written = msgspec.json.decode(body or b"{}")
    except msgspec.ValidationError as error:
        return Misread(_sentence(str(error)))
    except UNREADABLE as error:
        return Misread(f"Malformed JSON: {error}")
    return value, tuple(unknown_keys(written, shape))


def _sentence(complaint: str) -> str:
    missing = MISSING.search(complaint)
    where = WHERE.search(complaint)
    field = missing[1] if missing else (where[1] if where else "")
    if missing or "of length >= 1" in complaint:
        return f"Field [{field}] can not be empty."
    return f"Field [{field}] is not valid: {complaint}" if field else complaint
