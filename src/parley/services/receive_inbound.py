"""A customer wrote: the person is found or made, the window opens, the event is tracked, what awaits a reply wakes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from parley.domain.callback import InboundMessage
from parley.domain.customer import WhatsAppSender
from parley.domain.errors import InvalidInputError
from parley.domain.event import NewEvent
from parley.domain.ids import bucket_of_text
from parley.domain.phone import match_key_of_wa_id
from parley.integrations import Integration, event_properties
from parley.journeys import Reply
from parley.presets import Aborted, render_text
from parley.services.answer_keywords import Spoken, answer_keywords
from parley.services.find_or_create_by_address import find_or_create_by_address
from parley.services.record_events import record_held_events
from parley.store.callbacks import Written, take_inbound
from parley.store.database import Connection
from parley.store.journeys import signal_journeys
from parley.store.wakeups import announce_work


class Inbound(msgspec.Struct, frozen=True):
    """A message, and the integration by whose door it came."""

    integration: Integration
    message: InboundMessage


async def receive_inbound(connection: Connection, project_id: UUID, inbound: Sequence[Inbound], now: datetime) -> None:
    """Each message once, however often it comes; in the order of the messages' own time. LookedUpTooEarlyError ends the
    whole transaction: resolve_customers.run_resolving begins it again.
    """
    if not inbound:
        return
    ordered = sorted(inbound, key=lambda one: one.message.occurred_at or now)
    customers = await find_or_create_by_address(connection, project_id, [_sender(one.message) for one in ordered], now)
    once: dict[tuple[str, str], tuple[Inbound, UUID]] = {}
    for one, who in zip(ordered, customers, strict=True):
        once.setdefault(_key(one), (one, who))
    taken = await take_inbound(connection, project_id, [_written(one, who, now) for one, who in once.values()], now)
    new = [pair for key, pair in once.items() if key in taken]
    await record_held_events(connection, project_id, [_event(one, who, now) for one, who in new], now)
    spoken = [_spoken(one, who, now, awaits=taken[_key(one)]) for one, who in new]
    await answer_keywords(connection, project_id, spoken, now)
    awaited = [(who, _reply(one.message, now)) for one, who in new if taken[_key(one)]]
    if awaited and await signal_journeys(connection, awaited, now):
        await announce_work(connection)


def _key(one: Inbound) -> tuple[str, str]:
    return one.integration.name, one.message.message_id


def _sender(message: InboundMessage) -> WhatsAppSender:
    return WhatsAppSender(
        whatsapp_id=message.sender,
        match_key=match_key_of_wa_id(message.sender),
        digits=message.sender.lstrip("+") if message.sender.lstrip("+").isdecimal() else None,
        profile_name=message.profile_name,
    )


def _written(one: Inbound, customer_id: UUID, now: datetime) -> Written:
    """The window counts from the message's own time; from a time in the future nobody may count."""
    message = one.message
    at = min(message.occurred_at or now, now) if message.opens_window else None
    return Written(
        bucket_of_text(message.message_id), one.integration.name, message.message_id, customer_id,
        one.integration.account_name, message.sender, at, at if message.fields.get("referral") else None,
    )  # fmt: skip


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


def _spoken(one: Inbound, customer_id: UUID, now: datetime, *, awaits: bool) -> Spoken:
    said = _said(one.message, now)
    return Spoken(one.integration, one.message, customer_id, (said.payload, said.title, said.text), awaits)


def _reply(message: InboundMessage, now: datetime) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(_said(message, now))
    return plain


def _said(message: InboundMessage, now: datetime) -> Reply:
    said = message.fields.get("message", {})
    return Reply(
        message_id=message.message_id,
        occurred_at=message.occurred_at or now,
        text=message.body,
        title=str(said.get("title") or ""),
        payload=str(said.get("payload") or ""),
    )
