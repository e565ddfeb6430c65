"""`/api/v1`: a project's definitions, read and changed with its private keys."""

from typing import Any, Literal

import msgspec
from litestar import Request, Response, Router, delete, get, put
from litestar.params import FromPath

from parley.access import Permission
from parley.api.auth import admit
from parley.api.errors import ApiError, missing
from parley.domain.errors import InvalidInputError
from parley.services.apply_definitions import apply_definitions, delete_definition
from parley.services.callers import Caller
from parley.services.read_definitions import LARGEST_FILE, File, read_definitions
from parley.store.definitions import StoredDefinition, definitions_of

Kind = Literal[
    "settings",
    "preset",
    "integration",
    "template",
    "scenario",
    "campaign",
    "consent_category",
    "auto_response",
    "frequency_policy",
    "rate_card",
]
_WRITING = {
    "integration": Permission.MANAGE_INTEGRATIONS,
    "settings": Permission.MANAGE_INTEGRATIONS,
    "rate_card": Permission.MANAGE_INTEGRATIONS,
}
"""A project admin or higher connects inbound messages (seed page) and says what may be sent twice and what it may cost;
an editor may write everything else."""

AnyRequest = Request[Any, Any, Any]


@get("/definitions", summary="List a project's definitions")
async def list_definitions(token: FromPath[str], request: AnyRequest) -> dict[str, Any]:
    """Kind, name and version of each."""
    caller = await admit(request, token, Permission.READ_DEFINITIONS)
    return {"success": True, "data": [_line(one) for one in await _stored(request, caller)]}


@get("/definitions/{kind:str}/{name:str}", summary="Read a definition")
async def read_definition(
    token: FromPath[str], kind: FromPath[Kind], name: FromPath[str], request: AnyRequest
) -> dict[str, Any]:
    """As it was written; secrets as references."""
    caller = await admit(request, token, Permission.READ_DEFINITIONS)
    found = next((one for one in await _stored(request, caller) if (one.kind, one.name) == (kind, name)), None)
    if found is None:
        raise missing(f"There is no {kind} {name}.")
    return {"success": True, "data": {**_line(found), "definition": msgspec.json.decode(found.body)}}


@put("/definitions/{kind:str}/{name:str}", summary="Write a definition", request_max_body_size=LARGEST_FILE)
async def write_definition(
    token: FromPath[str], kind: FromPath[Kind], name: FromPath[str], request: AnyRequest
) -> Response[dict[str, Any]]:
    """The body is the file that `parley apply` takes; its name must be the address's. 400 lists what is wrong."""
    caller = await admit(request, token, _WRITING.get(kind, Permission.WRITE_DEFINITIONS))
    state = request.app.state
    try:
        read = read_definitions([File(f"{kind} {name}", await request.body())], {})
        _check_address(read[0].kind, read[0].name, kind, name)
        (change,) = await apply_definitions(state.database, state.box, caller.project.id, read, state.clock())
    except InvalidInputError as error:
        raise _invalid(error) from error
    told: dict[str, Any] = {"kind": kind, "name": name, "happening": change.happening.value}
    if change.notes:
        told["notes"] = list(change.notes)
    if change.callback_token:
        told["callback_path"] = f"/callbacks/sinch/{change.callback_token}"
    return Response({"success": True, "data": told}, status_code=201 if change.happening == "created" else 200)


@delete("/definitions/{kind:str}/{name:str}", status_code=200, summary="Delete a definition")
async def remove_definition(
    token: FromPath[str], kind: FromPath[Kind], name: FromPath[str], request: AnyRequest
) -> dict[str, Any]:
    """Its versions are kept. 400 when something still refers to it, 404 when there is none."""
    caller = await admit(request, token, _WRITING.get(kind, Permission.WRITE_DEFINITIONS))
    try:
        state = request.app.state
        deleted = await delete_definition(state.database, caller.project.id, kind, name, state.clock())
    except InvalidInputError as error:
        raise _invalid(error) from error
    if not deleted:
        raise missing(f"There is no {kind} {name}.")
    return {"success": True}


async def _stored(request: AnyRequest, caller: Caller) -> list[StoredDefinition]:
    async with request.app.state.database.connection() as connection:
        return await definitions_of(connection, caller.project.id)


def _line(definition: StoredDefinition) -> dict[str, Any]:
    line: dict[str, Any] = {"kind": definition.kind, "name": definition.name, "version": definition.version}
    if definition.callback_token:
        line["callback_path"] = f"/callbacks/sinch/{definition.callback_token}"
    return line


def _check_address(kind: str, name: str, wanted_kind: str, wanted_name: str) -> None:
    if (kind, name) != (wanted_kind, wanted_name):
        said = f"The body is the {kind} {name}; the address says {wanted_kind} {wanted_name}."
        raise ApiError(400, {"success": False, "errors": [said]})


def _invalid(error: InvalidInputError) -> ApiError:
    return ApiError(400, {"success": False, "errors": [str(problem) for problem in error.problems]})


router = Router(
    "/api/v1/projects/{token:str}",
    route_handlers=[list_definitions, read_definition, write_definition, remove_definition],
    tags=["definitions"],
)
