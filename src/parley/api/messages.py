"""`/api/v1`: a customer's messages, and why one was or was not sent, for whoever may read the project's customers."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Request, Router, get
from litestar.params import FromPath, QueryParameter

from parley.access import Permission
from parley.api.auth import admit, admit_by_key
from parley.api.consents import PAGE, Before, Size, answered, read_before
from parley.api.errors import malformed, missing
from parley.api.reading import UnusableError, read_time
from parley.domain.message import State
from parley.services.callers import Caller
from parley.services.explain_message import Explanation, UnknownMessageError, explain_message
from parley.services.list_messages import MessagesAsked, list_messages

AnyRequest = Request[Any, Any, Any]
Customer = Annotated[str, QueryParameter(description="`registered=jana`, `phone=+421…` or `id=UUID`.")]
States = Annotated[
    list[State] | None, QueryParameter(name="state", description="Only those that stand so; once for each.")
]
"""The framework keeps `state` for itself."""
Since = Annotated[str | None, QueryParameter(description="Only those planned on that day, at that moment, or later.")]


@get("/projects/{token:str}/messages", summary="List a customer's messages")
async def list_all(
    token: FromPath[str],
    request: AnyRequest,
    *,
    customer: Customer,
    states: States = None,
    since: Since = None,
    size: Size = PAGE,
    before: Before = None,
) -> dict[str, Any]:
    """The newest first, refused ones too: where each stands and why, what it costs. `next` is the `before` of the page
    that follows, null on the last.
    """
    caller = await admit(request, token, Permission.READ_CUSTOMERS)
    asked = MessagesAsked(customer, size, states or (), _since(since), read_before(before))
    app = request.app.state
    listed = await answered(list_messages(app.database, caller.project, asked, app.clock()))
    return {"success": True, "data": msgspec.to_builtins(listed)}


@get("/messages/{message_id:str}/decision", summary="Why a message was or was not sent")
async def decision(message_id: FromPath[str], request: AnyRequest) -> dict[str, Any]:
    """By our id or the provider's, in the project of the key."""
    return await _told(request, await admit_by_key(request, Permission.READ_CUSTOMERS), message_id)


@get(
    "/projects/{token:str}/messages/{message_id:str}/decision", summary="Why a message of a project was or was not sent"
)
async def decision_in_project(token: FromPath[str], message_id: FromPath[str], request: AnyRequest) -> dict[str, Any]:
    """By our id or the provider's."""
    return await _told(request, await admit(request, token, Permission.READ_CUSTOMERS), message_id)


def _since(said: str | None) -> datetime | None:
    try:
        return read_time(said)
    except UnusableError as error:
        raise malformed(f"since: {error}") from error


async def _told(request: AnyRequest, caller: Caller, message_id: str) -> dict[str, Any]:
    try:
        state = request.app.state
        found = await explain_message(state.database, message_id, state.clock(), caller.project.id)
    except UnknownMessageError as error:
        raise missing(str(error)) from error
    return {"success": True, "data": _decisions(found)}


def _decisions(found: Explanation) -> dict[str, Any]:
    """Each as it was stored, with what today's rules make of it."""
    message, (code, sentence) = found.message, found.reason
    told: dict[str, Any] = {
        "message_id": str(message.id),
        "state": message.state,
        "code": code,
        "sentence": sentence,
    }
    links = {"in_place_of": found.in_place_of, "followed_by": found.followed_by}
    told |= {name: other for name, other in links.items() if other is not None}
    for step, retaken in found.retaken.items():
        told[step] = {**message.decision[step], "retaken": msgspec.to_builtins(retaken)}
    return told


router = Router("/api/v1", route_handlers=[list_all, decision, decision_in_project], tags=["messages"])
