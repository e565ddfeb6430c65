"""Opt-ins and opt-outs as the Conversation API took them until 2021; today's has opt-out lists (sinch.md 2.9)."""

from datetime import datetime
from functools import partial
from typing import Annotated, Literal

import msgspec

from parley_simulator.conversation.contacts import is_new, meet, party, recipient_objection
from parley_simulator.conversation.envelopes import Notice, nobody
from parley_simulator.conversation.errors import misread, refuse
from parley_simulator.conversation.greetings import greet
from parley_simulator.conversation.reports import emit
from parley_simulator.conversation.wire import Channel, Recipient, Ulid
from parley_simulator.exchange import UNREADABLE, Answer, Call, Story, ok
from parley_simulator.fate import is_possible
from parley_simulator.handsets import digits
from parley_simulator.keys import unknown_keys
from parley_simulator.world import World


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """POST optins:register and optouts:register."""

    app_id: Ulid
    recipient: Recipient
    channels: Annotated[list[Channel], msgspec.Meta(min_length=1)]


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """In or out: how the answer and the callback call it."""

    trigger: Literal["OPT_IN", "OPT_OUT"]
    key: Literal["opt_in", "opt_out"]
    opted_in: bool


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """One registration on one channel; an empty number when the recipient has no address there."""

    way: Way
    request_id: str
    channel: Channel
    number: str


class Outcome(msgspec.Struct, frozen=True):
    """How it ended, in the last word of the callback's status; a fault has its sentence."""

    word: Literal["SUCCEEDED", "FAILED", "STATUS_UNSPECIFIED"]
    sentence: str = ""


def story(way: Way) -> Story:
    """The endpoint for one way."""
    return partial(_register, way)


IN = Way(trigger="OPT_IN", key="opt_in", opted_in=True)
OUT = Way(trigger="OPT_OUT", key="opt_out", opted_in=False)


async def _register(way: Way, world: World, call: Call) -> Answer:
    """200 with the request as it was understood; what came of it is told by callback, one for each channel."""
    if not world.settings.register_opt_ins:
        return refuse(world, 404)
    try:
        wanted = msgspec.json.decode(call.body, type=Registration)
        written = msgspec.json.decode(call.body)
    except UNREADABLE as error:
        return misread(world, error)
    if wanted.app_id != world.app.app_id:
        return refuse(world, 404, "app not found")
    objection = recipient_objection(world, wanted.recipient)
    if isinstance(objection, Answer):
        return objection
    request_id = call.query.get("request_id") or world.chance.ulid(world.now())
    for channel in wanted.channels:
        number = _number_on(world, wanted.recipient, channel)
        _plan(world, Order(way=way, request_id=request_id, channel=channel, number=number))
    answer = ok({"request_id": request_id, way.key: written})
    return msgspec.structs.replace(answer, unknown_keys=tuple(unknown_keys(written, Registration)))


def _number_on(world: World, recipient: Recipient, channel: Channel) -> str:
    if recipient.identified_by is None:
        return next((it.number for it in world.handsets.listed() if it.contact_id == recipient.contact_id), "")
    identities = recipient.identified_by.channel_identities
    return next((digits(it.identity) for it in identities if it.channel == channel), "")


def _plan(world: World, order: Order) -> None:
    due = world.now() + world.clock.gap(world.chance.between(0.2, 1))
    world.agenda.at(due, lambda at: _carry_out(world, order, at))


def _carry_out(world: World, order: Order, at: datetime) -> None:
    outcome = _outcome(order)
    if outcome.word == "SUCCEEDED":
        _mark(world, order, at)
    emit(
        world,
        Notice(
            trigger=order.way.trigger,
            key=f"{order.way.key}_notification",
            payload=_notification(world, order, outcome),
            message=nobody(order.number, at),
            at=at,
        ),
    )


def _outcome(order: Order) -> Outcome:
    """Only WhatsApp knew opt-ins; whether the number is on WhatsApp was not looked at."""
    if not order.number:
        return Outcome("FAILED", f"The recipient has no {order.channel} identity.")
    if order.channel != "WHATSAPP":
        return Outcome("STATUS_UNSPECIFIED")
    return Outcome("SUCCEEDED") if is_possible(order.number) else Outcome("FAILED", f"{order.number} is no number.")


def _mark(world: World, order: Order, at: datetime) -> None:
    is_stranger = is_new(world, order.number)
    handset = meet(world, order.number)
    if is_stranger:
        greet(world, handset, at)
    world.handsets.change(order.number, opted_in=order.way.opted_in)


def _notification(world: World, order: Order, outcome: Outcome) -> dict[str, object]:
    told: dict[str, object] = {
        "request_id": order.request_id,
        "contact_id": party(world, order.number)["contact_id"],
        "channel": order.channel,
        "identity": order.number,
        "status": f"{order.way.trigger}_{outcome.word}",
        "processing_mode": world.settings.mode,
    }
    return {**told, "error_details": {"description": outcome.sentence}} if outcome.sentence else told
