"""Catalogs of a project: made, changed, read and filled."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from parley.domain.catalog import Catalog, Item, Search
from parley.domain.ids import new_id
from parley.store import catalogs as store
from parley.store.database import Connection, Database


class NoSuchCatalog(msgspec.Struct, frozen=True):
    """The project has no catalog of this id."""


class NoSuchItem(msgspec.Struct, frozen=True):
    """The catalog has no item of this id."""


class CatalogRefused(msgspec.Struct, frozen=True):
    """Why a catalog cannot be as it was asked for."""

    sentence: str


class Undeclared(msgspec.Struct, frozen=True):
    """An item has properties that no field of its catalog declares."""

    names: tuple[str, ...]


class Stored(msgspec.Struct, frozen=True):
    """Done."""


class Page(msgspec.Struct, frozen=True):
    """Some of the items that match; `total` are all of the catalog."""

    items: Sequence[Item]
    matched: int
    total: int


class ItemChange(msgspec.Struct, frozen=True):
    """Properties for one item. `upsert`: make it if there is none (partial updates only)."""

    item_id: str
    properties: Mapping[str, Any]
    upsert: bool = False


ItemResult = Stored | Undeclared | NoSuchItem


async def list_catalogs(database: Database, project_id: UUID) -> list[Catalog]:
    """By name."""
    async with database.connection() as connection:
        return await store.catalogs_of(connection, project_id)


async def read_catalog(database: Database, project_id: UUID, catalog_id: UUID) -> Catalog | NoSuchCatalog:
    """One catalog."""
    async with database.transaction() as connection:
        return await _catalog(connection, project_id, catalog_id)


async def create_catalog(
    database: Database, project_id: UUID, name: str, fields: Iterable[str], now: datetime, *, of_products: bool = False
) -> Catalog | CatalogRefused:
    """A new, empty one."""
    catalog = Catalog(new_id(), name, tuple(dict.fromkeys(fields)), of_products)
    async with database.transaction() as connection:
        stored = await store.insert_catalog(connection, project_id, catalog, now)
    return catalog if stored else _taken(name)


async def change_catalog(
    database: Database, project_id: UUID, catalog_id: UUID, name: str, fields: Iterable[str]
) -> Stored | NoSuchCatalog | CatalogRefused:
    """A new name, and further fields. The fields that are there must all be named: none is dropped by an oversight."""
    async with database.transaction() as connection:
        catalog = await _catalog(connection, project_id, catalog_id)
        if isinstance(catalog, NoSuchCatalog):
            return catalog
        named = tuple(dict.fromkeys(fields))
        forgotten = [field for field in catalog.fields if field not in named]
        if forgotten:
            return CatalogRefused(f"These fields exist and must be named: {', '.join(forgotten)}.")
        changed = msgspec.structs.replace(catalog, name=name, fields=named)
        return Stored() if await store.update_catalog(connection, changed) else _taken(name)


async def delete_catalog(database: Database, project_id: UUID, catalog_id: UUID) -> Stored | NoSuchCatalog:
    """With all its items."""
    async with database.transaction() as connection:
        catalog = await _catalog(connection, project_id, catalog_id)
        if isinstance(catalog, Catalog):
            await store.delete_catalog(connection, catalog_id)
            return Stored()
        return catalog


async def read_items(
    database: Database, project_id: UUID, catalog_id: UUID, search: Search
) -> Page | NoSuchCatalog | CatalogRefused:
    """A page of what the search finds."""
    async with database.transaction() as connection:
        catalog = await _catalog(connection, project_id, catalog_id)
        if isinstance(catalog, NoSuchCatalog):
            return catalog
        unknown = catalog.has_not(search)
        if unknown:
            return CatalogRefused(f"The catalog has no field {unknown[0]!r}.")
        items, matched = await store.page_of_items(connection, catalog_id, search)
        return Page(items, matched, await store.count_items(connection, catalog_id))


async def read_item(
    database: Database, project_id: UUID, catalog_id: UUID, item_id: str
) -> Item | NoSuchCatalog | NoSuchItem:
    """One item."""
    async with database.transaction() as connection:
        catalog = await _catalog(connection, project_id, catalog_id)
        if isinstance(catalog, NoSuchCatalog):
            return catalog
        return (await store.items_by_id(connection, catalog_id, [item_id])).get(item_id, NoSuchItem())


async def put_items(
    database: Database, project_id: UUID, catalog_id: UUID, changes: Sequence[ItemChange], now: datetime
) -> list[ItemResult] | NoSuchCatalog:
    """Each item as a whole. One result for each; of two for one item the last counts."""
    async with database.transaction() as connection:
        catalog = await _catalog(connection, project_id, catalog_id)
        if isinstance(catalog, NoSuchCatalog):
            return catalog
        results = [_declared(catalog, change) for change in changes]
        whole = {one.item_id: one.properties for one in _accepted(changes, results)}
        await store.put_items(connection, catalog_id, whole, now)
        return results


async def merge_items(
    database: Database, project_id: UUID, catalog_id: UUID, changes: Sequence[ItemChange], now: datetime
) -> list[ItemResult] | NoSuchCatalog:
    """Properties that are not given stay. An item that is not there is made only on request (`upsert`)."""
    async with database.transaction() as connection:
        catalog = await _catalog(connection, project_id, catalog_id)
        if isinstance(catalog, NoSuchCatalog):
            return catalog
        there = await store.items_by_id(connection, catalog_id, [change.item_id for change in changes])
        made = {*there, *(change.item_id for change in changes if change.upsert)}
        results = [_declared(catalog, one) if one.item_id in made else NoSuchItem() for one in changes]
        parts: dict[str, dict[str, Any]] = {}
        for one in _accepted(changes, results):
            parts.setdefault(one.item_id, {}).update(one.properties)
        await store.merge_items(connection, catalog_id, parts, now)
        return results


async def delete_items(
    database: Database, project_id: UUID, catalog_id: UUID, item_ids: Sequence[str]
) -> list[Stored | NoSuchItem] | NoSuchCatalog:
    """One result for each."""
    async with database.transaction() as connection:
        catalog = await _catalog(connection, project_id, catalog_id)
        if isinstance(catalog, NoSuchCatalog):
            return catalog
        gone = await store.delete_items(connection, catalog_id, item_ids)
        return [Stored() if one in gone else NoSuchItem() for one in item_ids]


async def delete_all_items(database: Database, project_id: UUID, catalog_id: UUID) -> Stored | NoSuchCatalog:
    """The catalog stays."""
    async with database.transaction() as connection:
        catalog = await _catalog(connection, project_id, catalog_id)
        if isinstance(catalog, Catalog):
            await store.delete_all_items(connection, catalog_id)
            return Stored()
        return catalog


async def _catalog(connection: Connection, project_id: UUID, catalog_id: UUID) -> Catalog | NoSuchCatalog:
    return await store.catalog_of(connection, project_id, catalog_id) or NoSuchCatalog()


def _declared(catalog: Catalog, change: ItemChange) -> ItemResult:
    names = catalog.undeclared(change.properties)
    return Undeclared(tuple(names)) if names else Stored()


def _accepted(changes: Iterable[ItemChange], results: Iterable[ItemResult]) -> list[ItemChange]:
    return [change for change, result in zip(changes, results, strict=True) if isinstance(result, Stored)]


def _taken(name: str) -> CatalogRefused:
    return CatalogRefused(f"There is already a catalog named {name!r}.")
