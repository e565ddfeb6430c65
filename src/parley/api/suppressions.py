"""`/api/v1`: the suppression list: addresses that nothing is sent to."""

from typing import Any

import msgspec
from litestar import Request, Router, delete, get, post
from litestar.params import FromPath, FromQuery

from parley.access import Permission
from parley.api.auth import admit
from parley.api.consents import PAGE, Size, answered, read_body
from parley.api.errors import ApiError
from parley.services.keep_suppressions import (
    Line,
    StoppedByPersonError,
    add_suppression,
    read_suppressions,
    remove_suppression,
)

AnyRequest = Request[Any, Any, Any]


@get("/", summary="Read the suppression list")
async def read_list(
    token: FromPath[str],
    request: AnyRequest,
    *,
    address: FromQuery[str | None] = None,
    size: Size = PAGE,
    after: FromQuery[str | None] = None,
) -> dict[str, Any]:
    """`address` asks for one; `size` and `after` page the whole list."""
    caller = await admit(request, token, Permission.READ_CUSTOMERS)
    page = read_suppressions(request.app.state.database, caller.project, address, after, size)
    return {"success": True, "data": msgspec.to_builtins(await answered(page))}


@post("/", status_code=201, summary="Put an address on the suppression list")
async def add_line(token: FromPath[str], request: AnyRequest) -> dict[str, Any]:
    """`address` (a number, or a WhatsApp user id), `scope` (all or marketing), `note`."""
    caller = await admit(request, token, Permission.WRITE_CONSENTS)
    line = read_body(await request.body(), Line)
    state = request.app.state
    adding = add_suppression(state.database, caller.project, line, caller.key_id, state.clock())
    return {"success": True, "data": {"address": await answered(adding)}}


@delete("/{address:str}", status_code=200, summary="Take an address off the suppression list")
async def remove_line(token: FromPath[str], address: FromPath[str], request: AnyRequest) -> dict[str, Any]:
    """`removed` says how many lines went; 409 when the person's own STOP is what keeps it there."""
    caller = await admit(request, token, Permission.WRITE_CONSENTS)
    state = request.app.state
    try:
        gone = await answered(remove_suppression(state.database, caller.project, address, state.clock()))
    except StoppedByPersonError as error:
        raise ApiError(409, {"success": False, "errors": [str(error)]}) from error
    return {"success": True, "data": {"removed": gone}}


router = Router(
    "/api/v1/projects/{token:str}/suppressions",
    route_handlers=[read_list, add_line, remove_line],
    tags=["suppressions"],
)
