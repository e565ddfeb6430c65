"""`/api/v1`: campaigns launched, looked at, paused, resumed and cancelled with a project's private keys."""

from typing import Any

import msgspec
from litestar import Request, Router, get, post
from litestar.params import FromPath

from parley.access import Permission
from parley.api.auth import admit
from parley.api.errors import ApiError, malformed, missing
from parley.services.launch_campaign import CampaignUnderWayError, UnknownCampaignError, launch_campaign
from parley.services.show_campaigns import list_campaigns, plain_view, show_campaign
from parley.services.steer_campaigns import NotSteerableError, Order, steer

AnyRequest = Request[Any, Any, Any]


@get("/", summary="List a project's campaigns")
async def list_all(token: FromPath[str], request: AnyRequest) -> dict[str, Any]:
    """With the last run of each."""
    caller = await admit(request, token, Permission.READ_DEFINITIONS)
    lines = await list_campaigns(request.app.state.database, caller.project.id)
    return {"success": True, "data": msgspec.to_builtins(lines)}


@get("/{name:str}", summary="How far a campaign's last run has come")
async def show(token: FromPath[str], name: FromPath[str], request: AnyRequest) -> dict[str, Any]:
    """Customers looked at and in the audience, messages by state, reasons of refusals and failures; what was spent and
    is set aside (`costs`), and what its messages wait for, since when and who can release them (`waits`).
    """
    caller = await admit(request, token, Permission.READ_DEFINITIONS)
    _check_name(name)
    state = request.app.state
    try:
        view = await show_campaign(state.database, caller.project.id, name, state.clock())
    except UnknownCampaignError as error:
        raise missing(str(error)) from error
    return {"success": True, "data": plain_view(view)}


@post("/{name:str}/launch", status_code=201, summary="Launch a campaign")
async def launch(token: FromPath[str], name: FromPath[str], request: AnyRequest) -> dict[str, Any]:
    """The run. 404 when there is no such campaign, 409 while an earlier run is under way."""
    caller = await admit(request, token, Permission.SEND_MESSAGES)
    await _check_bare(request)
    _check_name(name)
    state = request.app.state
    try:
        run = await launch_campaign(state.database, caller.project.id, name, caller.key_id, state.clock())
    except UnknownCampaignError as error:
        raise missing(str(error)) from error
    except CampaignUnderWayError as error:
        raise _conflict(error) from error
    return {"success": True, "data": msgspec.to_builtins(run)}


@post("/{name:str}/{order:str}", status_code=200, summary="Pause, resume or cancel a campaign's run")
async def give_order(
    token: FromPath[str], name: FromPath[str], order: FromPath[Order], request: AnyRequest
) -> dict[str, Any]:
    """Workers follow. 404 when there is no such campaign, 409 when the run does not stand where this can be said."""
    caller, state = await admit(request, token, Permission.SEND_MESSAGES), request.app.state
    await _check_bare(request)
    _check_name(name)
    try:
        await steer(state.database, caller.project.id, name, order, state.clock())
    except UnknownCampaignError as error:
        raise missing(str(error)) from error
    except NotSteerableError as error:
        raise _conflict(error) from error
    return {"success": True}


async def _check_bare(request: AnyRequest) -> None:
    """Whoever says more than the address does wants something that would not happen."""
    if (await request.body()).strip() not in (b"", b"{}"):
        raise malformed("This address takes no body: leave it out, or send {}.")


def _check_name(name: str) -> None:
    """PostgreSQL knows no text with a zero in it."""
    if "\0" in name:
        raise missing("There is no campaign of that name.")


def _conflict(error: Exception) -> ApiError:
    return ApiError(409, {"success": False, "errors": [str(error)]})


router = Router(
    "/api/v1/projects/{token:str}/campaigns",
    route_handlers=[list_all, show, launch, give_order],
    tags=["campaigns"],
)
