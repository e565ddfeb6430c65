"""Lanes: the messages that wait for one sender. Each lane is served its share, however long another has become."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from parley.store.database import Connection, sql


class Lane(msgspec.Struct, frozen=True, order=True):
    """A sender of a project; of webhooks that no sender carries, the project itself."""

    project_id: UUID
    sender: str
    """Its name; empty for none."""


FIRST = Lane(UUID(int=0), "")
"""Before all others."""


class WaitingLane(msgspec.Struct, frozen=True):
    """A lane that holds messages of one priority."""

    lane: Lane
    priority: int
    due: int
    """How many could be claimed now, counted up to `share`."""
    share: int
    """An equal part of the room for every lane with work."""
    stamp: int
    """Of its project's definitions."""
    is_away: bool
    """Its provider, so that one message at a time asks whether it is back."""


class Turn(msgspec.Struct, frozen=True):
    """How many messages may be claimed from a lane."""

    lane: Lane
    priority: int
    share: int


async def waiting_lanes(
    connection: Connection, after: Mapping[int, Lane], most: int, room: int, now: datetime
) -> list[WaitingLane]:
    """Of each priority in `after`, the next lanes behind the one named there, `most` at the most, in their order."""
    rows = await sql.lanes.waiting_lanes(
        connection,
        priorities=list(after),
        project_ids=[lane.project_id for lane in after.values()],
        senders=[lane.sender for lane in after.values()],
        most=most,
        room=room,
        now=now,
    )
    return [
        WaitingLane(_lane(row), row["priority"], row["due"], row["share"], row["stamp"], row["away"]) for row in rows
    ]


def by_lane(turns: Sequence[Turn]) -> dict[str, list[object]]:
    """The parameters of a query that serves several lanes."""
    return {
        "priorities": [turn.priority for turn in turns],
        "project_ids": [turn.lane.project_id for turn in turns],
        "senders": [turn.lane.sender for turn in turns],
        "shares": [turn.share for turn in turns],
    }


def _lane(row: Mapping[str, object]) -> Lane:
    return msgspec.convert({"project_id": row["project_id"], "sender": row["sender"]}, Lane)
