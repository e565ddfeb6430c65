"""`/api/v1`: what was stopped is released by whoever may change it."""

from typing import Any

from litestar import Request, Router, post
from litestar.params import FromPath

from parley.access import Permission
from parley.api.auth import admit
from parley.api.errors import missing
from parley.services.stopping import NothingToReleaseError, Released, release_a_sender, release_a_template

AnyRequest = Request[Any, Any, Any]


@post("/senders/{name:str}/release", status_code=200, summary="Release a stopped sender")
async def release_sender(token: FromPath[str], name: FromPath[str], request: AnyRequest) -> dict[str, Any]:
    """After the cause is mended. `released` is false when it was not stopped; 404 when there is no such sender."""
    caller = await admit(request, token, Permission.MANAGE_INTEGRATIONS)
    state = request.app.state
    try:
        return _told(await release_a_sender(state.database, caller.project.id, name, state.clock()))
    except NothingToReleaseError as error:
        raise missing(str(error)) from error


@post("/templates/{name:str}/release", status_code=200, summary="Release a stopped template")
async def release_template(token: FromPath[str], name: FromPath[str], request: AnyRequest) -> dict[str, Any]:
    """After the cause is mended; the name as in its definition, `cart_reminder.en`. For every sender."""
    caller = await admit(request, token, Permission.WRITE_DEFINITIONS)
    state = request.app.state
    try:
        return _told(await release_a_template(state.database, caller.project.id, name, state.clock()))
    except NothingToReleaseError as error:
        raise missing(str(error)) from error


def _told(released: Released) -> dict[str, Any]:
    return {"success": True, "data": {"released": released.was_stopped}}


router = Router("/api/v1/projects/{token:str}", route_handlers=[release_sender, release_template], tags=["stops"])
