"""A customer's message as Conversation callbacks (sinch.md 2.10)."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec

from parley_simulator import inbound
from parley_simulator.clock import written
from parley_simulator.conversation.contacts import identity, keeps_nothing, party
from parley_simulator.conversation.envelopes import Notice
from parley_simulator.conversation.reports import emit
from parley_simulator.messages import Media, Message
from parley_simulator.world import World

Said = Callable[[Any, Message], dict[str, object]]


def notify(world: World, message: Message, it: inbound.Written) -> "asyncio.Future[None]":
    """MESSAGE_INBOUND, EVENT_INBOUND for reactions, UNSUPPORTED for what Sinch cannot read."""
    kind = type(it)
    if kind is inbound.Reaction:
        return emit(world, _notice(world, message, "EVENT_INBOUND", "event", _event(world, message, it)))
    if kind is inbound.Unknown or (kind is inbound.Contacts and world.settings.contact_card == "unsupported"):
        payload = _unsupported(world, message, it)
        return emit(world, _notice(world, message, "UNSUPPORTED", "unsupported_callback", payload))
    return emit(world, _notice(world, message, "MESSAGE_INBOUND", "message", wire(world, message)))


def contact_message(message: Message, it: inbound.Written) -> dict[str, object]:
    """The one key that says what was written, and what it quotes."""
    said = SAID.get(type(it), _raw)(it, message)
    return {**said, "reply_to": {"message_id": message.reply_to}} if message.reply_to else said


def wire(world: World, message: Message) -> dict[str, object]:
    """The message as callbacks and listings give it."""
    return {
        "id": message.id,
        "direction": "TO_APP",
        "contact_message": message.wire,
        "channel_identity": identity(message),
        **party(world, message.number),
        "metadata": message.metadata,
        "accept_time": written(message.at, 3),
        "sender_id": world.app.sender_id,
        "processing_mode": world.settings.mode,
        "injected": False,
    }


def _notice(world: World, message: Message, trigger: str, key: str, payload: dict[str, object]) -> Notice:
    handset = world.handsets.find(message.number)
    metadata = handset.conversation_metadata
    return Notice(
        trigger=trigger,
        key=key,
        payload=payload,
        message=message,
        at=message.at,
        message_metadata="" if keeps_nothing(world) or not metadata else msgspec.json.encode(metadata).decode(),
        correlation_id="" if keeps_nothing(world) else handset.correlation_id,
    )


def _event(world: World, message: Message, it: Any) -> dict[str, object]:
    reaction = {
        "emoji": it.emoji,
        "action": "REACTION_ACTION_REACT" if it.emoji else "REACTION_ACTION_UNREACT",
        "message_id": message.reply_to,
        "reaction_category": "",
    }
    return {
        "id": message.id,
        "direction": "TO_APP",
        "contact_message_event": {"reaction_event": reaction},
        "channel_identity": identity(message),
        **party(world, message.number),
        "accept_time": written(message.at, 3),
        "processing_mode": world.settings.mode,
    }


def _unsupported(world: World, message: Message, it: Any) -> dict[str, object]:
    return {
        "channel": "WHATSAPP",
        "payload": msgspec.json.encode(it).decode(),
        "processing_mode": world.settings.mode,
        "id": message.id,
        **party(world, message.number),
        "channel_identity": identity(message),
    }


def _file(it: inbound.File, message: Message) -> dict[str, object]:
    """A caption makes it a media card; neither form says the mime type."""
    media = message.content.media or Media(url="")
    if it.caption:
        return {"media_card_message": {"url": media.url, "caption": it.caption}}
    return {"media_message": {"url": media.url, "thumbnail_url": "", "filename_override": it.filename}}


def _choice(payload: str, message: Message) -> dict[str, object]:
    """No button text comes back, only the postback."""
    return {"choice_response_message": {"message_id": message.reply_to, "postback_data": payload}}


def _pin(it: inbound.Pin, _message: Message) -> dict[str, object]:
    place = {"latitude": it.latitude, "longitude": it.longitude}
    return {"location_message": {"title": it.name, "label": it.address, "coordinates": place}}


def _order(it: inbound.Order, _message: Message) -> dict[str, object]:
    products = [{"marketplace": "FACEBOOK", **product} for product in it.products]
    return {"product_response_message": {"products": products, "title": it.title, "catalog_id": it.catalog_id}}


def _flow(it: inbound.FlowReply, _message: Message) -> dict[str, object]:
    reply = {"name": it.flow_name, "response_json": msgspec.json.encode(it.response).decode(), "body": it.body}
    message = {"type": "nfm_reply", "nfm_reply": reply}
    return {"channel_specific_message": {"message_type": "nfm_reply", "message": message}}


def _raw(it: Any, _message: Message) -> dict[str, object]:
    """A contact card has no key of its own (sinch.md 2.10)."""
    raw = it.raw_message if isinstance(it, inbound.Fallback) else msgspec.json.encode(it).decode()
    reason = it.reason if isinstance(it, inbound.Fallback) else "UNSUPPORTED_OPERATION"
    return {
        "fallback_message": {"raw_message": raw, "reason": {"code": "UNSUPPORTED_OPERATION", "description": reason}}
    }


SAID: dict[type, Said] = {
    inbound.Text: lambda it, _message: {"text_message": {"text": it.text}},
    inbound.Tap: lambda it, message: _choice(it.payload, message),
    inbound.ListPick: lambda it, message: _choice(it.id, message),
    inbound.File: _file,
    inbound.Pin: _pin,
    inbound.Order: _order,
    inbound.FlowReply: _flow,
}
