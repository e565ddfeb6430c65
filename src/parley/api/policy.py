"""`/api/v1`: what would be refused now, tried without sending or writing anything."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
from litestar import Request, Router, post
from litestar.params import FromPath
from litestar.response import Stream

from parley.access import Permission
from parley.api.auth import admit
from parley.api.consents import answered, read_body
from parley.services.rehearse import Play
from parley.services.rehearse_history import History
from parley.services.try_policy import Wish, play_of, try_policy

AnyRequest = Request[Any, Any, Any]


@post("/try", status_code=200, summary="What would be refused now for an audience, and why")
async def try_now(token: FromPath[str], request: AnyRequest) -> Stream:
    """Lines of JSON: how it stands after each page of customers; the last line is the whole."""
    caller = await admit(request, token, Permission.SEND_MESSAGES)
    state, project_id = request.app.state, caller.project.id
    now = state.clock()
    play = await answered(play_of(state.database, project_id, read_body(await request.body(), Wish), now))

    async def lines(tried: Play | History) -> AsyncIterator[bytes]:
        async for one in try_policy(state.database, project_id, tried, now):
            yield msgspec.json.encode(one) + b"\n"

    return Stream(lines(play), media_type="application/x-ndjson")


router = Router("/api/v1/projects/{token:str}/policy", route_handlers=[try_now], tags=["policy"])
