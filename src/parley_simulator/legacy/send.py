"""POST /messages: up to 20 recipients, a status for each (sinch.md 1.4)."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec

from parley_simulator.exchange import Answer, Call, ok
from parley_simulator.faults import FATE_KINDS, Fault
from parley_simulator.handsets import digits
from parley_simulator.legacy.errors import refuse
from parley_simulator.legacy.wire import (
    AudioMessage,
    ContactsMessage,
    DocumentMessage,
    ImageMessage,
    InteractiveMessage,
    LocationMessage,
    Misread,
    OutMessage,
    QuickReplyButton,
    SendRequest,
    StickerMessage,
    TemplateMessage,
    TextMessage,
    UrlButton,
    VideoMessage,
    read,
)
from parley_simulator.line import Line
from parley_simulator.messages import Button, Content, Location, Media, Message, TemplateCall
from parley_simulator.world import World

OVERTAKE_PERCENT = 2.0


async def send(world: World, line: Line, call: Call) -> Answer:
    """201 with one `queued` per recipient."""
    understood = read(call.body, SendRequest)
    if isinstance(understood, Misread):
        return refuse(world, 400, understood.reason)
    request, unknown = understood
    if world.settings.sticky_callback and request.callback:
        world.bot = msgspec.structs.replace(world.bot, callback_url=request.callback)
    sent = [_accept(world, request, number) for number in request.to]
    for message in sent:
        await _put(world, line, message)
    return msgspec.structs.replace(
        ok({"type": "whatsapp", "statuses": [_queued(message) for message in sent]}, 201),
        our_id=request.callback,
        numbers=tuple(message.number for message in sent),
        message_ids=tuple(message.id for message in sent),
        unknown_keys=unknown,
    )


def _accept(world: World, request: SendRequest, number: str) -> Message:
    now = world.now()
    message = Message(
        id=world.chance.ulid(now),
        api="legacy",
        direction="out",
        number=digits(number),
        content=shown(request.message),
        at=now,
        our_id=request.callback,
        callback_url=request.callback,
        wire=msgspec.to_builtins(request.message),
    )
    world.messages.add(message)
    handset = world.handsets.find(message.number)
    world.handsets.change(message.number, unread=handset.unread + 1, last_api="legacy")
    world.journal.count(message.our_id or message.id, message.number, message.id)
    return message


async def _put(world: World, line: Line, message: Message) -> None:
    ordered = world.faults.take(FATE_KINDS & {"report_first"}, "legacy.messages", (message.number,))
    if isinstance(ordered, Fault) or world.chance.happens(OVERTAKE_PERCENT):
        await line.overtake(message)
    else:
        line.put(message)
    await asyncio.sleep(0)


def _queued(message: Message) -> dict[str, str]:
    recipient = f"+{message.number}"  # with a plus, whatever the request had
    return {"message_id": message.id, "recipient": recipient, "status": "success", "state": "queued"}


def shown(message: OutMessage) -> Content:
    """What the phone displays."""
    return SHOWN[type(message)](message)


def _text(message: TextMessage) -> Content:
    return Content(type="text", text=message.text)


def _file(kind: str) -> "Callable[[Any], Content]":
    def show(message: Any) -> Content:
        media = Media(
            url=message.url,
            kind=kind,
            caption=getattr(message, "caption", ""),
            filename=getattr(message, "filename", ""),
        )
        return Content(type=kind, text=media.caption, media=media if media.url else None)

    return show


def _location(message: LocationMessage) -> Content:
    pin = Location(latitude=message.lat, longitude=message.lng, name=message.name, address=message.address)
    return Content(type="location", text=message.name, location=pin)


def _contacts(message: ContactsMessage) -> Content:
    return Content(type="contacts", text=msgspec.json.encode(message.contacts).decode())


def _template(message: TemplateMessage) -> Content:
    media = message.media
    header = Media(url=media.url, kind=media.type, filename=media.filename or "Filename") if media.url else None
    call = TemplateCall(
        name=message.template_name,
        language=message.language,
        body=tuple(message.body_params),
        header=tuple(message.header_params),
        header_media=header,
        buttons={i: _value(button) for i, button in enumerate(message.buttons)},
    )
    return Content(type="template", template=call, media=header)


def _value(button: object) -> str:
    if isinstance(button, QuickReplyButton):
        return button.payload
    return button.parameter if isinstance(button, UrlButton) else ""


def _interactive(message: InteractiveMessage) -> Content:
    action = message.message.action
    replies = [Button("quick_reply", reply.title, reply.id) for reply in action.buttons]
    rows = [Button("list_item", row.title, row.id) for section in action.sections for row in section.rows]
    return Content(type="interactive", text=message.message.body.text, buttons=(*replies, *rows))


SHOWN: dict[type, Callable[[Any], Content]] = {
    TextMessage: _text,
    ImageMessage: _file("image"),
    VideoMessage: _file("video"),
    DocumentMessage: _file("document"),
    AudioMessage: _file("audio"),
    StickerMessage: _file("sticker"),
    LocationMessage: _location,
    ContactsMessage: _contacts,
    TemplateMessage: _template,
    InteractiveMessage: _interactive,
}
