"""`/api/v1`: the callbacks that were not understood, for whoever may read the project's customers."""

from typing import Any

import msgspec
from litestar import Request, Router, get
from litestar.params import FromPath

from parley.access import Permission
from parley.api.auth import admit
from parley.api.consents import PAGE, Before, Size, answered
from parley.services.callback_problems import list_callback_problems


@get("/problems", summary="Callbacks that were not understood")
async def read_problems(
    token: FromPath[str], request: Request[Any, Any, Any], *, size: Size = PAGE, before: Before = None
) -> dict[str, Any]:
    """Each with what was wrong and the beginning of its body; the newest first."""
    caller = await admit(request, token, Permission.READ_CUSTOMERS)
    listing = list_callback_problems(request.app.state.database, caller.project, size, before)
    return {"success": True, "data": msgspec.to_builtins(await answered(listing))}


router = Router("/api/v1/projects/{token:str}/callbacks", route_handlers=[read_problems], tags=["callbacks"])
