"""Stops a sender, or one of its templates, when the provider's word concerns all their messages; a person releases.

The word may be the answer to a send or a delivery report. What is stopped keeps its messages: the policy defers them.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

import msgspec
import structlog

from parley.domain.callback import DeliveryReport
from parley.domain.errors import ParleyError
from parley.domain.message import Kind, NotAccepted, Remedy, State, may_become
from parley.providers.errors import ERRORS
from parley.services.definitions import project_definitions
from parley.services.facts import template_named
from parley.services.holding import LaneNews, hold_by, note_news, pair_by, slow_pairs
from parley.services.judge_anew import ask_about
from parley.store.database import Connection, Database
from parley.store.messages import MessageRow
from parley.store.reevaluations import Concerned
from parley.store.stops import Stop, put_stop, release_sender, release_template, stops_of
from parley.store.templates import look_soon

STOPPING = frozenset({Remedy.STOP_SENDER, Remedy.STOP_TEMPLATE})
SENDER_STOPPED, TEMPLATE_STOPPED = "sender_stopped", "template_stopped"
"""What the policy says of messages that wait for a release."""


class NothingToReleaseError(ParleyError):
    """The project has no sending account or template of that name."""


class Released(msgspec.Struct, frozen=True):
    """`was_stopped` is False when there was nothing to release."""

    was_stopped: bool


def stop_by(row: MessageRow, remedy: Remedy, code: str, sentence: str) -> Stop | None:
    """What has to be stopped for what was said of this message. None where that is nothing that can be named."""
    if row.integration is None or remedy not in STOPPING:
        return None
    if remedy is Remedy.STOP_SENDER:
        return Stop(row.integration, code, sentence)
    template = template_named(Kind(row.kind), row.content.get("parameters", {}))
    return Stop(row.integration, code, sentence, template) if template else None


async def stop(connection: Connection, project_id: UUID, what: Stop, happened_at: datetime, now: datetime) -> None:
    """Unless somebody has released it since `happened_at`."""
    if await put_stop(connection, project_id, what, happened_at, now):
        stopped = {"template": what.template} if what.template else {}
        if what.template:
            await look_soon(connection, project_id, what.sender, now)  # is it paused, and until when?
        structlog.get_logger().error("stopped", sender=what.sender, **stopped, code=what.code, sentence=what.sentence)


async def heed_reports(
    connection: Connection, meant: Sequence[tuple[DeliveryReport, MessageRow]], now: datetime
) -> None:
    """Failures that concern more than their message. Rows as they stood before: what changes nothing stops nothing."""
    for report, row in meant:
        error = ERRORS.get(report.code or "")
        if report.state is not State.FAILED or error is None or not may_become(State(row.state), State.FAILED):
            continue
        hold = hold_by(row, NotAccepted(error.code, report.sentence or error.sentence, error.remedy))
        if hold is not None:
            await note_news(connection, {hold.lane: LaneNews(hold=hold)}, now)
        pair = pair_by(row, error.code)
        await slow_pairs(connection, row.project_id, {pair} if pair else (), now)
        what = stop_by(row, error.remedy, error.code, report.sentence or error.sentence)
        if what is not None:
            await stop(connection, row.project_id, what, report.occurred_at or now, now)


async def release_a_sender(database: Database, project_id: UUID, name: str, now: datetime) -> Released:
    """Workers make its waiting messages due. Raises NothingToReleaseError."""
    return await database.run(partial(_release_sender, project_id=project_id, name=name, now=now))


async def _release_sender(connection: Connection, project_id: UUID, name: str, now: datetime) -> Released:
    stops = await stops_of(connection, project_id)  # also accounts that were typed into a preset's form
    known = {*(await project_definitions(connection, project_id)).integrations, *(sender for sender, _ in stops)}
    _check_known("sending account", name, known)
    if not await release_sender(connection, project_id, name, now):
        return Released(was_stopped=False)
    await ask_about(connection, project_id, Concerned(sender=name), [SENDER_STOPPED], now)
    return Released(was_stopped=True)


async def release_a_template(database: Database, project_id: UUID, name: str, now: datetime) -> Released:
    """For every sender; `name` as its definition has it, `cart_reminder.en`. Raises NothingToReleaseError."""
    return await database.run(partial(_release_template, project_id=project_id, name=name, now=now))


async def _release_template(connection: Connection, project_id: UUID, name: str, now: datetime) -> Released:
    stops = await stops_of(connection, project_id)
    project = await project_definitions(connection, project_id)
    known = {*(".".join(key) for key in project.templates), *(template for _, template in stops if template)}
    _check_known("template", name, known)
    return Released(await release_for_all(connection, project_id, name, now))


async def release_for_all(connection: Connection, project_id: UUID, name: str, now: datetime) -> bool:
    """A template, for every sender: workers make its waiting messages due. False when none had it stopped."""
    if not await release_template(connection, project_id, name, now):
        return False
    await ask_about(connection, project_id, Concerned(template=name), [TEMPLATE_STOPPED], now)
    return True


def _check_known(kind: str, name: str, known: set[str]) -> None:
    if name not in known:
        raise NothingToReleaseError(f"The project has no {kind} {name}; it has {', '.join(sorted(known)) or 'none'}.")
