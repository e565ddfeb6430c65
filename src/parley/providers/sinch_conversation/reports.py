"""Delivery reports of the Conversation API (sinch.md 2.10, MESSAGE_DELIVERY)."""

from typing import Any

import msgspec

from parley.domain.callback import CallbackItem, DeliveryReport, Notice, Unknown
from parley.domain.message import State
from parley.providers import errors
from parley.providers.pricing import read_billed
from parley.providers.reading import convert, read_time
from parley.providers.said import or_none, without_nulls
from parley.providers.sinch_conversation.shapes import Envelope, Reason, Report

STATES = {
    "QUEUED": State.ACCEPTED,  # documented as never called back; harmless if it is
    "QUEUED_ON_CHANNEL": State.SENT,  # WhatsApp has it, the phone does not
    "DELIVERED": State.DELIVERED,
    "READ": State.READ,
    "FAILED": State.FAILED,
}

SWITCHING = "SWITCHING_CHANNEL"


def read_report(envelope: Envelope, item: Any) -> CallbackItem:
    """Raises msgspec.ValidationError when it is no report."""
    report = convert(item, Report)
    if report.status == SWITCHING:
        return Notice("switching_channel", item)
    state = STATES.get(report.status)
    if state is None:
        return Unknown(f"Sinch has no delivery status {report.status!r} that we know.", msgspec.json.encode(item))
    return _report(envelope, report, state, item)


def _report(envelope: Envelope, report: Report, state: State, item: Any) -> DeliveryReport:
    reason = report.reason or Reason()
    channel_code = None if reason.channel_code is None else str(reason.channel_code)
    fault = errors.explain(reason.code, channel_code, reason.sub_code) if state is State.FAILED else None
    return DeliveryReport(
        message_id=report.message_id,
        state=state,
        occurred_at=read_time(envelope.event_time, envelope.accepted_time),
        recipient=_identity(report.channel_identity),
        our_id=report.metadata or envelope.correlation_id or None,
        code=fault.code if fault else None,
        sentence=fault.sentence if fault else None,
        provider_code=(channel_code or reason.code) if fault else None,
        billed=read_billed(item),
        fields=without_nulls(
            {
                "provider": "sinch_conversation",
                "status": report.status,
                "details": reason.description,
                "reason_code": reason.code,
                "sub_code": reason.sub_code,
                "channel_code": or_none(channel_code),
                "correlation_id": or_none(envelope.correlation_id),
                "raw": item,
            }
        ),
    )


def _identity(channel_identity: dict[str, Any] | None) -> str | None:
    identity = (channel_identity or {}).get("identity")
    return identity if isinstance(identity, str) and identity else None
