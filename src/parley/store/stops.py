"""Senders, and templates of a sender, that must not be used until a person has looked."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from parley.store.database import Connection, sql


class Stop(msgspec.Struct, frozen=True):
    """What is stopped, and why."""

    sender: str
    code: str
    sentence: str
    template: str = ""
    """As its definition is called, `cart_reminder.en`; empty when nothing at all leaves by the sender."""


Stops = Mapping[tuple[str, str], Stop]
"""By sender and template."""


async def stops_of(connection: Connection, project_id: UUID) -> dict[tuple[str, str], Stop]:
    """Those that stand."""
    rows = await sql.stops.stops_of_project(connection, project_id=project_id)
    return {(row["sender"], row["template"]): Stop(**row) for row in rows}


async def put_stop(connection: Connection, project_id: UUID, stop: Stop, happened_at: datetime, now: datetime) -> bool:
    """False when nothing changed: it stands already (the first cause is kept, what follows is usually its
    consequence), or was released after `happened_at`.
    """
    said = msgspec.structs.asdict(stop)
    new = await sql.stops.put_stop(connection, project_id=project_id, happened_at=happened_at, now=now, **said)
    return bool(new)


async def release_sender(connection: Connection, project_id: UUID, sender: str, now: datetime) -> bool:
    """False when it was not stopped. Its stopped templates stay so."""
    status: str = await sql.stops.release_sender(connection, project_id=project_id, sender=sender, now=now)
    return not status.endswith(" 0")


async def release_template(connection: Connection, project_id: UUID, template: str, now: datetime) -> bool:
    """For every sender. False when none had it stopped."""
    status: str = await sql.stops.release_template(connection, project_id=project_id, template=template, now=now)
    return not status.endswith(" 0")
