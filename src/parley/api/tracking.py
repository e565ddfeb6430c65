"""`/track/v2`: what shops' clients send, in the shape that Exponea's clients speak (docs/reference/tracking-api.md)."""

from collections.abc import Callable
from typing import Any

import msgspec
from litestar import Request, Router, get, post
from litestar.params import FromPath

from parley.access import Permission
from parley.api.auth import admit, admit_anybody
from parley.api.errors import refused, worded
from parley.api.reading import (
    UnusableError,
    checked_event_id,
    checked_properties,
    checked_text,
    read_ids,
    read_json,
    read_part,
    read_time,
)
from parley.domain.customer import PROPERTIES
from parley.domain.project import ProjectSettings
from parley.services.track import Command, Done, Refused, Result, TellTime, Told, TrackEvent, UpdateCustomer

LARGEST_BATCH = 50
LARGEST_BODY = 8_000_000
"""Bytes of a whole batch; each of its messages has its own limit."""


class _CustomerBody(msgspec.Struct):
    """Unknown members are ignored: clients send their names and versions along."""

    customer_ids: dict[str, Any] | None = None
    properties: dict[str, Any] | None = None
    update_timestamp: float | str | None = None


class _EventBody(msgspec.Struct):
    customer_ids: dict[str, Any] | None = None
    event_type: str | None = None
    properties: dict[str, Any] | None = None
    timestamp: float | str | None = None
    event_id: str | int | None = None


class _CommandBody(msgspec.Struct):
    name: Any = None
    command_id: Any = None
    data: msgspec.Raw = msgspec.Raw(b"null")


class _BatchBody(msgspec.Struct):
    commands: list[msgspec.Raw]


@get("/system/time")
async def system_time(token: FromPath[str], request: Request[Any, Any, Any]) -> dict[str, Any]:
    """The server's time, in UNIX seconds."""
    await admit_anybody(request, token)
    return {"success": True, "errors": [], "time": request.app.state.clock().timestamp()}


@post("/customers", status_code=200)
async def update_customer(token: FromPath[str], request: Request[Any, Any, Any]) -> dict[str, Any]:
    """Create a customer, or set attributes of one."""
    return await _track_one(token, request, "customers")


@post("/customers/events", status_code=200)
async def add_event(token: FromPath[str], request: Request[Any, Any, Any]) -> dict[str, Any]:
    """Track an event."""
    return await _track_one(token, request, "customers/events")


async def _track_one(token: str, request: Request[Any, Any, Any], name: str) -> dict[str, Any]:
    caller = await admit(request, token, Permission.TRACK)
    body = await request.body()
    read_json(body, dict[str, msgspec.Raw])  # tells "no JSON" (400) from "unusable JSON"
    command = _command(name, body, caller.project.settings)
    state = request.app.state
    (result,) = await state.tracking.track(caller, [command], state.clock())
    if isinstance(result, Refused):
        raise refused(*result.errors)
    return {"success": True, "errors": [], **_warned(result)}


@post("/batch", status_code=200, request_max_body_size=LARGEST_BODY)
async def batch(token: FromPath[str], request: Request[Any, Any, Any]) -> dict[str, Any]:
    """Up to 50 commands in one transaction. One that is refused does not hold the others back."""
    caller = await admit(request, token, Permission.TRACK)
    state = request.app.state
    started = state.clock()
    raw = read_json(await request.body(), _BatchBody).commands
    if len(raw) > LARGEST_BATCH:
        raise refused(f"A batch holds at most {LARGEST_BATCH} commands; this one has {len(raw)}.")
    read = [_read_command(one, caller.project.settings) for one in raw]
    results = await state.tracking.track(caller, [command for _, command in read], started)
    return {
        "success": True,
        "start_time": started.timestamp(),
        "end_time": state.clock().timestamp(),
        "results": [_told(command_id, result) for (command_id, _), result in zip(read, results, strict=True)],
    }


def _read_command(raw: msgspec.Raw, settings: ProjectSettings) -> tuple[object, Command | Refused]:
    """The client's name for a command, and the command."""
    try:
        body = read_part(raw, _CommandBody)
    except UnusableError as error:
        return None, Refused((str(error),))
    return body.command_id, _command(body.name, bytes(body.data), settings)


def _told(command_id: object, result: Result) -> dict[str, Any]:
    echo = {} if command_id is None else {"command_id": command_id}
    match result:
        case Done():
            return {"success": True, **echo, **_warned(result)}
        case Told(time=time):
            return {"success": True, "time": time, **echo}
        case Refused(errors=errors):
            return {"success": False, "errors": [worded(error) for error in errors], **echo}


def _warned(result: Result) -> dict[str, list[str]]:
    """A member that clients do not know, and only when there is something to say."""
    warnings = result.warnings if isinstance(result, Done) else ()
    return {"warnings": [worded(warning) for warning in warnings]} if warnings else {}


def _command(name: object, raw: bytes, settings: ProjectSettings) -> Command | Refused:
    reader = _COMMANDS.get(name) if isinstance(name, str) else None
    if reader is None:
        said = "A command needs a `name`" if name is None else f"There is no command {str(name)[:40]!r}"
        return Refused((f"{said}: use {', '.join(_COMMANDS)}.",))
    try:
        return reader(raw, settings)
    except UnusableError as error:
        return Refused((str(error),))


def _read_customer(raw: bytes, settings: ProjectSettings) -> Command:
    body = read_part(raw, _CustomerBody)
    set_at = read_time(body.update_timestamp)
    if len(body.properties or ()) > PROPERTIES:
        raise UnusableError(f"A customer has at most {PROPERTIES} attributes.")
    return UpdateCustomer(
        ids=read_ids(body.customer_ids, settings),
        properties=checked_properties(body.properties, raw),
        update_timestamp=None if set_at is None else set_at.timestamp(),
    )


def _read_event(raw: bytes, settings: ProjectSettings) -> Command:
    body = read_part(raw, _EventBody)
    return TrackEvent(
        ids=read_ids(body.customer_ids, settings),
        type=checked_text(body.event_type or "", "The event_type"),
        properties=checked_properties(body.properties, raw),
        occurred_at=read_time(body.timestamp),
        event_id=checked_event_id(body.event_id),
    )


def _read_time(_raw: bytes, _settings: ProjectSettings) -> Command:
    return TellTime()


_COMMANDS: dict[str, Callable[[bytes, ProjectSettings], Command]] = {
    "customers": _read_customer,
    "customers/events": _read_event,
    "system/time": _read_time,
}

router = Router("/track/v2/projects/{token:str}", route_handlers=[system_time, update_customer, add_event, batch])
