"""`/data/v2`: reading customers and their events, consent categories, erasure."""

from typing import Any, Literal, TypeVar
from uuid import UUID

import msgspec
from litestar import Request, Router, get, post
from litestar.params import FromPath
from litestar.response import Stream

from parley.access import Permission
from parley.api.auth import admit
from parley.api.errors import missing, refused, worded
from parley.api.exports import as_csv, as_native_json
from parley.api.reading import UnusableError, read_ids, read_json
from parley.domain.customer import CustomerIds
from parley.domain.ids import new_id
from parley.domain.project import ProjectSettings
from parley.services import anonymize as erasure
from parley.services import customer_data
from parley.services.consent_categories import consent_categories
from parley.services.customer_data import NoSuchCustomer, NoSuchThing, Value, Wanted
from parley.store.events import PastEvent, Slice

MOST_ATTRIBUTES = 1_000
MOST_ROWS = 2**31

T = TypeVar("T")


class _Attribute(msgspec.Struct):
    """`{"type": "property", "property": "phone"}`; the other types are named by `id` or `category`."""

    type: str
    property: str | None = None
    id: str | None = None
    category: str | None = None

    def wanted(self) -> Wanted:
        return Wanted(self.type, self.property or self.id or self.category or "")


class _CustomerBody(msgspec.Struct):
    customer_ids: dict[str, Any] | None = None


class _AttributesBody(_CustomerBody):
    attributes: list[_Attribute] | None = None


class _EventsBody(_CustomerBody):
    event_types: list[str] | None = None
    order: Literal["asc", "desc"] | None = None
    limit: int | None = None
    skip: int | None = None


class _ExportBody(msgspec.Struct):
    format: Literal["native_json", "csv"] = "native_json"


class _Erased(_CustomerBody):
    internal_id: str | None = None


class _BulkBody(msgspec.Struct):
    customers: list[_Erased]


@post("/customers/attributes", status_code=200)
async def attributes(token: FromPath[str], request: Request[Any, Any, Any]) -> dict[str, Any]:
    """Some attributes of one customer, in the order asked."""
    caller = await admit(request, token, Permission.READ_CUSTOMERS)
    body = read_json(await request.body(), _AttributesBody)
    asked = body.attributes or []
    if len(asked) > MOST_ATTRIBUTES:
        raise refused(f"At most {MOST_ATTRIBUTES} attributes at once.")
    state, ids = request.app.state, _ids(body, caller.project.settings)
    wanted = [one.wanted() for one in asked]
    found = _found(await customer_data.attributes(state.database, caller.project, ids, wanted, state.clock()))
    return {"success": True, "results": [_answer(one) for one in found]}


def _answer(one: Value | NoSuchThing) -> dict[str, Any]:
    match one:
        case Value(value=value):
            return {"success": True, "value": value}
        case NoSuchThing(sentence=sentence):
            return {"success": False, "error": worded(sentence)}


@post("/customers/export-one", status_code=200)
async def export_one(token: FromPath[str], request: Request[Any, Any, Any]) -> dict[str, Any]:
    """Everything that is known of one customer."""
    caller = await admit(request, token, Permission.EXPORT_CUSTOMERS)
    ids = _ids(read_json(await request.body(), _CustomerBody), caller.project.settings)
    everything = _found(await customer_data.export_one(request.app.state.database, caller.project, ids))
    return {
        "success": True,
        "ids": everything.ids,
        "properties": everything.properties,
        "events": [_event(one) for one in everything.events],
    }


@post("/customers/export", status_code=200)
async def export(token: FromPath[str], request: Request[Any, Any, Any]) -> Stream:
    """All customers, streamed: `native_json`, or `csv`."""
    caller = await admit(request, token, Permission.EXPORT_CUSTOMERS)
    body = read_json(await request.body(), _ExportBody)
    database = request.app.state.database
    fields = await customer_data.export_fields(database, caller.project)
    rows = customer_data.export_rows(database, caller.project, fields)
    if body.format == "csv":
        return Stream(as_csv(fields, rows), media_type="text/csv; charset=utf-8")
    return Stream(as_native_json(fields, rows), media_type="application/json")


@post("/customers/events", status_code=200)
async def events(token: FromPath[str], request: Request[Any, Any, Any]) -> dict[str, Any]:
    """Events of one customer by their type."""
    caller = await admit(request, token, Permission.READ_CUSTOMERS)
    body = read_json(await request.body(), _EventsBody)
    skip = body.skip or 0
    if not 0 <= skip < MOST_ROWS or not 0 <= (body.limit or 0) < MOST_ROWS:
        raise refused("`limit` and `skip` count from 0.")
    ids = _ids(body, caller.project.settings)
    wanted = Slice(_without_nul(body.event_types), body.limit, skip, body.order == "desc")
    found = await customer_data.events(request.app.state.database, caller.project, ids, wanted)
    return {"success": True, "data": [_event(one) for one in _found(found)]}


def _without_nul(types: list[str] | None) -> list[str] | None:
    """No event has such a type, and PostgreSQL has no such text."""
    return None if types is None else [one for one in types if "\x00" not in one]


def _event(event: PastEvent) -> dict[str, Any]:
    return {"type": event.type, "timestamp": event.occurred_at.timestamp(), "properties": event.properties}


@post("/customers/anonymize", status_code=200)
async def anonymize(token: FromPath[str], request: Request[Any, Any, Any]) -> dict[str, Any]:
    """Erase who one customer is."""
    caller = await admit(request, token, Permission.ANONYMIZE_CUSTOMERS)
    ids = _ids(read_json(await request.body(), _CustomerBody), caller.project.settings)
    state = request.app.state
    (erased,) = await erasure.anonymize(state.database, caller.project, [ids], state.clock())
    _found(erased)
    return {"success": True}


@post("/customers/anonymize_bulk", status_code=200)
async def anonymize_bulk(token: FromPath[str], request: Request[Any, Any, Any]) -> dict[str, Any]:
    """Erase who many customers are, at once; ids that nobody has are passed over."""
    caller = await admit(request, token, Permission.ANONYMIZE_CUSTOMERS)
    bodies = read_json(await request.body(), _BulkBody).customers
    if len(bodies) > erasure.MOST_AT_ONCE:
        raise refused(f"At most {erasure.MOST_AT_ONCE} customers at once.")
    state = request.app.state
    customers = [_erased(one, caller.project.settings) for one in bodies]
    await erasure.anonymize(state.database, caller.project, customers, state.clock())
    return {"success": True, "bulk_id": new_id().hex}


def _erased(body: _Erased, settings: ProjectSettings) -> CustomerIds | UUID:
    if body.internal_id is None:
        return _ids(body, settings)
    try:
        return UUID(body.internal_id)
    except ValueError as error:
        raise refused(f"{body.internal_id[:40]!r} is no internal id.") from error


@get("/consent/categories")
async def read_categories(token: FromPath[str], request: Request[Any, Any, Any]) -> dict[str, Any]:
    """The project's consent categories."""
    return await _categories(token, request)


@post("/consent/categories", status_code=200)
async def post_categories(token: FromPath[str], request: Request[Any, Any, Any]) -> dict[str, Any]:
    """The same: some mobile clients ask with POST."""
    return await _categories(token, request)


async def _categories(token: str, request: Request[Any, Any, Any]) -> dict[str, Any]:
    caller = await admit(request, token, Permission.READ_CONSENT_CATEGORIES)
    found = await consent_categories(request.app.state.database, caller.project)
    results = [
        {
            "id": one.name,
            "legitimate_interest": one.legitimate_interest,
            "sources": one.sources,
            "translations": one.translations,
        }
        for one in found
    ]
    return {"success": True, "results": results}


def _ids(body: _CustomerBody, settings: ProjectSettings) -> CustomerIds:
    try:
        return read_ids(body.customer_ids, settings)
    except UnusableError as error:
        raise refused(str(error)) from error


def _found(answer: T | NoSuchCustomer) -> T:
    if isinstance(answer, NoSuchCustomer):
        raise missing("Customer does not exist")
    return answer


router = Router(
    "/data/v2/projects/{token:str}",
    route_handlers=[
        attributes,
        export_one,
        export,
        events,
        anonymize,
        anonymize_bulk,
        read_categories,
        post_categories,
    ],
)
