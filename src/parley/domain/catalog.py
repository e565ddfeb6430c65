"""Catalogs: what a shop sells, as items with declared fields."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

ITEM_ID = "item_id"


class Search(msgspec.Struct, frozen=True):
    """Which items of a catalog, and in which order. `item_id` counts as a field."""

    values: Mapping[str, str] = {}
    """What these fields must be, as texts."""
    text: str | None = None
    """Must occur in an item, in any case."""
    field: str | None = None
    """Where `text` is looked for; None: everywhere."""
    order: str = ITEM_ID
    descending: bool = False
    size: int = 20
    skip: int = 0

    def fields(self) -> set[str]:
        """All that it speaks of."""
        return {*self.values, self.order, *([self.field] if self.field else [])}


class Catalog(msgspec.Struct, frozen=True):
    """One catalog. Items may only have its fields."""

    id: UUID
    name: str
    fields: tuple[str, ...]
    is_product_catalog: bool = False

    def undeclared(self, properties: Mapping[str, Any]) -> list[str]:
        """Which of these properties no field declares."""
        return [name for name in properties if name not in self.fields]

    def has_not(self, search: Search) -> list[str]:
        """Which fields of a search it does not have, sorted."""
        return sorted(search.fields() - {ITEM_ID, *self.fields})


class Item(msgspec.Struct, frozen=True):
    """One item as stored."""

    item_id: str
    properties: Mapping[str, Any]
    updated_at: datetime | None = None
