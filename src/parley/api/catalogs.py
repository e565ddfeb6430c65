"""`/data/v2/.../catalogs`: what the shop sells."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, delete, get, post, put
from litestar.params import FromPath

from parley.access import Permission
from parley.api.auth import admit
from parley.api.errors import ApiError, missing, refused
from parley.api.reading import UnusableError, checked_properties, checked_text, read_json
from parley.domain.catalog import Catalog, Item
from parley.services import catalogs as service
from parley.services.catalogs import CatalogRefused, ItemChange, ItemResult, NoSuchCatalog, NoSuchItem, Undeclared
from parley.store.database import Database

MOST_FIELDS = 1_000
MOST_ITEMS = 1_000
"""Items in one bulk call."""
PAGE = 20
LARGEST_PAGE = 10_000
LARGEST_BODY = 8_000_000

T = TypeVar("T")
Body = dict[str, Any]
Ask = Request[Any, Any, Any]


class _Field(msgspec.Struct):
    name: str


class _CatalogBody(msgspec.Struct):
    name: str
    fields: list[_Field] = []
    is_product_catalog: bool = False


class _ItemBody(msgspec.Struct):
    properties: dict[str, Any] | None = None
    upsert: bool = False


class _BulkItem(_ItemBody):
    item_id: str | int = ""


class _Place(msgspec.Struct):
    """Where a call works, after its key was checked."""

    database: Database
    project_id: UUID
    catalog_id: UUID


@get("/")
async def list_catalogs(token: FromPath[str], request: Ask) -> Body:
    """All catalogs."""
    caller = await admit(request, token, Permission.READ_CATALOGS)
    found = await service.list_catalogs(request.app.state.database, caller.project.id)
    return {"success": True, "data": [_catalog(one) for one in found]}


@post("/", status_code=200)
async def create_catalog(token: FromPath[str], request: Ask) -> Body:
    """A new catalog, with the fields that its items may have."""
    caller = await admit(request, token, Permission.WRITE_CATALOGS)
    body = read_json(await request.body(), _CatalogBody)
    name, fields = _named(body)
    state = request.app.state
    made = await service.create_catalog(
        state.database, caller.project.id, name, fields, state.clock(), of_products=body.is_product_catalog
    )
    return {"success": True, "id": _possible(made).id.hex}


@get("/{catalog_id:str}")
async def read_catalog(token: FromPath[str], catalog_id: FromPath[str], request: Ask) -> Body:
    """One catalog."""
    at = await _place(request, token, catalog_id, Permission.READ_CATALOGS)
    catalog = _there(await service.read_catalog(at.database, at.project_id, at.catalog_id))
    return {"success": True, "data": _catalog(catalog)}


@put("/{catalog_id:str}")
async def change_catalog(token: FromPath[str], catalog_id: FromPath[str], request: Ask) -> Body:
    """A new name and further fields; the fields that exist must all be named."""
    at = await _place(request, token, catalog_id, Permission.WRITE_CATALOGS)
    name, fields = _named(read_json(await request.body(), _CatalogBody))
    _possible(_there(await service.change_catalog(at.database, at.project_id, at.catalog_id, name, fields)))
    return {"success": True}


@delete("/{catalog_id:str}", status_code=200)
async def delete_catalog(token: FromPath[str], catalog_id: FromPath[str], request: Ask) -> Body:
    """A catalog with all its items."""
    at = await _place(request, token, catalog_id, Permission.WRITE_CATALOGS)
    _there(await service.delete_catalog(at.database, at.project_id, at.catalog_id))
    return {"success": True}


@get("/{catalog_id:str}/items")
async def read_items(token: FromPath[str], catalog_id: FromPath[str], request: Ask) -> Body:
    """A page of items; parameters other than `limit` and `skip` are values that a field must have."""
    at = await _place(request, token, catalog_id, Permission.READ_CATALOGS)
    asked = {name: value for name, value in request.query_params.items() if "\x00" not in name + value}
    limit, skip = _number(asked.pop("limit", PAGE), LARGEST_PAGE), _number(asked.pop("skip", 0), 2**31)
    page = _there(await service.read_items(at.database, at.project_id, at.catalog_id, asked, limit, skip))
    return {
        "success": True,
        "data": [{"catalog_id": at.catalog_id.hex, **_item(one)} for one in page.items],
        "matched": page.matched,
        "matched_limited": False,
        "limit": limit,
        "skip": skip,
        "total": page.total,
    }


@delete("/{catalog_id:str}/items", status_code=200)
async def delete_all_items(token: FromPath[str], catalog_id: FromPath[str], request: Ask) -> Body:
    """All items; the catalog stays."""
    at = await _place(request, token, catalog_id, Permission.WRITE_CATALOGS)
    _there(await service.delete_all_items(at.database, at.project_id, at.catalog_id))
    return {"success": True}


@get("/{catalog_id:str}/items/{item_id:str}")
async def read_item(token: FromPath[str], catalog_id: FromPath[str], item_id: FromPath[str], request: Ask) -> Body:
    """One item."""
    at = await _place(request, token, catalog_id, Permission.READ_CATALOGS)
    _item_id(item_id)
    found = _there(await service.read_item(at.database, at.project_id, at.catalog_id, item_id))
    return {"success": True, "data": _item(found)}


@put("/{catalog_id:str}/items/{item_id:str}")
async def put_item(token: FromPath[str], catalog_id: FromPath[str], item_id: FromPath[str], request: Ask) -> Body:
    """One item as a whole: it replaces what was there."""
    at = await _place(request, token, catalog_id, Permission.WRITE_CATALOGS)
    change = await _change(request, item_id)
    now = request.app.state.clock()
    (result,) = _there(await service.put_items(at.database, at.project_id, at.catalog_id, [change], now))
    return _one(result)


@post("/{catalog_id:str}/items/{item_id:str}/partial-update", status_code=200)
async def merge_item(token: FromPath[str], catalog_id: FromPath[str], item_id: FromPath[str], request: Ask) -> Body:
    """Some properties of one item."""
    at = await _place(request, token, catalog_id, Permission.WRITE_CATALOGS)
    change = await _change(request, item_id)
    now = request.app.state.clock()
    (result,) = _there(await service.merge_items(at.database, at.project_id, at.catalog_id, [change], now))
    return _one(result)


@delete("/{catalog_id:str}/items/{item_id:str}", status_code=200)
async def delete_item(token: FromPath[str], catalog_id: FromPath[str], item_id: FromPath[str], request: Ask) -> Body:
    """One item."""
    at = await _place(request, token, catalog_id, Permission.WRITE_CATALOGS)
    _item_id(item_id)
    (result,) = _there(await service.delete_items(at.database, at.project_id, at.catalog_id, [item_id]))
    _there(result)
    return {"success": True}


@put("/{catalog_id:str}/items", request_max_body_size=LARGEST_BODY)
async def put_items(token: FromPath[str], catalog_id: FromPath[str], request: Ask) -> Response[list[Body]]:
    """Many items, each as a whole."""
    at = await _place(request, token, catalog_id, Permission.WRITE_CATALOGS)
    changes = _changes(read_json(await request.body(), list[_BulkItem]))
    now = request.app.state.clock()
    return _many(_there(await service.put_items(at.database, at.project_id, at.catalog_id, changes, now)))


@post("/{catalog_id:str}/items/partial-update", status_code=200, request_max_body_size=LARGEST_BODY)
async def merge_items(token: FromPath[str], catalog_id: FromPath[str], request: Ask) -> Response[list[Body]]:
    """Some properties of many items."""
    at = await _place(request, token, catalog_id, Permission.WRITE_CATALOGS)
    changes = _changes(read_json(await request.body(), list[_BulkItem]))
    now = request.app.state.clock()
    return _many(_there(await service.merge_items(at.database, at.project_id, at.catalog_id, changes, now)))


@delete("/{catalog_id:str}/items/bulk-delete", status_code=200, request_max_body_size=LARGEST_BODY)
async def delete_items(token: FromPath[str], catalog_id: FromPath[str], request: Ask) -> Response[list[Body]]:
    """Many items: `[{"item_id": ...}, ...]`."""
    at = await _place(request, token, catalog_id, Permission.WRITE_CATALOGS)
    changes = _changes(read_json(await request.body(), list[_BulkItem]))
    item_ids = [change.item_id for change in changes]
    return _many(_there(await service.delete_items(at.database, at.project_id, at.catalog_id, item_ids)))


async def _place(request: Ask, token: str, catalog_id: str, permission: Permission) -> _Place:
    caller = await admit(request, token, permission)
    try:
        return _Place(request.app.state.database, caller.project.id, UUID(catalog_id))
    except ValueError as error:
        raise missing("Catalog does not exist") from error


def _named(body: _CatalogBody) -> tuple[str, list[str]]:
    if len(body.fields) > MOST_FIELDS:
        raise refused(f"A catalog has at most {MOST_FIELDS} fields.")
    try:
        fields = [checked_text(field.name, "The name of a field") for field in body.fields]
        return checked_text(body.name, "The name of a catalog"), fields
    except UnusableError as error:
        raise refused(str(error)) from error


def _item_id(value: str) -> str:
    try:
        return checked_text(value, "The item_id")
    except UnusableError as error:
        raise refused(str(error)) from error


async def _change(request: Ask, item_id: str) -> ItemChange:
    raw = await request.body()
    body = read_json(raw, _ItemBody)
    try:
        properties = checked_properties(body.properties, len(raw))
    except UnusableError as error:
        raise refused(str(error)) from error
    return ItemChange(_item_id(item_id), properties, body.upsert)


def _changes(bodies: Sequence[_BulkItem]) -> list[ItemChange]:
    if len(bodies) > MOST_ITEMS:
        raise refused(f"At most {MOST_ITEMS} items at once.")
    try:
        return [
            ItemChange(
                checked_text(str(one.item_id), "The item_id"),
                checked_properties(one.properties, len(msgspec.json.encode(one.properties))),
                one.upsert,
            )
            for one in bodies
        ]
    except UnusableError as error:
        raise refused(str(error)) from error


def _number(text: str | int, most: int) -> int:
    try:
        number = int(text)
    except ValueError as error:
        raise refused("`limit` and `skip` must be whole numbers.") from error
    if not 0 <= number <= most:
        raise refused(f"`limit` and `skip` lie between 0 and {most}.")
    return number


def _there(found: T | NoSuchCatalog | NoSuchItem) -> T:
    if isinstance(found, NoSuchCatalog):
        raise missing("Catalog does not exist")
    if isinstance(found, NoSuchItem):
        raise missing("Item does not exist")
    return found


def _possible(made: T | CatalogRefused) -> T:
    if isinstance(made, CatalogRefused):
        raise refused(made.sentence)
    return made


def _one(result: ItemResult) -> Body:
    if isinstance(_there(result), Undeclared):
        raise ApiError(200, _told(result))
    return {"success": True}


def _many(results: Sequence[ItemResult]) -> Response[list[Body]]:
    return Response([{"queued": False, **_told(result)} for result in results], status_code=200)


def _told(result: ItemResult) -> Body:
    match result:
        case Undeclared(names=names):
            problem = f"Fields [{', '.join(names)}] are not properly defined."
            return {"success": False, "errors": {"properties": [problem]}}
        case NoSuchItem():
            return {"success": False, "errors": {"item_id": ["Item does not exist"]}}
        case _:
            return {"success": True}


def _catalog(catalog: Catalog) -> Body:
    return {
        "_id": catalog.id.hex,
        "id": catalog.id.hex,
        "name": catalog.name,
        "fields": [{"name": field} for field in catalog.fields],
        "is_product_catalog": catalog.is_product_catalog,
    }


def _item(item: Item) -> Mapping[str, Any]:
    return {"item_id": item.item_id, "properties": item.properties}


router = Router(
    "/data/v2/projects/{token:str}/catalogs",
    route_handlers=[
        list_catalogs,
        create_catalog,
        read_catalog,
        change_catalog,
        delete_catalog,
        read_items,
        delete_all_items,
        read_item,
        put_item,
        merge_item,
        delete_item,
        put_items,
        merge_items,
        delete_items,
    ],
)
