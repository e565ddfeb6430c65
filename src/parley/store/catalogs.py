"""Catalogs and their items."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from parley.domain.catalog import Catalog, Item, Search
from parley.store.database import Connection, sql


async def catalogs_of(connection: Connection, project_id: UUID) -> list[Catalog]:
    """By name."""
    return [_catalog(row) for row in await sql.catalogs.catalogs_of(connection, project_id=project_id)]


async def catalog_of(connection: Connection, project_id: UUID, catalog_id: UUID) -> Catalog | None:
    """One catalog; it keeps its fields until the transaction ends."""
    row = await sql.catalogs.catalog(connection, project_id=project_id, id=catalog_id)
    return row and _catalog(row)


async def insert_catalog(connection: Connection, project_id: UUID, catalog: Catalog, now: datetime) -> bool:
    """False when the name is taken."""
    stored = await sql.catalogs.insert_catalog(
        connection,
        id=catalog.id,
        project_id=project_id,
        name=catalog.name,
        fields=catalog.fields,
        is_product_catalog=catalog.is_product_catalog,
        now=now,
    )
    return stored is not None


async def update_catalog(connection: Connection, catalog: Catalog) -> bool:
    """False when another one has the name."""
    stored = await sql.catalogs.update_catalog(
        connection, id=catalog.id, name=catalog.name, fields=list(catalog.fields)
    )
    return stored is not None


async def delete_catalog(connection: Connection, catalog_id: UUID) -> None:
    """With all its items."""
    await sql.catalogs.delete_catalog(connection, id=catalog_id)


async def page_of_items(connection: Connection, catalog_id: UUID, search: Search) -> tuple[list[Item], int]:
    """A page of what is found, and how many are found in all."""
    rows = await sql.catalogs.items(
        connection,
        catalog_id=catalog_id,
        names=list(search.values),
        values=list(search.values.values()),
        text=search.text,
        field=search.field,
        order=search.order,
        descending=search.descending,
        size=search.size,
        skip=search.skip,
    )
    return [_item(row) for row in rows if row["item_id"] is not None], rows[0]["matched"]


async def count_items(connection: Connection, catalog_id: UUID) -> int:
    """All of a catalog."""
    return int(await sql.catalogs.count_items(connection, catalog_id=catalog_id))


async def items_by_id(connection: Connection, catalog_id: UUID, item_ids: Sequence[str]) -> dict[str, Item]:
    """Those that exist."""
    rows = await sql.catalogs.items_by_id(connection, catalog_id=catalog_id, item_ids=list(item_ids))
    return {row["item_id"]: _item(row) for row in rows}


async def put_items(
    connection: Connection, catalog_id: UUID, items: Mapping[str, Mapping[str, Any]], now: datetime
) -> None:
    """Each replaces what was there."""
    await sql.catalogs.put_items(connection, catalog_id=catalog_id, now=now, **_columns(items))


async def merge_items(
    connection: Connection, catalog_id: UUID, items: Mapping[str, Mapping[str, Any]], now: datetime
) -> None:
    """Properties that are not given stay."""
    await sql.catalogs.merge_items(connection, catalog_id=catalog_id, now=now, **_columns(items))


async def delete_items(connection: Connection, catalog_id: UUID, item_ids: Sequence[str]) -> set[str]:
    """Returns those that were there."""
    rows = await sql.catalogs.delete_items(connection, catalog_id=catalog_id, item_ids=sorted(item_ids))
    return {row["item_id"] for row in rows}


async def delete_all_items(connection: Connection, catalog_id: UUID) -> None:
    """The catalog stays."""
    await sql.catalogs.delete_all_items(connection, catalog_id=catalog_id)


def _columns(items: Mapping[str, Mapping[str, Any]]) -> dict[str, list[Any]]:
    ordered = sorted(items)
    return {"item_ids": ordered, "properties": [items[one] for one in ordered]}


def _catalog(row: Any) -> Catalog:
    return Catalog(row["id"], row["name"], tuple(row["fields"]), row["is_product_catalog"])


def _item(row: Any) -> Item:
    return Item(row["item_id"], row["properties"], row["updated_at"])
