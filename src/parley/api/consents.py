"""`/api/v1`: the ledger of consents, read and added to with a project's private keys."""

from collections.abc import Awaitable
from typing import Annotated, Any, TypeVar
from uuid import UUID

import msgspec
from litestar import Request, Router, get, post
from litestar.params import FromPath, FromQuery, QueryParameter

from parley.access import Permission
from parley.api.auth import admit
from parley.api.errors import ApiError, malformed, missing
from parley.domain.errors import InvalidInputError
from parley.domain.malformed import no_object
from parley.domain.misfit import misfit
from parley.services.consent_ledger import MOST_ON_A_PAGE, Shown, list_consents, list_problems, show_consents
from parley.services.say_consent import Said, say_consent
from parley.services.upload_consents import Wish, list_uploads, upload_consents
from parley.services.whom import NobodyError
from parley.store.consents import Page

AnyRequest = Request[Any, Any, Any]
PAGE = 100
"""Entries, unless `size` says otherwise."""
T = TypeVar("T")
Size = Annotated[int, QueryParameter(ge=1, le=MOST_ON_A_PAGE, description="How many at most.")]
Before = Annotated[str | None, QueryParameter(description="What `next` named on the page before.")]
Whose = Annotated[str | None, QueryParameter(description="`registered=jana`, `phone=+421…` or `id=UUID`.")]


@get("/", summary="Read the ledger of consents")
async def read_ledger(
    token: FromPath[str],
    request: AnyRequest,
    *,
    customer: Whose = None,
    category: FromQuery[str | None] = None,
    size: Size = PAGE,
    before: Before = None,
) -> dict[str, Any]:
    """With `customer` (`registered=jana`, `phone=+421…`, `id=…`) what that one said and where it leaves them; else
    everybody's entries. `category`, `size` and `before` narrow and page it.
    """
    caller = await admit(request, token, Permission.READ_CUSTOMERS)
    page = _page(size, before, category)
    state, project = request.app.state, caller.project
    if customer is None:
        return _told(await list_consents(state.database, project, page))
    return _told(await answered(show_consents(state.database, project, customer, page, state.clock())))


@get("/problems", summary="Consent events that revoke by being malformed, or that nobody asks for")
async def read_problems(
    token: FromPath[str], request: AnyRequest, *, size: Size = PAGE, before: Before = None
) -> dict[str, Any]:
    """Each with the sentence that says what was wrong; the newest first."""
    caller = await admit(request, token, Permission.READ_CUSTOMERS)
    return _told(await list_problems(request.app.state.database, caller.project, _page(size, before)))


@post("/", status_code=201, summary="Write down what a customer said")
async def write_consent(token: FromPath[str], request: AnyRequest) -> dict[str, Any]:
    """`customer`, `action` (accept or reject), `category`, `valid_from`, `valid_until`, `evidence`."""
    caller = await admit(request, token, Permission.WRITE_CONSENTS)
    said = read_body(await request.body(), Said)
    state = request.app.state
    done = await answered(say_consent(state.database, caller.project, said, caller.key_id, state.clock()))
    return {"success": True, "data": msgspec.to_builtins(done)}


@get("/uploads", summary="What the provider was told, number by number")
async def read_uploads(
    token: FromPath[str],
    request: AnyRequest,
    *,
    failed: FromQuery[bool] = False,
    size: Size = PAGE,
    before: Before = None,
) -> dict[str, Any]:
    """The newest first; `failed=true` shows only what did not arrive, `size` and `before` page it."""
    caller = await admit(request, token, Permission.READ_CUSTOMERS)
    after = read_before(before)
    listed = await list_uploads(request.app.state.database, caller.project, after, size, only_failed=failed)
    return {"success": True, "data": msgspec.to_builtins(listed)}


@post("/uploads", status_code=202, summary="Tell the provider who agreed and who does not")
async def upload(token: FromPath[str], request: AnyRequest) -> dict[str, Any]:
    """What it has not been told yet, opt-outs first: `sender`, `preset`, `again`. Workers send it."""
    caller = await admit(request, token, Permission.WRITE_CONSENTS)
    wish = read_body(await request.body() or b"{}", Wish)
    state = request.app.state
    done = await answered(upload_consents(state.database, caller.project, wish, state.clock()))
    return {"success": True, "data": msgspec.to_builtins(done)}


def read_body(body: bytes, kind: type[T]) -> T:
    """400 with the field and what is wrong with it."""
    try:
        return msgspec.json.decode(body or b"null", type=kind)
    except msgspec.ValidationError as error:
        field, sentence = misfit(error, kind)
        raise malformed(f"{field}: {sentence}." if field else f"{sentence}.") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise malformed(f"The body {no_object(body, error)}.") from error


async def answered(work: Awaitable[T]) -> T:
    """400 for what cannot be used, 404 for a customer who is not there."""
    try:
        return await work
    except InvalidInputError as error:
        raise ApiError(400, {"success": False, "errors": [str(problem) for problem in error.problems]}) from error
    except NobodyError as error:
        raise missing(str(error)) from error


def read_before(said: str | None) -> UUID | None:
    """Where a page goes on. Raises ApiError."""
    try:
        return UUID(said) if said else None
    except ValueError as error:
        raise malformed("before: must be the id that `next` named on the page before.") from error


def _page(size: int, before: str | None, category: str | None = None) -> Page:
    if category is not None and not category.isprintable():
        raise malformed("category: must be the name of a consent category.")
    return Page(size, read_before(before), category=category)


def _told(shown: Shown) -> dict[str, Any]:
    return {"success": True, "data": msgspec.to_builtins(shown)}


router = Router(
    "/api/v1/projects/{token:str}/consents",
    route_handlers=[read_ledger, read_problems, write_consent, read_uploads, upload],
    tags=["consents"],
)
