"""Catalogs: what a shop sells, as items with declared fields."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec


class Catalog(msgspec.Struct, frozen=True):
    """One catalog. Items may only have its fields."""

    id: UUID
    name: str
    fields: tuple[str, ...]
    is_product_catalog: bool = False

    def undeclared(self, properties: Mapping[str, Any]) -> list[str]:
        """Which of these properties no field declares."""
        return [name for name in properties if name not in self.fields]


class Item(msgspec.Struct, frozen=True):
    """One item as stored."""

    item_id: str
    properties: Mapping[str, Any]
    updated_at: datetime | None = None
