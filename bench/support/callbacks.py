"""Callbacks as Sinch's Conversation API sends and signs them, each different from every other."""

from base64 import b64encode
from collections.abc import Iterable, Iterator
from datetime import datetime
from hmac import digest
from itertools import count
from typing import Any
from uuid import UUID

import msgspec

from bench.support.shop import APP, SIGNING_SECRET, Shop, phone
from parley.domain.http import HttpRequest

STORY = ("QUEUED_ON_CHANNEL", "DELIVERED", "READ")
"""What is told of a message that goes well."""

_numbers = count(1)


class Sinch:
    """Calls back to `url` for one shop."""

    def __init__(self, shop: Shop, url: str) -> None:
        self._shop = shop
        self._url = url + shop.callback_path

    def inbound(self, messages: int) -> Iterator[HttpRequest]:
        """Customers write, in turns."""
        for number in range(messages):
            yield self._signed({"message": _message(phone(number % len(self._shop.customers)))})

    def reports(self, messages: Iterable[UUID], status: str) -> Iterator[HttpRequest]:
        """One report of each of our messages."""
        for ident in messages:
            yield self._signed({"message_delivery_report": _report(ident, status)})

    def _signed(self, told: dict[str, Any]) -> HttpRequest:
        now = self._shop.house.clock()
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


def _report(ident: UUID, status: str) -> dict[str, Any]:
    return {
        "message_id": f"01REPORTED{ident.hex}",
        "conversation_id": "",
        "status": status,
        "channel_identity": {"channel": "WHATSAPP", "identity": "421901000000", "app_id": ""},
        "contact_id": "",
        "metadata": str(ident),
        "processing_mode": "DISPATCH",
        "reason": None,
    }
