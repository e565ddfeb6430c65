"""What an address or its query cannot be, told in the words of whoever wrote it, with what it can be."""

import re
from collections.abc import Sequence
from itertools import chain
from typing import Any

from litestar import Request
from litestar.exceptions import HTTPException
from litestar.params import QueryParameter
from litestar.routes import HTTPRoute
from litestar.types import Method
from litestar.typing import FieldDefinition

from parley.domain.misfit import NOT_CHOSEN, choices

AnyRequest = Request[Any, Any, Any]
LONGEST_TOLD = 40
"""Characters of a value that cannot be."""
MANAGEMENT = "/api/v1/"
_BOUND = re.compile(r"Expected `int` (>=|<=) (\d+)")
_BOUNDS = {">=": "at least", "<=": "at most"}
_MUST_BE = {
    "Expected `int`, got `str`": "a whole number",
    "Expected `bool`, got `str`": "true or false",
    "Invalid RFC3339 encoded date": "a date like 2026-11-23",
}
"""By what the framework says. Whatever else it says is told as it is."""


def written_name(field: FieldDefinition) -> str:
    """A parameter's name in the query; a door's function may have to call it otherwise."""
    kwarg = field.kwarg_definition
    return (kwarg.name if isinstance(kwarg, QueryParameter) else None) or field.name


def misfits(request: AnyRequest, error: HTTPException) -> list[str]:
    """A sentence for each part of the address or the query that does not fit; none when it is something else."""
    return [_sentence(request, name, message) for name, message in _parts(error)]


def is_about_the_path(request: AnyRequest, error: HTTPException) -> bool:
    """There is no address with such a part."""
    return any(name in request.path_params for name, _ in _parts(error))


def others_beside(request: AnyRequest) -> list[str]:
    """What the last part of this address could be for this method. Nothing outside of `/api/v1`."""
    path = request.url.path.strip("/").split("/")
    if not request.url.path.startswith(MANAGEMENT):
        return []
    routes = [one for one in request.app.routes if isinstance(one, HTTPRoute) and request.method in one.methods]
    return sorted(chain.from_iterable(_last_parts(one, request.method) for one in routes if _leads_to(one, path)))


def _leads_to(route: HTTPRoute, path: Sequence[str]) -> bool:
    """But for the last part."""
    parts = route.path_components
    return len(parts) == len(path) and all(
        part == said for part, said in zip(parts[:-1], path, strict=False) if isinstance(part, str)
    )


def _last_parts(route: HTTPRoute, method: Method) -> list[str]:
    last = route.path_components[-1]
    if isinstance(last, str):
        return [last]
    handler, _ = route.route_handler_map[method]
    return choices(handler.parsed_fn_signature.parameters[last.name].annotation)


def _parts(error: HTTPException) -> list[tuple[str, str]]:
    """(the name of what does not fit as the door's function has it, what the framework says), where it tells them."""
    parts = error.extra if isinstance(error.extra, list) else []
    return [(part["key"], part["message"]) for part in parts if {"key", "message"} <= part.keys()]


def _sentence(request: AnyRequest, name: str, message: str) -> str:
    field = request.route_handler.parsed_fn_signature.parameters[name]
    written = written_name(field)
    if message.startswith(NOT_CHOSEN):
        said = message.removeprefix(NOT_CHOSEN).strip("'")
        return f"{written}: must be one of {', '.join(choices(field.annotation))}; it is {said[:LONGEST_TOLD]!r}."
    if bound := _BOUND.fullmatch(message):
        return f"{written}: must be {_BOUNDS[bound[1]]} {bound[2]}."
    if kind := _MUST_BE.get(message):
        said = request.query_params.get(written, "")
        return f"{written}: must be {kind}; it is {said[:LONGEST_TOLD]!r}."
    return f"{written}: {message.replace('`', '')}."
