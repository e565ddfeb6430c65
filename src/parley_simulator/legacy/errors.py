"""The legacy API's refusals; its two documents disagree on one key, so a switch decides (sinch.md 1.2)."""

from parley_simulator.exchange import Answer, ok
from parley_simulator.faults import Fault
from parley_simulator.world import World

MESSAGES = {400: "Validation error", 401: "401", 429: "429", 500: "500", 503: "503"}
REASONS = {
    401: "Unauthorized bot",
    429: "Too many requests",
    500: "Internal server error",
    503: "Internal service not available, request could not be handled",
}


def refuse(world: World, status: int, reason: str = "") -> Answer:
    """`{message, reason, details}`, or one of the last two."""
    sentence = reason or REASONS.get(status, "Request could not be handled")
    body = {"message": MESSAGES.get(status, str(status))}
    wanted = world.settings.legacy_errors
    for key in ("reason", "details"):
        if wanted in {"both", key}:
            body[key] = sentence
    return ok(body, status)


def refuse_on_order(world: World, fault: Fault) -> Answer:
    """What a scripted fault answers; token faults are plain 401s here, for the token never changes."""
    statuses = {"throttle": 429, "token_expired": 401, "token_revoked": 401, "billing": 403}
    answer = refuse(world, statuses.get(fault.kind, fault.status), fault.message)
    if fault.retry_after is None:
        return answer
    return Answer(status=answer.status, body=answer.body, headers={"retry-after": f"{fault.retry_after:g}"})
