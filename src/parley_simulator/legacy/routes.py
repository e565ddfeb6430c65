"""The legacy API's endpoints under `/whatsapp/v1/{bot_id}` (sinch.md 1.3)."""

import hmac
from functools import partial
from typing import Any

import msgspec

from parley_simulator.exchange import PASS, UNREADABLE, Answer, Call, Door, Pass, Route, Story, ok
from parley_simulator.handsets import digits
from parley_simulator.legacy.errors import refuse, refuse_on_order
from parley_simulator.legacy.send import send
from parley_simulator.legacy.wire import Misread, NumbersRequest, ReadRequest, read
from parley_simulator.line import Line
from parley_simulator.regions import asked_region
from parley_simulator.world import World

BLACKLIST_PAGE = 100


def door() -> Door:
    """Who gets into the legacy API."""
    return Door(api="legacy", gate=_gate, refuse=refuse_on_order, numbers=_numbers)


def routes(line: Line) -> tuple[Route, ...]:
    """All endpoints."""

    async def messages(world: World, call: Call) -> Answer:
        return await send(world, line, call)

    root = "/whatsapp/v1/{bot_id:str}"
    return (
        Route(method="POST", path=f"{root}/messages", name="legacy.messages", story=messages),
        Route(method="POST", path=f"{root}/provision/optin", name="legacy.optin", story=_marked(opted_in=True)),
        Route(method="DELETE", path=f"{root}/provision/optin", name="legacy.optout", story=_marked(opted_in=False)),
        Route(method="GET", path=f"{root}/capability", name="legacy.capability", story=_capability),
        Route(method="POST", path=f"{root}/capability", name="legacy.capability", story=_capability),
        Route(
            method="POST", path=f"{root}/provision/blacklist", name="legacy.blacklist", story=_marked(blacklisted=True)
        ),
        Route(
            method="DELETE",
            path=f"{root}/provision/blacklist",
            name="legacy.blacklist",
            story=_marked(blacklisted=False),
        ),
        Route(method="GET", path=f"{root}/provision/blacklist", name="legacy.blacklist", story=_blacklist),
        Route(method="POST", path=f"{root}/events", name="legacy.events", story=_read_event),
    )


def _gate(world: World, call: Call) -> Answer | Pass:
    """Wrong token, unknown bot and wrong region look the same: 401 (sinch.md 1.1)."""
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    known = (
        scheme.lower() == "bearer"
        and hmac.compare_digest(token.encode(), world.bot.bearer_token.encode())
        and call.path.get("bot_id") == world.bot.bot_id
        and asked_region(call.headers) in {"", world.region}
    )
    return PASS if known else refuse(world, 401)


def _numbers(body: bytes) -> tuple[str, ...]:
    """Whose phones a body is about, for faults; unreadable bodies are about nobody."""
    try:
        found: Any = msgspec.json.decode(body or b"{}")
    except UNREADABLE:
        return ()
    listed = (found.get("to") or found.get("numbers")) if isinstance(found, dict) else ()
    return tuple(digits(number) for number in listed if isinstance(number, str)) if isinstance(listed, list) else ()


def _marked(**changes: bool) -> Story:
    return partial(_mark, changes)


async def _mark(changes: dict[str, bool], world: World, call: Call) -> Answer:
    """200 with an empty body; saying it twice is fine (sinch.md 1.6)."""
    understood = read(call.body, NumbersRequest)
    if isinstance(understood, Misread):
        return refuse(world, 400, understood.reason)
    request, unknown = understood
    for number in request.numbers:
        world.handsets.change(digits(number), **changes)
    return Answer(status=200, unknown_keys=unknown)


async def _capability(world: World, call: Call) -> Answer:
    """Over its rate it answers 500, not 429 (sinch.md 1.6)."""
    rate = world.settings.capability_per_second
    if not world.within_rate("capability", rate, rate):
        return refuse(world, 500, "Request could not be processed")
    understood = read(call.body, NumbersRequest)
    if isinstance(understood, Misread):
        return refuse(world, 400, understood.reason)
    numbers = [digits(number) for number in understood[0].numbers]
    return ok({"capabilities": [{"msisdn": number, "capable": _capable(world, number)} for number in numbers]})


def _capable(world: World, number: str) -> bool:
    return world.settings.capable == "always" or world.handsets.find(number).on_whatsapp


async def _blacklist(world: World, call: Call) -> Answer:
    page = call.query.get("page", "0")
    if not page.isdecimal():
        return refuse(world, 400, "Field [page] is not valid.")
    listed = [f"+{handset.number}" for handset in world.handsets.listed() if handset.blacklisted]
    start = int(page) * BLACKLIST_PAGE
    return ok({"numbers": listed[start : start + BLACKLIST_PAGE]})


async def _read_event(world: World, call: Call) -> Answer:
    understood = read(call.body, ReadRequest)
    if isinstance(understood, Misread):
        return refuse(world, 400, understood.reason)
    return Answer(status=201)
