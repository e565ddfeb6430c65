"""What catalog calls carry: bodies, bulks and searches, read and checked."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec

from parley.api.errors import refused
from parley.api.reading import UnusableError, checked_properties, checked_text, read_json, read_part
from parley.domain.catalog import ITEM_ID, Search
from parley.services.catalogs import ItemChange

MOST_FIELDS = 1_000
MOST_ITEMS = 1_000
"""Items in one bulk call."""
PAGE = 20
LARGEST_PAGE = 10_000

T = TypeVar("T")


class _Field(msgspec.Struct):
    name: str


class CatalogBody(msgspec.Struct):
    """A catalog as it is made or changed."""

    name: str
    fields: list[_Field] | None = None
    is_product_catalog: bool | None = None


class _ItemBody(msgspec.Struct):
    properties: dict[str, Any] | None = None
    upsert: bool | None = None


class _BulkItem(_ItemBody):
    item_id: str | int = ""


class Malformed(msgspec.Struct, frozen=True):
    """An item of a bulk that cannot be used: the others can."""

    sentence: str


def read_named(body: CatalogBody) -> tuple[str, list[str]]:
    """A catalog's name and its fields. Raises ApiError."""
    given = body.fields or []
    if len(given) > MOST_FIELDS:
        raise refused(f"A catalog has at most {MOST_FIELDS} fields.")
    try:
        fields = [checked_text(field.name, "The name of a field") for field in given]
        return checked_text(body.name, "The name of a catalog"), fields
    except UnusableError as error:
        raise refused(str(error)) from error


def checked_item_id(value: str) -> str:
    """As it stood in the address. Raises ApiError."""
    try:
        return checked_text(value, "The item_id")
    except UnusableError as error:
        raise refused(str(error)) from error


def read_change(item_id: str, raw: bytes) -> ItemChange:
    """The body of a call about one item. Raises ApiError."""
    body = read_json(raw, _ItemBody)
    try:
        properties = checked_properties(body.properties, raw)
    except UnusableError as error:
        raise refused(str(error)) from error
    return ItemChange(checked_item_id(item_id), properties, bool(body.upsert))


def read_bulk(body: bytes, read: Callable[[msgspec.Raw], T]) -> list[T | Malformed]:
    """Every item by itself. Raises ApiError for what is no list of items at all."""
    listed = read_json(body, list[msgspec.Raw])
    if len(listed) > MOST_ITEMS:
        raise refused(f"At most {MOST_ITEMS} items at once.")
    return [_each(one, read) for one in listed]


def _each(raw: msgspec.Raw, read: Callable[[msgspec.Raw], T]) -> T | Malformed:
    try:
        return read(raw)
    except UnusableError as error:
        return Malformed(str(error))


def read_listed_change(raw: msgspec.Raw) -> ItemChange:
    """`{"item_id": ..., "properties": {...}, "upsert": true}`. Raises UnusableError."""
    body = read_part(raw, _BulkItem)
    item_id = checked_text(str(body.item_id), "The item_id")
    return ItemChange(item_id, checked_properties(body.properties, bytes(raw)), bool(body.upsert))


def read_listed_item_id(raw: msgspec.Raw) -> str:
    """`"P-11"` as Exponea's clients send it, or `{"item_id": "P-11"}`. Raises UnusableError."""
    body = read_part(raw, _LISTED)
    item_id = body.item_id if isinstance(body, _BulkItem) else body
    return checked_text(str(item_id), "The item_id")


_LISTED: Any = str | int | _BulkItem


def usable(read: Sequence[T | Malformed]) -> list[T]:
    """Those that can be handed on."""
    return [one for one in read if not isinstance(one, Malformed)]


def read_search(asked: dict[str, str]) -> Search:
    """`?query=lamp&field=title&order=price, desc&count=50&skip=100&stock=0`. Raises ApiError."""
    if any("\x00" in name + value for name, value in asked.items()):
        raise refused("A parameter holds the character NUL.")
    order, _, direction = asked.pop("order", ITEM_ID).partition(",")
    if direction.strip().lower() not in _DIRECTIONS:
        raise refused("`order` is a field, a comma, and asc or desc.")
    limit = asked.pop("limit", PAGE)
    return Search(
        text=asked.pop("query", None),
        field=asked.pop("field", None),
        order=order.strip(),
        descending=_DIRECTIONS[direction.strip().lower()],
        size=_number(asked.pop("count", limit), LARGEST_PAGE),
        skip=_number(asked.pop("skip", 0), 2**31),
        values=asked,
    )


_DIRECTIONS = {"": False, "asc": False, "desc": True}


def _number(text: str | int, most: int) -> int:
    try:
        number = int(text)
    except ValueError as error:
        raise refused("`count`, `limit` and `skip` must be whole numbers.") from error
    if not 0 <= number <= most:
        raise refused(f"`count`, `limit` and `skip` lie between 0 and {most}.")
    return number
