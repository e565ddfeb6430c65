"""`/api/v1`: what a project's messages did cost."""

from datetime import date
from typing import Any

import msgspec
from litestar import Request, Router, get
from litestar.params import FromPath, FromQuery

from parley.access import Permission
from parley.api.auth import admit
from parley.api.consents import answered
from parley.services.report_costs import By, report_costs

AnyRequest = Request[Any, Any, Any]


@get("/", summary="What messages did cost")
async def show(
    token: FromPath[str],
    request: AnyRequest,
    by: FromQuery[By] = By.DAY,
    since: FromQuery[date | None] = None,
    until: FromQuery[date | None] = None,
) -> dict[str, Any]:
    """By day, market, category, or scenario (or campaign): this month's, or from `since` to `until`, both with it.
    Amounts are texts.
    """
    caller = await admit(request, token, Permission.READ_DEFINITIONS)
    state = request.app.state
    lines = await answered(report_costs(state.database, caller.project.id, by, since, until, state.clock()))
    return {"success": True, "data": msgspec.to_builtins(lines)}


router = Router("/api/v1/projects/{token:str}/costs", route_handlers=[show], tags=["costs"])
