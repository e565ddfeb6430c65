"""Addresses that nothing is sent to. They are known by a hash, so that a row outlives the erasure of its customer."""

from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

import msgspec

from parley.domain.ids import BUCKETS
from parley.domain.phone import match_key_of_wa_id


class Reason(StrEnum):
    """Who wanted it."""

    STOP = "stop"
    """The person wrote STOP to us. A consent that is given later lifts it."""
    PROVIDER = "provider"
    """The person stopped the business at WhatsApp (131050), or is on a list of the provider's."""
    OPERATOR = "operator"
    """A person of the shop: a complaint, a court, a number of the shop's own."""


class Scope(StrEnum):
    """What is not sent."""

    ALL = "all"
    MARKETING = "marketing"
    """Templates that promote, and messages in a consent category for marketing."""


class Suppression(msgspec.Struct, frozen=True):
    """One reason why nothing is sent to one person."""

    reason: Reason
    scope: Scope
    since: datetime

    def covers(self, promotes: bool) -> bool:  # noqa: FBT001  the one thing that is asked
        """Is a message meant that promotes, or does not?"""
        return self.scope is Scope.ALL or promotes


def suppression_key(address: str) -> str:
    """Equal for every way in which WhatsApp may name one number; a WhatsApp user id stands for itself."""
    return match_key_of_wa_id(address) or address.strip()


def suppression_hash(project_id: UUID, address: str) -> bytes:
    """By project, so that two lists cannot be compared. Not a secret: whoever holds the database can try numbers."""
    return sha256(project_id.bytes + suppression_key(address).encode()).digest()


def bucket_of_hash(digest: bytes) -> int:
    """Where its row lives."""
    return digest[0] & (BUCKETS - 1)
