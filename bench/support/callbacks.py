"""Callbacks as Sinch's Conversation API sends and signs them, each different from every other."""

from base64 import b64encode
from collections.abc import Iterable, Iterator
from datetime import datetime
from hmac import digest
from itertools import count
from typing import Any

import msgspec

from parley.domain.clock import Clock
from parley.domain.http import HttpRequest

SIGNING_SECRET = "bench-signing-secret"  # noqa: S105  only the bench's own server knows it
APP = "01BENCHAPP0000000000000000"
STORY = ("QUEUED_ON_CHANNEL", "DELIVERED", "READ")
"""What is told of a message that goes well."""

_numbers = count(1)


def phone(number: int) -> str:
    """The phone of the customer of that number, as WhatsApp writes it."""
    return f"421901{number:06d}"


class Sinch:
    """Makes the callbacks to one address."""

    def __init__(self, url: str, clock: Clock) -> None:
        self._url = url
        self._clock = clock

    def inbound(self, messages: int, customers: int) -> Iterator[HttpRequest]:
        """Customers write, in turns."""
        for number in range(messages):
            yield self._signed({"message": _message(phone(number % customers))})

    def reports(self, messages: Iterable[str], status: str) -> Iterator[HttpRequest]:
        """One report of each message, by the id that we gave it."""
        for ident in messages:
            yield self._signed({"message_delivery_report": _report(ident, status)})

    def _signed(self, told: dict[str, Any]) -> HttpRequest:
        now = self._clock()
        body = msgspec.json.encode(_envelope(now) | told)
        nonce, timestamp = f"nonce-{next(_numbers)}", str(int(now.timestamp()))
        signed = digest(SIGNING_SECRET.encode(), b".".join((body, nonce.encode(), timestamp.encode())), "sha256")
        headers = (
            ("content-type", "application/json"),
            ("x-sinch-webhook-signature", b64encode(signed).decode()),
            ("x-sinch-webhook-signature-algorithm", "HmacSHA256"),
            ("x-sinch-webhook-signature-nonce", nonce),
            ("x-sinch-webhook-signature-timestamp", timestamp),
        )
        return HttpRequest("POST", self._url, headers, body)


def _envelope(now: datetime) -> dict[str, Any]:
    return {
        "app_id": APP,
        "project_id": "bench",
        "accepted_time": now.isoformat(),
        "event_time": now.isoformat(),
        "message_metadata": "",
        "correlation_id": "",
    }


def _message(sender: str) -> dict[str, Any]:
    return {
        "id": f"01INBOUND{next(_numbers):017d}",
        "direction": "TO_APP",
        "contact_message": {"text_message": {"text": "CART"}, "reply_to": None},
        "channel_identity": {"channel": "WHATSAPP", "identity": sender, "app_id": ""},
        "conversation_id": "",
        "contact_id": "",
        "metadata": "",
        "sender_id": "421900000999",
        "processing_mode": "DISPATCH",
        "injected": False,
    }


def _report(ident: str, status: str) -> dict[str, Any]:
    return {
        "message_id": f"01REPORTED{ident[:8]}",
        "conversation_id": "",
        "status": status,
        "channel_identity": {"channel": "WHATSAPP", "identity": "421901000000", "app_id": ""},
        "contact_id": "",
        "metadata": ident,
        "processing_mode": "DISPATCH",
        "reason": None,
    }
