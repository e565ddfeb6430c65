"""A customer's message as a legacy `notifications[]` element (sinch.md 1.8)."""

import asyncio
from collections.abc import Callable
from typing import Any

from parley_simulator import inbound
from parley_simulator.clock import written
from parley_simulator.handsets import Handset
from parley_simulator.legacy.callbacks import Item, Outbox
from parley_simulator.messages import Media, Message
from parley_simulator.world import World

NAMED_KINDS = frozenset({"text", "location", "contacts"})  # only these bring the sender's profile
FILENAME_KINDS = frozenset({"audio", "document"})


def notify(world: World, outbox: Outbox, message: Message, it: inbound.Written) -> "asyncio.Future[None]":
    """Post the message to the bot's address. Blacklisted numbers reach nobody."""
    handset = world.handsets.find(message.number)
    if handset.blacklisted:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done
    item = Item(
        kind="notifications",
        element=_element(world, message, it),
        message=message,
        contact=_contact(handset) if message.content.type in NAMED_KINDS else None,
    )
    return outbox.put(item, world.bot.callback_url, message.at)


def _element(world: World, message: Message, it: inbound.Written) -> dict[str, object]:
    element: dict[str, object] = {
        "from": message.number,  # without a plus
        "to": world.bot.bot_id,
        "message_id": message.id,
        "message": SAID[type(it)](world, message, it),
        "timestamp": written(message.at, 0),
    }
    if message.reply_to:
        element["replying_to"] = {"from": world.bot.bot_id, "message_id": message.reply_to}
    return element


def _contact(handset: Handset) -> dict[str, object]:
    return {"profile": {"name": handset.name or "Unknown"}, "wa_id": handset.number}


def _tap(world: World, message: Message, it: inbound.Tap) -> dict[str, object]:
    """A template's quick reply is a `button` with its place; other buttons are `interactive`."""
    asked = world.messages.find(message.reply_to)
    if asked is not None and asked.content.template is None:
        return {"type": "interactive", "message": {"type": "button", "id": it.payload, "title": it.text}}
    payloads = [button.payload for button in asked.content.buttons] if asked is not None else []
    index = payloads.index(it.payload) if it.payload in payloads else 0
    return {"type": "button", "index": str(index), "text": it.text or it.payload, "payload": it.payload}


def _pick(_world: World, _message: Message, it: inbound.ListPick) -> dict[str, object]:
    row = {"type": "list", "id": it.id, "title": it.title}
    return {"type": "interactive", "message": {**row, "description": it.description} if it.description else row}


def _file(_world: World, message: Message, _it: inbound.File) -> dict[str, object]:
    media = message.content.media or Media(url="")
    said: dict[str, object] = {"type": media.kind, "url": media.url, "mime_type": media.mime_type}
    if media.caption:
        said["caption"] = media.caption
    if media.kind in FILENAME_KINDS and media.filename:
        said["filename"] = media.filename
    if media.kind == "sticker":
        said["metadata"] = {"is-first-party-sticker": 0, "emojis": []}
    return said


def _pin(_world: World, _message: Message, it: inbound.Pin) -> dict[str, object]:
    pin = {"type": "location", "latitude": it.latitude, "longitude": it.longitude}
    return {**pin, "name": it.name, "address": it.address}


def _cards(_world: World, _message: Message, it: inbound.Contacts) -> dict[str, object]:
    return {"type": "contacts", "contacts": [_card(card) for card in it.contacts]}


def _card(card: dict[str, str]) -> dict[str, object]:
    name = card.get("name", "")
    return {"name": {"first_name": name, "formatted_name": name}, "phones": [{"phone": card.get("phone", "")}]}


def _order(_world: World, _message: Message, it: inbound.Order) -> dict[str, object]:
    """Added in March 2022 under keys we do not know: ours follow WhatsApp's."""
    return {"type": "order", "catalog_id": it.catalog_id, "text": it.title, "product_items": it.products}


def _unsupported(_world: World, message: Message, _it: object) -> dict[str, object]:
    """Kinds newer than this API still arrive, and still open the window (sinch.md 1.8)."""
    return {"type": "error", "details": f"Unsupported message type: {message.content.type}"}


SAID: dict[type, Callable[[World, Message, Any], dict[str, object]]] = {
    inbound.Text: lambda _world, _message, it: {"type": "text", "body": it.text},
    inbound.Tap: _tap,
    inbound.ListPick: _pick,
    inbound.File: _file,
    inbound.Pin: _pin,
    inbound.Contacts: _cards,
    inbound.Order: _order,
    inbound.Reaction: _unsupported,
    inbound.FlowReply: _unsupported,
    inbound.Fallback: _unsupported,
    inbound.Unknown: _unsupported,
}
