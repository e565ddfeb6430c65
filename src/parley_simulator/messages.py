"""One message, either way, as the simulator remembers it; and the book of all of them."""

from collections import OrderedDict
from datetime import datetime
from typing import Literal

import msgspec

MESSAGES_CEILING = 200_000
THREAD_CEILING = 1_000

Api = Literal["legacy", "conversation"]
State = Literal["queued", "dispatched", "sent", "delivered", "read", "failed", "received"]

RANKS: dict[State, int] = {
    "queued": 0,
    "dispatched": 1,
    "sent": 2,
    "delivered": 3,
    "read": 4,
    "failed": 5,
    "received": 9,
}


class Failure(msgspec.Struct, frozen=True):
    """Why a message will not arrive: Sinch's reason code, a sentence, WhatsApp's own number where known."""

    code: str
    description: str
    channel_code: str = ""
    sub_code: str = "UNSPECIFIED_SUB_CODE"


class Button(msgspec.Struct, frozen=True):
    """What the customer may tap. `type`: quick_reply, url, call, list_item or other."""

    type: str
    text: str
    payload: str = ""


class Media(msgspec.Struct, frozen=True, kw_only=True):
    """A file by its address; `kind` is image, video, audio, voice, document or sticker."""

    url: str
    kind: str = "document"
    mime_type: str = ""
    caption: str = ""
    filename: str = ""


class Location(msgspec.Struct, frozen=True, kw_only=True):
    """A pin, in degrees."""

    latitude: float
    longitude: float
    name: str = ""
    address: str = ""


class TemplateCall(msgspec.Struct, frozen=True, kw_only=True):
    """A template as a send names it. Buttons by 0-based index: payload of a quick reply, suffix of a URL."""

    name: str
    language: str
    body: tuple[str, ...] = ()
    header: tuple[str, ...] = ()
    header_media: Media | None = None
    buttons: dict[int, str] = {}


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """What is shown on the phone."""

    type: str
    text: str = ""
    buttons: tuple[Button, ...] = ()
    media: Media | None = None
    location: Location | None = None
    template: TemplateCall | None = None


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One message. `wire` is what listings give back; `our_id` is the caller's own id for it."""

    id: str
    api: Api
    direction: Literal["in", "out"]
    number: str
    content: Content
    at: datetime
    state: State = "queued"
    reason: Failure | None = None
    our_id: str = ""
    wire: dict[str, object] = {}
    metadata: str = ""
    correlation_id: str = ""
    callback_url: str = ""
    reply_to: str = ""
    expires_at: datetime | None = None
    urgent: bool = False
    content_type: str = "CONTENT_UNKNOWN"
    channel: str = "WHATSAPP"


class MessageBook:
    """All messages by id and by number, the oldest forgotten first."""

    def __init__(self) -> None:
        self._all: OrderedDict[str, Message] = OrderedDict()
        self._threads: dict[str, list[str]] = {}

    def __len__(self) -> int:
        return len(self._all)

    def add(self, message: Message) -> None:
        """Remember a new message."""
        self._all[message.id] = message
        thread = self._threads.setdefault(message.number, [])
        thread.append(message.id)
        if len(thread) > THREAD_CEILING:
            self._all.pop(thread.pop(0), None)
        if len(self._all) > MESSAGES_CEILING:
            self._forget_oldest()

    def find(self, message_id: str) -> Message | None:
        """None when unknown or forgotten."""
        return self._all.get(message_id)

    def move(self, message: Message, state: State, reason: Failure | None = None) -> None:
        """A state only moves forward; a message forgotten meanwhile stays forgotten."""
        known = self._all.get(message.id)
        if known is not None and RANKS[state] > RANKS[known.state]:
            self._all[message.id] = msgspec.structs.replace(known, state=state, reason=reason)

    def show(self, message: Message, content: Content) -> None:
        """What the phone shows from now on, whatever becomes of the template."""
        known = self._all.get(message.id)
        if known is not None:
            self._all[message.id] = msgspec.structs.replace(known, content=content)

    def thread(self, number: str) -> list[Message]:
        """Oldest first."""
        return [self._all[message_id] for message_id in self._threads.get(number, ())]

    def listed(self) -> list[Message]:
        """Newest first, as Sinch lists them."""
        return list(reversed(self._all.values()))

    def clear(self) -> None:
        """Forget all."""
        self._all.clear()
        self._threads.clear()

    def _forget_oldest(self) -> None:
        message_id, message = self._all.popitem(last=False)
        self._threads[message.number].remove(message_id)
