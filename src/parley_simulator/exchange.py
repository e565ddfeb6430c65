"""One request and its answer: faults first, then the door's own checks, then the story; all of it journalled."""

import asyncio
import os
import socket
import stat
from collections.abc import Awaitable, Callable
from typing import Any, Literal

import msgspec
from litestar import Request, Response
from litestar.handlers import HTTPRouteHandler
from litestar.handlers import route as litestar_route

from parley_simulator.faults import HEALTHY, REQUEST_KINDS, Fault
from parley_simulator.journal import Entry
from parley_simulator.world import World

# What msgspec raises for bytes that are no such value; nesting without end is a RecursionError.
UNREADABLE = (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError, RecursionError)
BODY_CEILING = 32 * 1024 * 1024  # a picture in base64 must fit

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """What came in."""

    method: str
    url: str
    path: dict[str, str]
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What goes out. The rest is for the journal."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = {}
    media_type: str = "application/json"
    our_id: str = ""
    numbers: tuple[str, ...] = ()
    message_ids: tuple[str, ...] = ()
    unknown_keys: tuple[str, ...] = ()


class Pass(msgspec.Struct, frozen=True):
    """The door lets the call in."""


PASS = Pass()
Story = Callable[[World, Call], Awaitable[Answer]]
Gate = Callable[[World, Call], Answer | Pass]
Refusal = Callable[[World, Fault], Answer]
Numbers = Callable[[bytes], tuple[str, ...]]


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """One API: its name, who gets in, how it refuses on order, and whose phones a body is about."""

    api: str
    gate: Gate
    refuse: Refusal
    numbers: Numbers


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One endpoint. `name` is what faults and the journal call it."""

    method: Method
    path: str
    name: str
    story: Story


def ok(value: object, status: int = 200) -> Answer:
    """A JSON answer."""
    return Answer(status=status, body=msgspec.json.encode(value))


def open_door(world: World, door: Door, routes: tuple[Route, ...]) -> list[HTTPRouteHandler]:
    """Litestar's handlers for an API's routes."""
    return [_handler(world, door, route) for route in routes]


def _handler(world: World, door: Door, route: Route) -> HTTPRouteHandler:
    async def handle(request: Request[Any, Any, Any]) -> Response[bytes]:
        call = await _read(request)
        answer = await _respond(world, door, route, call, request)
        return Response(answer.body, status_code=answer.status, headers=answer.headers, media_type=answer.media_type)

    return litestar_route(
        route.path,
        http_method=[route.method],
        status_code=200,
        name=f"{route.method} {route.path}",
        request_max_body_size=BODY_CEILING,
    )(handle)


async def _read(request: Request[Any, Any, Any]) -> Call:
    return Call(
        method=request.method,
        url=request.url.path,
        path={name: str(value) for name, value in request.path_params.items()},
        query=_query(request),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=await request.body(),
    )


def _query(request: Request[Any, Any, Any]) -> dict[str, str]:
    """A parameter that is given again is read as a list with commas, which is the other way to write it."""
    given: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        given.setdefault(name, []).append(str(value))
    return {name: ",".join(values) for name, values in given.items()}


async def _respond(world: World, door: Door, route: Route, call: Call, request: Request[Any, Any, Any]) -> Answer:
    numbers = door.numbers(call.body)
    fault = HEALTHY if door.api == "control" else world.faults.take(REQUEST_KINDS, route.name, numbers)
    kind = fault.kind if isinstance(fault, Fault) else ""
    if isinstance(fault, Fault):
        answer = await _disturbed(world, door, route, call, fault)
    else:
        answer = await _enter(world, door, route, call)
    _note(world, door, route, call, answer, numbers, kind)
    if kind in {"cut", "accept_then_timeout"}:
        await _cut(request, fault.seconds if kind == "accept_then_timeout" and isinstance(fault, Fault) else 0)
    return answer


async def _enter(world: World, door: Door, route: Route, call: Call) -> Answer:
    admitted = door.gate(world, call)
    return admitted if isinstance(admitted, Answer) else await route.story(world, call)


async def _disturbed(world: World, door: Door, route: Route, call: Call, fault: Fault) -> Answer:
    if fault.kind == "slow":
        await asyncio.sleep(fault.seconds)
    if fault.kind in {"slow", "accept_then_timeout"}:
        return await _enter(world, door, route, call)
    if fault.kind == "accept_then_html503":
        await _enter(world, door, route, call)
        return _page(503, "Service Unavailable")
    if fault.kind == "cut":
        return Answer(status=502)  # reaches nobody
    if fault.kind == "html502":
        return _page(502, "Bad Gateway")
    return door.refuse(world, fault)


def _page(status: int, said: str) -> Answer:
    """Of a proxy that stands before Sinch."""
    page = f"<html><head><title>{status} {said}</title></head><body><h1>{status} {said}</h1></body></html>"
    return Answer(status=status, body=page.encode(), media_type="text/html")


async def _cut(request: Request[Any, Any, Any], after: float) -> None:
    """Shut the caller's own connection, found among our sockets by the caller's port."""
    await asyncio.sleep(after)
    client = request.client
    if client is None:
        return
    for name in os.listdir("/dev/fd"):  # noqa: PTH208 - names of descriptors, not of files
        _shut_if_peer(int(name), client.port)


def _shut_if_peer(descriptor: int, port: int) -> None:
    try:
        if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
            return
        with socket.socket(fileno=os.dup(descriptor)) as line:
            if line.family == socket.AF_INET and line.getpeername()[1] == int(port):
                line.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # closed meanwhile or not connected: not the line we look for


def _note(  # noqa: PLR0913, PLR0917 - one journal line needs all of it
    world: World, door: Door, route: Route, call: Call, answer: Answer, numbers: tuple[str, ...], fault: str
) -> None:
    if door.api == "control":
        return
    world.journal.write(
        Entry(
            seq=0,
            at=world.now(),
            kind="request",
            api=door.api,
            name=route.name,
            method=call.method,
            url=call.url,
            status=answer.status,
            outcome="accepted" if answer.status < 300 else "refused",
            our_id=answer.our_id,
            numbers=answer.numbers or numbers,
            message_ids=answer.message_ids,
            body=call.body.decode(errors="replace"),
            answer=answer.body.decode(errors="replace"),
            unknown_keys=answer.unknown_keys,
            fault=fault,
        )
    )
