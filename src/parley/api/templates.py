"""`/api/v1`: the registry of templates, read and steered with a project's private keys."""

from typing import Annotated, Any, NoReturn, TypeVar

import msgspec
from litestar import Request, Router, delete, get, post
from litestar.params import FromPath, FromQuery, QueryParameter

from parley.access import Permission
from parley.api.auth import admit
from parley.api.errors import ApiError, missing
from parley.api.reading import UnusableError, read_part
from parley.domain.errors import InvalidInputError, ParleyError
from parley.services.pull_template import pull_template
from parley.services.registry import Origin, Said, UnknownTemplateError
from parley.services.show_templates import LARGEST_PAGE, PAGE, list_templates, plain, show_template, template_history
from parley.services.steer_templates import end_override, order_hand_in, override_template, set_status
from parley.store.templates import NEWEST
from parley.templates import Status

AnyRequest = Request[Any, Any, Any]
Limit = Annotated[int, QueryParameter(ge=1, le=LARGEST_PAGE, description="How many at most.")]

T = TypeVar("T")


class StatusSaid(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where it stands, and how one knows."""

    status: Status
    reason: str


class HandIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """By which integration; the only one that can when none is named."""

    sender: str | None = None


class OverrideSaid(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why it may be sent all the same."""

    reason: str


@get("/", summary="List a project's templates")
async def list_all(
    token: FromPath[str],
    request: AnyRequest,
    limit: Limit = PAGE,
    after: FromQuery[str] = "",
    status: FromQuery[Status | None] = None,
) -> dict[str, Any]:
    """By name; `next` is what to give as `after` for the page that follows, null on the last."""
    caller = await admit(request, token, Permission.READ_DEFINITIONS)
    _check(after)
    database = request.app.state.database
    page = await list_templates(database, caller.project.id, after=after, limit=limit, status=status)
    return {"success": True, "data": msgspec.to_builtins(page.templates), "next": page.next}


@get("/{name:str}", summary="Show a template")
async def show(token: FromPath[str], name: FromPath[str], request: AnyRequest) -> dict[str, Any]:
    """Name as in its definition, `cart_reminder.en`: where it stands, its quality, how it was judged, its text."""
    caller = await admit(request, token, Permission.READ_DEFINITIONS)
    _check(name)
    state = request.app.state
    try:
        return _data(plain(await show_template(state.database, caller.project.id, name, state.clock())))
    except ParleyError as error:
        _refuse(error)


@get("/{name:str}/history", summary="What happened to a template")
async def history(
    token: FromPath[str],
    name: FromPath[str],
    request: AnyRequest,
    limit: Limit = PAGE,
    before: Annotated[int, QueryParameter(ge=1, le=NEWEST)] = NEWEST,
) -> dict[str, Any]:
    """The newest first: files applied, every status with its origin and reason; `next` is the `before` of the next."""
    caller = await admit(request, token, Permission.READ_DEFINITIONS)
    _check(name)
    try:
        page = await template_history(
            request.app.state.database, caller.project.id, name, before=before, limit=limit
        )  # fmt: skip
    except ParleyError as error:
        _refuse(error)
    return {"success": True, "data": msgspec.to_builtins(page.entries), "next": page.next}


@get("/{name:str}/file", summary="A template as the provider has it, as a file")
async def pull(
    token: FromPath[str], name: FromPath[str], request: AnyRequest, sender: FromQuery[str | None] = None
) -> dict[str, Any]:
    """For whoever wants to adopt it: `file`, and why an apply would refuse it. 404 where no account of the project has
    it, 400 where a file has no place for a part of it.
    """
    caller = await admit(request, token, Permission.READ_DEFINITIONS)
    _check(name + (sender or ""))
    try:
        return _data(
            msgspec.to_builtins(await pull_template(request.app.state.database, caller.project.id, name, sender))
        )
    except ParleyError as error:
        _refuse(error)


@post("/{name:str}/submit", status_code=202, summary="Hand a template in to WhatsApp")
async def submit(token: FromPath[str], name: FromPath[str], request: AnyRequest) -> dict[str, Any]:
    """`{"sender": "shop-whatsapp"}`, or nothing: a worker does it. 400 tells what WhatsApp would refuse."""
    caller = await admit(request, token, Permission.WRITE_DEFINITIONS)
    _check(name)
    wanted = _read(await request.body() or b"{}", HandIn)
    state, said = request.app.state, Said(Origin.PERSON, caller.key_id)
    try:
        by = await order_hand_in(state.database, caller.project.id, name, wanted.sender, said, state.clock())
    except ParleyError as error:
        _refuse(error)
    return _data({"sender": by})


@post("/{name:str}/status", status_code=200, summary="Say where a template stands")
async def say_status(token: FromPath[str], name: FromPath[str], request: AnyRequest) -> dict[str, Any]:
    """Where no provider tells it: `{"status": "approved", "reason": "…"}`. 400 where one does."""
    caller = await admit(request, token, Permission.WRITE_DEFINITIONS)
    _check(name)
    said = _read(await request.body(), StatusSaid)
    by = Said(Origin.PERSON, caller.key_id, said.reason)
    state = request.app.state
    try:
        await set_status(state.database, caller.project.id, name, said.status, by, state.clock())
    except ParleyError as error:
        _refuse(error)
    return {"success": True}


@post("/{name:str}/override", status_code=200, summary="Let a template be sent against the promotional check")
async def override(token: FromPath[str], name: FromPath[str], request: AnyRequest) -> dict[str, Any]:
    """`{"reason": "…"}`, kept with who said it, and shown with every decision. Until the text changes."""
    caller = await admit(request, token, Permission.WRITE_DEFINITIONS)
    _check(name)
    said = Said(Origin.PERSON, caller.key_id, _read(await request.body(), OverrideSaid).reason)
    state = request.app.state
    try:
        await override_template(state.database, caller.project.id, name, said, state.clock())
    except ParleyError as error:
        _refuse(error)
    return {"success": True}


@delete("/{name:str}/override", status_code=200, summary="Let the promotional check count again")
async def no_override(token: FromPath[str], name: FromPath[str], request: AnyRequest) -> dict[str, Any]:
    """Nothing happens when there was none."""
    caller = await admit(request, token, Permission.WRITE_DEFINITIONS)
    _check(name)
    state = request.app.state
    try:
        await end_override(
            state.database, caller.project.id, name, Said(Origin.PERSON, caller.key_id), state.clock()
        )  # fmt: skip
    except ParleyError as error:
        _refuse(error)
    return {"success": True}


def _read(body: bytes, kind: type[T]) -> T:
    try:
        return read_part(body or b"null", kind)
    except UnusableError as error:
        raise ApiError(400, {"success": False, "errors": [str(error)]}) from error


def _data(data: Any) -> dict[str, Any]:
    return {"success": True, "data": data}


def _check(name: str) -> None:
    """PostgreSQL knows no text with a zero in it."""
    if "\0" in name:
        raise missing("There is no template of that name.")


def _refuse(error: ParleyError) -> NoReturn:
    if isinstance(error, UnknownTemplateError):
        raise missing(str(error)) from error
    problems = error.problems if isinstance(error, InvalidInputError) else [error]
    raise ApiError(400, {"success": False, "errors": [str(one) for one in problems]}) from error


router = Router(
    "/api/v1/projects/{token:str}/templates",
    route_handlers=[list_all, show, history, pull, submit, say_status, override, no_override],
    tags=["templates"],
)
