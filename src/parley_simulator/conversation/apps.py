"""The app object and its consent lists (sinch.md 2.8, 2.9)."""

from typing import Literal, get_args

import msgspec

from parley_simulator.conversation.errors import bad_field, misread, refuse
from parley_simulator.exchange import UNREADABLE, Answer, Call, ok
from parley_simulator.fate import ConsentList
from parley_simulator.line import Line
from parley_simulator.world import World

CONSENT_PAGE = 50


class DispatchRetention(msgspec.Struct, frozen=True, kw_only=True):
    """Days that a DISPATCH app's messages are kept; 0 keeps none."""

    ttl_days: int = 0
    retention_type: str = "MESSAGE_EXPIRE_POLICY"


class AppPatch(msgspec.Struct, frozen=True, kw_only=True):
    """What of the app may be changed here."""

    processing_mode: Literal["DISPATCH", "CONVERSATION"] | msgspec.UnsetType = msgspec.UNSET
    dispatch_retention_policy: DispatchRetention | msgspec.UnsetType = msgspec.UNSET


def wire(world: World, line: Line) -> dict[str, object]:
    """The app as Sinch shows it; credentials are not shown."""
    settings = world.settings
    state = {"status": "ACTIVE", "description": ""}
    return {
        "id": world.app.app_id,
        "display_name": "Parley simulator",
        "processing_mode": settings.mode,
        "channel_credentials": [{"channel": "WHATSAPP", "channel_known_id": world.app.sender_id, "state": state}],
        "dispatch_retention_policy": {"retention_type": "MESSAGE_EXPIRE_POLICY", "ttl_days": settings.retention_days},
        "retention_policy": {
            "retention_type": "MESSAGE_EXPIRE_POLICY", "ttl_days": settings.conversation_retention_days
        },
        "rate_limits": {"outbound": settings.drain_per_second, "webhooks": settings.callbacks_per_second},
        "queue_stats": {"outbound_size": len(line), "outbound_limit": settings.queue_ceiling},
    }  # fmt: skip


async def patch(world: World, line: Line, call: Call) -> Answer:
    """Mode and retention."""
    try:
        wanted = msgspec.json.decode(call.body, type=AppPatch)
    except UNREADABLE as error:
        return misread(world, error)
    changes: dict[str, object] = {}
    if wanted.processing_mode is not msgspec.UNSET:
        changes["mode"] = wanted.processing_mode
    if isinstance(wanted.dispatch_retention_policy, DispatchRetention):
        changes["retention_days"] = wanted.dispatch_retention_policy.ttl_days
        if not 0 <= wanted.dispatch_retention_policy.ttl_days <= 7:
            return bad_field(world, "dispatch_retention_policy.ttl_days", "must be between 0 and 7")
    world.settings = msgspec.structs.replace(world.settings, **changes)
    return ok(wire(world, line))


async def consents(world: World, call: Call) -> Answer:
    """Who is on a consent list."""
    name = call.path["list_type"]
    if call.path["app_id"] != world.app.app_id:
        return refuse(world, 404, "app not found")
    if name not in get_args(ConsentList):
        return bad_field(world, "list_type", f"one of {', '.join(get_args(ConsentList))}")
    wanted = call.query.get("page_size", "10")
    if not wanted.isdecimal() or not 0 < int(wanted) <= CONSENT_PAGE:
        return bad_field(world, "page_size", f"must be between 1 and {CONSENT_PAGE}")
    numbers = sorted(world.consents.get(name, ()))
    after = call.query.get("page_token", "")
    left = [number for number in numbers if number > after]
    size = int(wanted)
    token = left[size - 1] if len(left) > size else ""
    return ok({"identities": [{"identity": number} for number in left[:size]], "next_page_token": token})


async def consent_audit(world: World, call: Call) -> Answer:
    """How a number came to be on the lists, and off them."""
    if call.path["app_id"] != world.app.app_id:
        return refuse(world, 404, "app not found")
    identity = call.path["identity"]
    return ok({"identity": identity, "audit_records": world.consent_audit.get(identity, [])})
