"""The Conversation API's refusals in google.rpc form, nested or flat (sinch.md 2.3)."""

import re

import msgspec

from parley_simulator.clock import written
from parley_simulator.exchange import Answer, ok
from parley_simulator.faults import Fault
from parley_simulator.world import World

STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
}
MESSAGES = {
    401: "Request had invalid authentication credentials",
    403: "The key may not use this project",
    404: "information not found",
    429: "Too many requests",
    500: "Internal error",
    501: "Not implemented",
    503: "Service unavailable",
}
MISSING = re.compile(r"required field `([^`]+)`")
WHERE = re.compile(r"`\$\.?([^`]*)`")


class Violation(msgspec.Struct, frozen=True):
    """Which field is wrong, and how."""

    field: str
    description: str


def refuse(world: World, code: int, message: str = "", *violations: Violation, status: str = "") -> Answer:
    """An error with its field violations."""
    details = [
        {
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            "field_violations": [{"field": it.field, "description": it.description} for it in violations],
        }
    ]
    error = {
        "code": code,
        "message": message or MESSAGES.get(code, "Error"),
        "status": status or _status(world, code),
        "details": details if violations else [],
    }
    return ok({"error": error} if world.settings.error_shape == "nested" else error, code)


def bad_field(world: World, field: str, description: str) -> Answer:
    """400 for one field."""
    return refuse(world, 400, f"Invalid argument: {field}: {description}", Violation(field, description))


def misread(world: World, error: Exception) -> Answer:
    """400 for a body that could not be read."""
    complaint = str(error)
    if not isinstance(error, msgspec.ValidationError):
        return refuse(world, 400, f"Malformed request: {complaint}")
    where = WHERE.search(complaint)
    missing = MISSING.search(complaint)
    parts = [part for part in (where[1] if where else "", missing[1] if missing else "") if part]
    return bad_field(world, ".".join(parts), complaint.partition(" - at")[0])


def throttled(world: World, retry_after: float | None = None) -> Answer:
    """429, with `Retry-After` when the knob or the fault says so."""
    answer = refuse(world, 429)
    pause = retry_after if retry_after is not None else (1 if world.settings.retry_after else None)
    return answer if pause is None else _with(answer, "retry-after", f"{pause:g}")


def expired(world: World) -> Answer:
    """The one 401 that clients may answer with a new token (sinch.md 2.2)."""
    sentence = f"Jwt expired at {written(world.now(), 0)}"
    value = (
        f'Bearer error="invalid_token", error_description="{sentence}", '
        'error_uri="https://tools.ietf.org/html/rfc6750#section-3.1"'
    )
    return _with(refuse(world, 401, sentence), "www-authenticate", value)


def refuse_on_order(world: World, fault: Fault) -> Answer:
    """What a scripted fault answers."""
    if fault.kind == "throttle":
        answer = refuse(world, 429, fault.message)
        return answer if fault.retry_after is None else _with(answer, "retry-after", f"{fault.retry_after:g}")
    if fault.kind == "token_expired":
        return expired(world)
    if fault.kind == "token_revoked":
        return refuse(world, 401, fault.message)
    if fault.kind == "billing":
        return refuse(world, 403, "BILLING_CREDIT_LIMIT_BREACHED")
    return refuse(world, fault.status, fault.message)


def _status(world: World, code: int) -> str:
    return world.settings.forbidden_status if code == 403 else STATUSES.get(code, "UNKNOWN")


def _with(answer: Answer, name: str, value: str) -> Answer:
    return msgspec.structs.replace(answer, headers={**answer.headers, name: value})
