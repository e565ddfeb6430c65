"""`/confirm/{token}`: the link by which a customer confirms a consent. No key: the token is what nobody can guess.

To look changes nothing, for mail programs and scanners open links by themselves; only the button (POST) confirms.
"""

import asyncio
from typing import Any

from litestar import HttpMethod, MediaType, Request, Response, post, route
from litestar.params import FromPath
from litestar.types import ExceptionHandlersMap

from parley.api.confirm_page import later_page, page
from parley.api.errors import PASSING, passing
from parley.domain.consent_evidence import longest
from parley.domain.double_opt_in import Answer
from parley.services.confirm_consents import Linked, confirm_by_link, look_at_question

AnyRequest = Request[Any, Any, Any]
LARGEST_BODY = 10_000
"""Bytes: nothing of it is read."""
PATIENCE_SECONDS = 5.0
"""A customer does not look at an empty page for longer while the database hangs."""
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_STATUSES = {Answer.CONFIRMED: 200, Answer.ALREADY: 200, Answer.WITHDRAWN: 409, Answer.EXPIRED: 410}
_SENTENCES = {
    Answer.WITHDRAWN: "The customer has withdrawn the consent since: it takes a new yes.",
    Answer.EXPIRED: "The time for the confirmation is over: it takes a new yes.",
}
_UNKNOWN = "There is no such link, or what it was about has been erased."


def _later(request: AnyRequest, error: Exception) -> Response[Any]:
    told = passing(request, error)
    if not _wants_a_page(request):
        return told
    html = later_page(request.headers.get("accept-language"))
    return Response(html, status_code=told.status_code, headers={**told.headers, **_HEADERS}, media_type=MediaType.HTML)


_LATER: ExceptionHandlersMap = dict.fromkeys(PASSING, _later)


@route(
    "/confirm/{token:str}",
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    exception_handlers=_LATER,
    summary="The page with the button that confirms a consent",
)
async def look(token: FromPath[str], request: AnyRequest) -> Response[Any]:
    """Whoever does not want a page (`Accept: application/json`) is told what a confirmation would do. HEAD is answered
    in the same way, without a body.
    """
    state = request.app.state
    async with asyncio.timeout(PATIENCE_SECONDS):
        asked = await look_at_question(state.database, token, state.clock())
    return _page(request, asked) if _wants_a_page(request) else _told(asked, confirmed=False)


@route(
    "/confirm/{token:str}/{rest:path}",
    http_method=[HttpMethod.GET, HttpMethod.HEAD, HttpMethod.POST],
    include_in_schema=False,
)
async def miss(request: AnyRequest) -> Response[Any]:
    """A link that something was added to leads nowhere."""
    return _page(request, None) if _wants_a_page(request) else _told(None, confirmed=False)


@post(
    "/confirm/{token:str}",
    status_code=200,
    request_max_body_size=LARGEST_BODY,
    exception_handlers=_LATER,
    summary="Confirm a consent",
)
async def confirm(token: FromPath[str], request: AnyRequest) -> Response[Any]:
    """Once or more often: it counts once. 410 when it comes too late, 409 when the customer has said no since.

    A browser is led back to the page (303), which says how it stands and can be loaded again.
    """
    state = request.app.state
    async with asyncio.timeout(PATIENCE_SECONDS):
        done = await confirm_by_link(state.database, token, _proof(request), state.clock())
    if not _wants_a_page(request):
        return _told(done, confirmed=True)
    if done is None:
        return _page(request, done)
    return Response("", status_code=303, headers={**_HEADERS, "Location": token}, media_type=MediaType.HTML)


def _proof(request: AnyRequest) -> dict[str, str]:
    """Who called, and what it says of itself. Behind a proxy the caller is the proxy: what that says is kept, too."""
    forwarded = request.headers.get("x-forwarded-for")
    seen = {
        "ip": request.client.host if request.client else None,
        "user_agent": request.headers.get("user-agent"),
        "forwarded_for": forwarded,
    }
    return {name: value[: longest(name)] for name, value in seen.items() if value}


def _wants_a_page(request: AnyRequest) -> bool:
    return "text/html" in request.headers.get("accept", "")


def _page(request: AnyRequest, asked: Linked | None) -> Response[Any]:
    html = page(asked, request.headers.get("accept-language"))
    return Response(html, status_code=_status(asked), headers=_HEADERS, media_type=MediaType.HTML)


def _told(asked: Linked | None, *, confirmed: bool) -> Response[Any]:
    return Response(_json(asked, confirmed=confirmed), status_code=_status(asked), headers=_HEADERS)


def _status(asked: Linked | None) -> int:
    return 404 if asked is None else _STATUSES[asked.answer]


def _json(asked: Linked | None, *, confirmed: bool) -> dict[str, Any]:
    if asked is None:
        return {"success": False, "errors": [_UNKNOWN]}
    if asked.answer in _SENTENCES:
        return {"success": False, "errors": [_SENTENCES[asked.answer]]}
    stands = confirmed or asked.answer is Answer.ALREADY
    told = {"confirmed": stands, "category": asked.category.name, "confirm_until": asked.until}
    return {"success": True, "data": told}
