"""What every Conversation callback wears, with the variety the live service shows (sinch.md 2.10)."""

from datetime import datetime
from typing import Any

import msgspec

from parley_simulator.accounts import Webhook
from parley_simulator.callbacks import Parcel
from parley_simulator.clock import written
from parley_simulator.messages import Content, Message
from parley_simulator.signatures import Seal
from parley_simulator.world import World

ODD_PERCENT = 4.0
DIGITS = (3, 0, 1, 2, 4, 5, 6, 7, 8, 9)


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One event before it is wrapped: its trigger, its one payload key, and what the wrapping says."""

    trigger: str
    key: str
    payload: dict[str, object]
    message: Message
    at: datetime
    message_metadata: str = ""
    correlation_id: str = ""
    callback_url: str = ""
    state: str = ""  # what is told of the message, if this is a report


def nobody(number: str, at: datetime) -> Message:
    """Stands in where no message is behind a notice; `number` is empty when it is about nobody."""
    return Message(id="", api="conversation", direction="in", number=number, content=Content(type="notice"), at=at)


def parcels(world: World, notice: Notice) -> list[Parcel]:
    """One per webhook that subscribed, or one for the message's own callback address."""
    body = wrapped(world, notice)
    return [_parcel(notice, body, hook) for hook in _targets(world, notice)]


def wrapped(world: World, notice: Notice) -> bytes:
    """The body: no trigger field, no event id; digits, absences and extra keys vary."""
    chance = world.chance
    envelope: dict[str, Any] = {
        "app_id": world.app.app_id,
        "project_id": world.app.project_id,
        "accepted_time": written(notice.at, chance.pick(DIGITS)),
        "event_time": written(notice.at, chance.pick(DIGITS)),
        notice.key: _with_odd_nulls(world, notice.payload),
        "message_metadata": notice.message_metadata,
        "correlation_id": notice.correlation_id,
    }
    for optional in ("event_time", "accepted_time", "correlation_id"):
        if chance.happens(ODD_PERCENT):
            _take_away(world, envelope, optional)
    if chance.happens(ODD_PERCENT):
        envelope["a_key_from_the_future"] = {"emoji": "👋"}
    return msgspec.json.encode(envelope)


def _take_away(world: World, envelope: dict[str, Any], key: str) -> None:
    """Correlation ids are never taken, only nulled or left out when empty: attribution must hold."""
    if key == "correlation_id" and envelope[key]:
        return
    if world.chance.falls(50) and key != "accepted_time":
        envelope[key] = None
    else:
        del envelope[key]


def _with_odd_nulls(world: World, payload: dict[str, object]) -> dict[str, object]:
    """An absent reason may be missing or null."""
    if "reason" not in payload or payload["reason"] is not None or not world.chance.happens(50):
        return payload
    return {name: value for name, value in payload.items() if name != "reason"}


def _targets(world: World, notice: Notice) -> list[Webhook]:
    if notice.callback_url:
        secret = world.app.webhook_secret if world.settings.sign_overrides else ""
        return [Webhook(id="", app_id=world.app.app_id, target=notice.callback_url, secret=secret)]
    return [hook for hook in world.app.webhooks if _listens(hook, notice.trigger)]


def _listens(hook: Webhook, trigger: str) -> bool:
    return hook.target_type == "HTTP" and trigger in hook.triggers


def _parcel(notice: Notice, body: bytes, hook: Webhook) -> Parcel:
    return Parcel(
        api="conversation",
        kind=notice.trigger,
        url=hook.target,
        body=body,
        seal=Seal(scheme="conversation", secret=hook.secret),
        credentials=hook.client_credentials,
        number=notice.message.number,
        our_id=notice.message.our_id,
        message_ids=(notice.message.id,) if notice.message.id else (),
        states=(notice.state,) if notice.message.id else (),
    )
