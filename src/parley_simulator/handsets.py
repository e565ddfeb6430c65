"""The phones: who wrote when, through which API the shop last spoke, and what kind of person holds it."""

import re
from datetime import datetime, timedelta

import msgspec

from parley_simulator.messages import Api

HANDSETS_CEILING = 500_000
WINDOW = timedelta(hours=24)


class Handset(msgspec.Struct, frozen=True, kw_only=True):
    """One phone, by its digits. `online` False: reports stop after WhatsApp took the message."""

    number: str
    name: str = ""
    on_whatsapp: bool = True
    online: bool = True
    reads: bool = True
    opted_in: bool = False
    blacklisted: bool = False
    unread: int = 0
    last_inbound_at: datetime | None = None
    last_api: Api | None = None
    contact_id: str = ""
    conversation_id: str = ""
    conversation_metadata: dict[str, object] = {}
    correlation_id: str = ""


class HandsetBook:
    """All phones anyone wrote to or from."""

    def __init__(self) -> None:
        self._all: dict[str, Handset] = {}

    def find(self, number: str) -> Handset:
        """The phone, new if nobody knew it."""
        return self._all.get(number) or Handset(number=number)

    def known(self, number: str) -> bool:
        """Did anyone ever write to or from it?"""
        return number in self._all

    def change(self, number: str, **changes: object) -> Handset:
        """Keep a changed phone. Raises `OverflowError` when a new one is too many."""
        if number not in self._all and len(self._all) >= HANDSETS_CEILING:
            raise OverflowError(f"more than {HANDSETS_CEILING} handsets")
        handset = msgspec.structs.replace(self.find(number), **changes)
        self._all[number] = handset
        return handset

    def listed(self) -> list[Handset]:
        """In the order they were met."""
        return list(self._all.values())

    def clear(self) -> None:
        """Nobody has a phone."""
        self._all.clear()


def window_is_open(handset: Handset, now: datetime) -> bool:
    """24 hours from the customer's last message, not from ours (sinch.md 2.7)."""
    return handset.last_inbound_at is not None and now < handset.last_inbound_at + WINDOW


def digits(number: str) -> str:
    """Only the digits: `+421 900…` and `421900…` are one phone."""
    return re.sub(r"[\s+().-]", "", number)
