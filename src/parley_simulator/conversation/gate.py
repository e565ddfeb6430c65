"""Who gets into the Conversation API: token, project, region, rate, in this order (sinch.md 2.3)."""

from typing import Any

import msgspec

from parley_simulator.conversation.errors import expired, refuse, refuse_on_order, throttled
from parley_simulator.conversation.tokens import Invalid, key_is_right, read_token
from parley_simulator.exchange import PASS, UNREADABLE, Answer, Call, Door, Pass
from parley_simulator.handsets import digits
from parley_simulator.regions import asked_region
from parley_simulator.world import World


def door() -> Door:
    """Who gets into the Conversation API."""
    return Door(api="conversation", gate=_gate, refuse=refuse_on_order, numbers=_numbers)


def _gate(world: World, call: Call) -> Answer | Pass:
    for check in (_authenticated, _in_project, _in_region, _within_rate):
        answer = check(world, call)
        if isinstance(answer, Answer):
            return answer
    return PASS


def _authenticated(world: World, call: Call) -> Answer | Pass:
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        return _basic(world, call)
    claims = read_token(world, token) if scheme.lower() == "bearer" else Invalid()
    if isinstance(claims, Invalid):
        return refuse(world, 401)
    return PASS if world.now().timestamp() < claims.exp else expired(world)


def _basic(world: World, call: Call) -> Answer | Pass:
    """Works, but is meant for trials: a low rate of its own."""
    if not key_is_right(world, call.headers):
        return refuse(world, 401)
    rate = world.settings.basic_per_second
    return PASS if world.within_rate("basic", max(rate, 1), rate) else throttled(world)


def _in_project(world: World, call: Call) -> Answer | Pass:
    return PASS if call.path.get("project_id") == world.app.project_id else refuse(world, 403)


def _in_region(world: World, call: Call) -> Answer | Pass:
    return PASS if asked_region(call.headers) in {"", world.region} else refuse(world, 404)


def _within_rate(world: World, _call: Call) -> Answer | Pass:
    rate = world.settings.requests_per_second
    return PASS if world.within_rate("requests", max(rate, 1), rate) else throttled(world)


def _numbers(body: bytes) -> tuple[str, ...]:
    """The recipient a body names, for faults; an unreadable body is about nobody."""
    try:
        found = msgspec.json.decode(body or b"{}", type=_Addressed)
    except UNREADABLE:
        return ()
    identities: list[Any] = found.recipient.identified_by.channel_identities
    return tuple(digits(it.identity) for it in identities)


class _Identity(msgspec.Struct):
    identity: str = ""


class _IdentifiedBy(msgspec.Struct):
    channel_identities: list[_Identity] = []


class _Recipient(msgspec.Struct):
    identified_by: _IdentifiedBy = msgspec.field(default_factory=_IdentifiedBy)


class _Addressed(msgspec.Struct):
    recipient: _Recipient = msgspec.field(default_factory=_Recipient)
