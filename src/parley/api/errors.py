"""Every error leaves as the body that clients of this API know: `success`, and `errors` or `error`."""

import re
from typing import Any

import structlog
from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandlersMap

from parley.api.misfits import is_about_the_path, misfits, others_beside
from parley.domain.visible import shortened
from parley.services.resolve_customers import TooBusyError
from parley.store.database import AWAY, CONFUSED, is_in_doubt

_SENTENCES = {
    404: "There is nothing at this address.",
    405: "This address does not know that method.",
    413: "The body is too large.",
}
PASSING: tuple[type[Exception], ...] = (TooBusyError, *AWAY)
"""Not the caller's fault, and gone in a moment: the database restarts or cannot be reached, too many at once."""
RETRY_AFTER_SECONDS = 5


class ApiError(Exception):
    """Carries the answer that a door has decided on."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        self.status = status
        self.body = {name: _cut(said) for name, said in body.items()}
        super().__init__(str(self.body))


def _cut(said: Any) -> Any:
    """Its sentences may quote the caller, who may have said ten thousand letters."""
    match said:
        case str():
            return shortened(said)
        case list():
            return [_cut(one) for one in said]
        case dict():
            return {name: _cut(one) for name, one in said.items()}
        case _:
            return said


def refused(*errors: str) -> ApiError:
    """The JSON was read, but its content cannot be used. Clients know it by 200 and `success: false`."""
    return ApiError(200, {"success": False, "errors": [worded(error) for error in errors]})


def worded(sentence: str) -> str:
    """A sentence that quotes its caller may stand in a 200.

    Two PHP clients take that text anywhere in an answer for a refused key (exponea.md 3.1).
    """
    return _PHRASE.sub(r"\1-\2", sentence)


_PHRASE = re.compile(r"(no) (permission)", re.IGNORECASE)


def malformed(sentence: str) -> ApiError:
    """This is no JSON."""
    return ApiError(400, {"success": False, "errors": [sentence]})


def missing(sentence: str) -> ApiError:
    """What the call is about does not exist."""
    return ApiError(404, {"success": False, "errors": {"_global": [sentence]}})


def _told(_: Request[Any, Any, Any], error: ApiError) -> Response[dict[str, Any]]:
    return _response(error.status, error.body)


def _http(request: Request[Any, Any, Any], error: HTTPException) -> Response[dict[str, Any]]:
    status = 404 if is_about_the_path(request, error) else error.status_code
    beside = others_beside(request) if status == 404 else []
    if beside:
        errors = [f"There is nothing at this address; there is {', '.join(beside)}."]
    else:
        errors = misfits(request, error) or [_SENTENCES.get(status, error.detail)]
    return _response(status, {"success": False, "errors": errors}, error.headers)


def passing(request: Request[Any, Any, Any], error: Exception) -> Response[dict[str, Any]]:
    """Come again."""
    unclear = isinstance(error, CONFUSED)
    structlog.get_logger().warning("not available", path=_address(request), error=repr(error), exc_info=unclear)
    body = {"success": False, "errors": ["The server is busy. Try again in a moment."]}
    return _response(503, body, {"Retry-After": str(RETRY_AFTER_SECONDS)})


def _unexpected(request: Request[Any, Any, Any], error: Exception) -> Response[dict[str, Any]]:
    if is_in_doubt(error):  # whatever PostgreSQL called it as it closed the connection
        return passing(request, error)
    structlog.get_logger().error("unexpected error", path=_address(request), exc_info=error)
    return _response(500, {"success": False, "errors": ["Something is broken here. The operator has the details."]})


def _address(request: Request[Any, Any, Any]) -> str:
    """As the log may have it, `/confirm/{token}`: who has the token of a link confirms by it."""
    return str(request.scope["path_template"])


def _response(status: int, body: dict[str, Any], headers: dict[str, Any] | None = None) -> Response[dict[str, Any]]:
    return Response(body, status_code=status, headers=headers, media_type=MediaType.JSON)


EXCEPTION_HANDLERS: ExceptionHandlersMap = {
    ApiError: _told,
    HTTPException: _http,
    Exception: _unexpected,
    **dict.fromkeys(PASSING, passing),
}
