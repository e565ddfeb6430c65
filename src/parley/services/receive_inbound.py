"""A customer wrote: the person is found or made, the window opens, the event is tracked, what awaits a reply wakes."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from parley.domain.callback import InboundMessage
from parley.domain.customer import WhatsAppSender
from parley.domain.errors import InvalidInputError
from parley.domain.event import NewEvent
from parley.domain.phone import match_key_of_wa_id
from parley.integrations import Integration, event_properties
from parley.journeys import Reply
from parley.presets import Aborted, render_text
from parley.services.find_or_create_by_address import find_or_create_by_address
from parley.services.record_events import record_held_events
from parley.store.callbacks import keep_inbound
from parley.store.database import Connection
from parley.store.journeys import signal_journeys
from parley.store.wakeups import announce_work
from parley.store.windows import Window, open_windows


class Inbound(msgspec.Struct, frozen=True):
    """A message, and the integration by whose door it came."""

    integration: Integration
    message: InboundMessage


async def receive_inbound(connection: Connection, project_id: UUID, inbound: Sequence[Inbound], now: datetime) -> None:
    """Each message once, however often it comes; in the order of the messages' own time."""
    if not inbound:
        return
    ordered = sorted(inbound, key=lambda one: one.message.occurred_at or now)
    customers = await find_or_create_by_address(connection, project_id, [_sender(one.message) for one in ordered], now)
    meant = list(zip(ordered, customers, strict=True))
    new = await _not_seen_before(connection, project_id, meant, now)
    if not new:
        return
    await open_windows(connection, project_id, [_window(one, who, now) for one, who in new if one.message.opens_window])
    await record_held_events(connection, project_id, [_event(one, who, now) for one, who in new], now)
    if await signal_journeys(connection, [(who, _reply(one.message, now)) for one, who in new], now):
        await announce_work(connection)


async def _not_seen_before(
    connection: Connection, project_id: UUID, meant: Sequence[tuple[Inbound, UUID]], now: datetime
) -> list[tuple[Inbound, UUID]]:
    by_door: dict[str, list[tuple[Inbound, UUID]]] = defaultdict(list)
    for pair in meant:
        by_door[pair[0].integration.name].append(pair)
    new: list[tuple[Inbound, UUID]] = []
    for door in sorted(by_door):
        once = {_id(pair): pair for pair in reversed(by_door[door])}
        fresh = await keep_inbound(connection, project_id, door, [(name, once[name][1]) for name in sorted(once)], now)
        new.extend(pair for pair in by_door[door] if once[_id(pair)] is pair and _id(pair) in fresh)
    return new


def _id(pair: tuple[Inbound, UUID]) -> str:
    return pair[0].message.message_id


def _sender(message: InboundMessage) -> WhatsAppSender:
    return WhatsAppSender(
        whatsapp_id=message.sender,
        match_key=match_key_of_wa_id(message.sender),
        digits=message.sender.lstrip("+") if message.sender.lstrip("+").isdecimal() else None,
        profile_name=message.profile_name,
    )


def _window(one: Inbound, customer_id: UUID, now: datetime) -> Window:
    """Counted from the message's own time; from a time in the future nobody may count."""
    at = min(one.message.occurred_at or now, now)
    by_ad = at if one.message.fields.get("referral") else None
    return Window(customer_id, one.integration.account_name, one.message.sender, at, one.message.message_id, by_ad)


def _event(one: Inbound, customer_id: UUID, now: datetime) -> NewEvent:
    inbound = one.integration.inbound
    return NewEvent(
        customer_id=customer_id,
        type=inbound.event_type,
        occurred_at=one.message.occurred_at or now,
        properties=event_properties(one.message.fields, inbound.mapping, rest=inbound.rest, render=_mapped),
        client_event_id=f"inbound:{one.integration.name}:{one.message.message_id}",
        source="crm",
    )


def _mapped(text: str, fields: Mapping[str, Any]) -> str:
    """Checked when the integration was applied; what still fails on odd data leaves a property empty, not the event."""
    try:
        rendered = render_text(text, fields)
    except InvalidInputError:
        return ""
    return "" if isinstance(rendered, Aborted) else rendered


def _reply(message: InboundMessage, now: datetime) -> dict[str, Any]:
    said = message.fields.get("message", {})
    reply = Reply(
        message_id=message.message_id,
        occurred_at=message.occurred_at or now,
        text=message.body,
        title=str(said.get("title") or ""),
        payload=str(said.get("payload") or ""),
    )
    plain: dict[str, Any] = msgspec.to_builtins(reply)
    return plain
