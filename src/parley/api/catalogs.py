"""`/data/v2/.../catalogs`: what the shop sells."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, delete, get, post, put
from litestar.params import FromPath

from parley.access import Permission
from parley.api.auth import admit
from parley.api.catalog_reading import (
    CatalogBody,
    Malformed,
    checked_item_id,
    read_bulk,
    read_change,
    read_listed_change,
    read_listed_item_id,
    read_named,
    read_search,
    usable,
)
from parley.api.errors import ApiError, missing, refused, worded
from parley.api.reading import read_json
from parley.domain.catalog import Catalog, Item
from parley.services import catalogs as service
from parley.services.catalogs import (
    CatalogRefused,
    ItemResult,
    NoSuchCatalog,
    NoSuchItem,
    Undeclared,
)
from parley.store.database import Database

LARGEST_BODY = 8_000_000

T = TypeVar("T")
Body = dict[str, Any]
Ask = Request[Any, Any, Any]


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
    body = read_json(await request.body(), CatalogBody)
    name, fields = read_named(body)
    state = request.app.state
    made = await service.create_catalog(
        state.database, caller.project.id, name, fields, state.clock(), of_products=bool(body.is_product_catalog)
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
    name, fields = read_named(read_json(await request.body(), CatalogBody))
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
    """A page of items: `query` (in `field`), `order`, `count` or `limit`, `skip`; others are values of fields."""
    at = await _place(request, token, catalog_id, Permission.READ_CATALOGS)
    search = read_search(dict(request.query_params.items()))
    found = await service.read_items(at.database, at.project_id, at.catalog_id, search)
    if isinstance(found, CatalogRefused):
        raise refused(found.sentence)
    page = _there(found)
    return {
        "success": True,
        "data": [{"catalog_id": at.catalog_id.hex, **_item(one)} for one in page.items],
        "matched": page.matched,
        "matched_limited": False,
        "limit": search.size,
        "skip": search.skip,
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
    checked_item_id(item_id)
    found = _there(await service.read_item(at.database, at.project_id, at.catalog_id, item_id))
    return {"success": True, "data": _item(found)}


@put("/{catalog_id:str}/items/{item_id:str}")
async def put_item(token: FromPath[str], catalog_id: FromPath[str], item_id: FromPath[str], request: Ask) -> Body:
    """One item as a whole: it replaces what was there."""
    at = await _place(request, token, catalog_id, Permission.WRITE_CATALOGS)
    change = read_change(item_id, await request.body())
    now = request.app.state.clock()
    (result,) = _there(await service.put_items(at.database, at.project_id, at.catalog_id, [change], now))
    return _one(result)


@post("/{catalog_id:str}/items/{item_id:str}/partial-update", status_code=200)
async def merge_item(token: FromPath[str], catalog_id: FromPath[str], item_id: FromPath[str], request: Ask) -> Body:
    """Some properties of one item."""
    at = await _place(request, token, catalog_id, Permission.WRITE_CATALOGS)
    change = read_change(item_id, await request.body())
    now = request.app.state.clock()
    (result,) = _there(await service.merge_items(at.database, at.project_id, at.catalog_id, [change], now))
    return _one(result)


@delete("/{catalog_id:str}/items/{item_id:str}", status_code=200)
async def delete_item(token: FromPath[str], catalog_id: FromPath[str], item_id: FromPath[str], request: Ask) -> Body:
    """One item."""
    at = await _place(request, token, catalog_id, Permission.WRITE_CATALOGS)
    checked_item_id(item_id)
    (result,) = _there(await service.delete_items(at.database, at.project_id, at.catalog_id, [item_id]))
    _there(result)
    return {"success": True}


@put("/{catalog_id:str}/items", request_max_body_size=LARGEST_BODY)
async def put_items(token: FromPath[str], catalog_id: FromPath[str], request: Ask) -> Response[list[Body]]:
    """Many items, each as a whole."""
    at = await _place(request, token, catalog_id, Permission.WRITE_CATALOGS)
    read = read_bulk(await request.body(), read_listed_change)
    now = request.app.state.clock()
    return _many(read, _there(await service.put_items(at.database, at.project_id, at.catalog_id, usable(read), now)))


@post("/{catalog_id:str}/items/partial-update", status_code=200, request_max_body_size=LARGEST_BODY)
async def merge_items(token: FromPath[str], catalog_id: FromPath[str], request: Ask) -> Response[list[Body]]:
    """Some properties of many items."""
    at = await _place(request, token, catalog_id, Permission.WRITE_CATALOGS)
    read = read_bulk(await request.body(), read_listed_change)
    now = request.app.state.clock()
    return _many(read, _there(await service.merge_items(at.database, at.project_id, at.catalog_id, usable(read), now)))


@delete("/{catalog_id:str}/items/bulk-delete", status_code=200, request_max_body_size=LARGEST_BODY)
async def delete_items(token: FromPath[str], catalog_id: FromPath[str], request: Ask) -> Response[list[Body]]:
    """Many items: `["P-11", ...]`."""
    at = await _place(request, token, catalog_id, Permission.WRITE_CATALOGS)
    read = read_bulk(await request.body(), read_listed_item_id)
    return _many(read, _there(await service.delete_items(at.database, at.project_id, at.catalog_id, usable(read))))


async def _place(request: Ask, token: str, catalog_id: str, permission: Permission) -> _Place:
    caller = await admit(request, token, permission)
    try:
        return _Place(request.app.state.database, caller.project.id, UUID(catalog_id))
    except ValueError as error:
        raise missing("Catalog does not exist") from error


def _many(read: Sequence[T | Malformed], results: Iterable[ItemResult]) -> Response[list[Body]]:
    """One line for each item that was sent. `queued` says the same as `success`: clients look at either."""
    done = iter(results)
    told = [_told(one if isinstance(one, Malformed) else next(done)) for one in read]
    return Response([line | {"queued": line["success"]} for line in told], status_code=200)


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


def _told(result: ItemResult | Malformed) -> Body:
    match result:
        case Malformed(sentence=sentence):
            return {"success": False, "errors": {"_global": [worded(sentence)]}}
        case Undeclared(names=names):
            problem = worded(f"Fields [{', '.join(names)}] are not properly defined.")
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
