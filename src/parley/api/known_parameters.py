"""A query parameter that an address does not have is a mistake, and told: `?limti=5` would give the whole list. So is
one that it needs and did not get, and one that is said twice where only the last would count.

Exponea's clients send their own to /track and /data, so there they are passed over.
"""

from typing import Any

from litestar import Request
from litestar.handlers import BaseRouteHandler
from litestar.params import QueryParameter
from litestar.typing import FieldDefinition

from parley.api.errors import malformed
from parley.api.misfits import written_name

LONGEST_TOLD = 40
"""Characters of a name that nobody knows."""


def only_known_parameters(request: Request[Any, Any, Any]) -> None:
    """Before a door looks at anything else: 400 names what it does not have, and what it has."""
    said, known = request.query_params, parameters_of(request.route_handler)
    strange = next((name for name in said if name not in known), None)
    if strange is not None:
        there = f"there is {', '.join(known)}" if known else "it has none"
        raise malformed(f"{strange[:LONGEST_TOLD]}: this address has no such parameter; {there}.")
    for name, field in known.items():
        if field.is_required and name not in said:
            raise malformed(f"{name}: is missing; this address needs it.")
        if len(said.getall(name, [])) > 1 and not _may_repeat(field):
            raise malformed(f"{name}: is said more than once; say it once.")


def parameters_of(door: BaseRouteHandler) -> dict[str, FieldDefinition]:
    """By the names that its function gives them, which is also what the OpenAPI description tells."""
    fields = door.parsed_fn_signature.parameters.values()
    return {written_name(field): field for field in fields if isinstance(field.kwarg_definition, QueryParameter)}


def _may_repeat(field: FieldDefinition) -> bool:
    return any(one.is_non_string_collection for one in (field, *field.inner_types))
