"""Who a customer is: the ids and addresses by which one is found, and what is known of them."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from parley.domain.ids import bucket_of_text

SOFT_IDS = 64
"""Values that one soft id of a customer may have; the least recently used is dropped."""
PROPERTIES = 255
"""Attributes that a customer may have."""


class AddressKind(StrEnum):
    """How a person is found."""

    HARD = "hard"
    """An external id with one value per customer: `registered`."""
    SOFT = "soft"
    """An external id with many values per customer: `cookie`."""
    PHONE = "phone"
    """The match key of a phone number; several customers may share one."""
    WHATSAPP = "whatsapp"
    """The provider's own name of a WhatsApp user: a wa_id, or a business-scoped user id."""


class Address(msgspec.Struct, frozen=True, order=True):
    """One way to find one customer (a phone may find several)."""

    kind: AddressKind
    name: str
    """The id's name (`registered`); the kind again where a kind has no names."""
    value: str

    @property
    def bucket(self) -> int:
        """Where the address row lives. The customer's own bucket is in the customer's id."""
        return bucket_of_text(self.value)


class CustomerIds(msgspec.Struct, frozen=True):
    """The external ids that came with one call. Hard ids are case-sensitive."""

    hard: Mapping[str, str] = {}
    soft: Mapping[str, tuple[str, ...]] = {}

    def addresses(self) -> Iterator[Address]:
        """Hard ids first."""
        for name, value in self.hard.items():
            yield Address(AddressKind.HARD, name, value)
        for name, values in self.soft.items():
            for value in values:
                yield Address(AddressKind.SOFT, name, value)


class WhatsAppSender(msgspec.Struct, frozen=True):
    """Who wrote to us on WhatsApp."""

    whatsapp_id: str
    """Exactly as the provider wrote it; answers go to this text."""
    match_key: str | None
    """parley.domain.phone.match_key_of_wa_id; None when the id is not a number."""
    digits: str | None
    """The number without a plus; None when the id is not a number."""
    profile_name: str | None = None


class Customer(msgspec.Struct, frozen=True):
    """One customer as stored."""

    id: UUID
    project_id: UUID
    properties: Mapping[str, Any]
    phone: str | None
    """The attribute `phone` in E.164."""
    phone_problem: str | None
    """Why the attribute `phone` cannot be used."""
    created_at: datetime
    updated_at: datetime
