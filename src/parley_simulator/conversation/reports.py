"""Delivery reports and submit notices (sinch.md 2.10)."""

import asyncio
from datetime import datetime

import msgspec

from parley_simulator.callbacks import resolve
from parley_simulator.conversation.contacts import identity, party
from parley_simulator.conversation.envelopes import Notice, parcels
from parley_simulator.messages import Failure, Message, State
from parley_simulator.world import World

# QUEUED is never called back; WhatsApp's "sent" is Sinch's QUEUED_ON_CHANNEL.
STATUSES: dict[State, str] = {
    "sent": "QUEUED_ON_CHANNEL",
    "delivered": "DELIVERED",
    "read": "READ",
    "failed": "FAILED",
}
UNKNOWN_TRIGGER_PERCENT = 1.0


def report(
    world: World, message: Message, state: State, reason: Failure | None, at: datetime
) -> "asyncio.Future[None]":
    """Tell of a state; resolves when every address was tried once."""
    if world.chance.happens(UNKNOWN_TRIGGER_PERCENT):
        emit(world, _from_the_future(message, at))
    notice = Notice(
        trigger="MESSAGE_DELIVERY",
        key="message_delivery_report",
        payload=_report(world, message, state, reason),
        message=message,
        at=at,
        correlation_id=message.correlation_id,
        callback_url=message.callback_url,
        state=state,
    )
    return emit(world, notice)


def submitted(world: World, message: Message) -> None:
    """Sent before any report to whoever subscribed."""
    payload = {
        "message_id": message.id,
        **party(world, message.number),
        "channel_identity": identity(message),
        "submitted_message": message.wire,
        "metadata": message.metadata,
        "processing_mode": world.settings.mode,
    }
    notice = Notice(
        trigger="MESSAGE_SUBMIT",
        key="message_submit_notification",
        payload=payload,
        message=message,
        at=message.at,
        correlation_id=message.correlation_id,
    )
    emit(world, notice)


def emit(world: World, notice: Notice) -> "asyncio.Future[None]":
    """Hand one event over to every address it goes to."""
    tried = [world.courier.hand_over(parcel, notice.at) for parcel in parcels(world, notice)]
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    gathered = asyncio.gather(*tried)
    gathered.add_done_callback(lambda _: resolve(done))
    return done


def _report(world: World, message: Message, state: State, reason: Failure | None) -> dict[str, object]:
    return {
        "message_id": message.id,
        **party(world, message.number),
        "status": STATUSES[state],
        "channel_identity": identity(message),
        "reason": msgspec.to_builtins(reason) if reason else None,
        "metadata": message.metadata,  # the caller's message_metadata; the envelope's is something else
        "processing_mode": world.settings.mode,
    }


def _from_the_future(message: Message, at: datetime) -> Notice:
    """A trigger that no reader knows yet."""
    payload: dict[str, object] = {"message_id": message.id, "note": "a kind that does not exist yet 👋"}
    return Notice(
        trigger="MESSAGE_DELIVERY", key="message_future_notification", payload=payload, message=message, at=at
    )
