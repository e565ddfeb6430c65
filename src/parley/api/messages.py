"""`/api/v1`: why a message was or was not sent, for whoever may read the project's customers."""

from typing import Any

import msgspec
from litestar import Request, Router, get
from litestar.params import FromPath

from parley.access import Permission
from parley.api.auth import admit, admit_by_key
from parley.api.errors import missing
from parley.services.callers import Caller
from parley.services.explain_message import Explanation, UnknownMessageError, explain_message

AnyRequest = Request[Any, Any, Any]


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


async def _told(request: AnyRequest, caller: Caller, message_id: str) -> dict[str, Any]:
    try:
        found = await explain_message(request.app.state.database, message_id, caller.project.id)
    except UnknownMessageError as error:
        raise missing(str(error)) from error
    return {"success": True, "data": _decisions(found)}


def _decisions(found: Explanation) -> dict[str, Any]:
    """Each as it was stored, with what today's rules make of it."""
    message = found.message
    told: dict[str, Any] = {
        "message_id": str(message.id),
        "state": message.state,
        "code": message.outcome_code,
        "sentence": message.outcome_sentence,
    }
    links = {"in_place_of": found.in_place_of, "followed_by": found.followed_by}
    told |= {name: other for name, other in links.items() if other is not None}
    for step, retaken in found.retaken.items():
        told[step] = {**message.decision[step], "retaken": msgspec.to_builtins(retaken)}
    return told


router = Router("/api/v1", route_handlers=[decision, decision_in_project], tags=["messages"])
