"""A query parameter that an address does not have is a mistake, and told: `?limti=5` would give the whole list.

Exponea's clients send their own to /track and /data, so there they are passed over.
"""

from typing import Any

from litestar import Request
from litestar.handlers import BaseRouteHandler
from litestar.params import QueryParameter

from parley.api.errors import malformed
from parley.api.misfits import written_name

LONGEST_TOLD = 40
"""Characters of a name that nobody knows."""


def only_known_parameters(request: Request[Any, Any, Any]) -> None:
    """Before a door looks at anything else: 400 names what it does not have, and what it has."""
    known = parameters_of(request.route_handler)
    strange = next((name for name in request.query_params if name not in known), None)
    if strange is not None:
        there = f"there is {', '.join(known)}" if known else "it has none"
        raise malformed(f"{strange[:LONGEST_TOLD]}: this address has no such parameter; {there}.")


def parameters_of(door: BaseRouteHandler) -> list[str]:
    """As its function names them, which is also what the OpenAPI description tells."""
    fields = door.parsed_fn_signature.parameters.values()
    return [written_name(field) for field in fields if isinstance(field.kwarg_definition, QueryParameter)]
