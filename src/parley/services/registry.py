"""The registry of templates: the one place where a template changes where it stands, with the history of it.

All within the caller's transaction, which has locked the project: its stamp moves, so every process judges anew.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from parley.domain.errors import ParleyError
from parley.services.judge_anew import ask_about
from parley.services.stopping import TEMPLATE_STOPPED, release_for_all
from parley.store.database import Connection
from parley.store.definitions import definitions_of
from parley.store.reevaluations import Concerned
from parley.store.templates import (
    NewEntry,
    TemplateRow,
    add_to_history,
    drop_template,
    lock_template,
    put_template,
    templates_of,
)
from parley.templates import MessageTemplate, RuleSet, Status, parse_template
from parley.templates.judgement import JUDGE_VERSION, Judgement, judge
from parley.templates.life import Standing, status_applied, text_of

TEMPLATE_PAUSED = "template_paused"
"""What the policy says of messages that wait for a paused template."""
_WAITS_FOR: Mapping[str, str] = {Status.PAUSED: TEMPLATE_PAUSED, Status.APPROVED: TEMPLATE_STOPPED}
"""Why messages may wait, by where their template stands. Anywhere else they are refused."""


class Origin(StrEnum):
    """Who says something about a template."""

    FILE = "file"
    PERSON = "person"
    PROVIDER = "provider"
    PARLEY = "parley"


class Said(msgspec.Struct, frozen=True):
    """By whom, and why."""

    origin: Origin
    by: str | None = None
    reason: str | None = None


class UnknownTemplateError(ParleyError):
    """The project has no such template. `parley template list` shows them."""


async def template_row(connection: Connection, project_id: UUID, name: str) -> TemplateRow:
    """Locked. Raises UnknownTemplateError."""
    row = await lock_template(connection, project_id, name)
    if row is None:
        raise UnknownTemplateError(f"The project has no template {name}. `parley template list` shows them.")
    return row


async def register(
    connection: Connection,
    project_id: UUID,
    name: str,
    written: tuple[MessageTemplate | None, MessageTemplate],
    rules: RuleSet,
    now: datetime,
) -> None:
    """Its definition was stored: (what the file said before, what it says)."""
    before, after = written
    row = await lock_template(connection, project_id, name)
    judgement = judge(after, rules)
    standing = Standing(before, Status(row.status), row.provider_id is not None) if before and row else None
    status = status_applied(standing, after, has_errors=bool(judgement.errors))
    new_text = before is None or text_of(before) != text_of(after)
    fresh = TemplateRow(name, 0, status, now) if row is None else _with_text(row, new_text=new_text)
    kept = msgspec.structs.replace(fresh, status=status, judgement=_plain(judgement))
    said = Said(Origin.FILE, reason=after.override or None)
    await add_to_history(connection, project_id, name, NewEntry("applied", said.origin, after=status), now)
    await change(connection, project_id, row, _with_override(kept, after.override), said, now)


def _with_text(row: TemplateRow, *, new_text: bool) -> TemplateRow:
    """A person's word was about the text as it was."""
    if not new_text:
        return row
    return msgspec.structs.replace(
        row,
        problem=None,
        status_reason=None,
        override_reason=None,
        override_by=None,
        hand_in_at=None,
        hand_in_by=None,
        hand_in_failures=0,
    )


def _with_override(row: TemplateRow, override: str) -> TemplateRow:
    """What a file gives, a file takes away."""
    if override:
        return msgspec.structs.replace(row, override_reason=override, override_by=Origin.FILE)
    if row.override_by == Origin.FILE:
        return msgspec.structs.replace(row, override_reason=None, override_by=None)
    return row


def _plain(judgement: Judgement) -> dict[str, object]:
    plain: dict[str, object] = msgspec.to_builtins(judgement)
    return plain


async def change(
    connection: Connection, project_id: UUID, before: TemplateRow | None, after: TemplateRow, said: Said, now: datetime
) -> None:
    """Stores it, and notes what a person may ask about. Messages that wait for it are judged anew: once it is approved
    again, they leave.
    """
    moved = before is None or before.status != after.status
    await put_template(connection, project_id, msgspec.structs.replace(after, status_at=now) if moved else after)
    for what, old, new in _differences(before, after):
        entry = NewEntry(what, said.origin, old, new, said.by, said.reason)
        await add_to_history(connection, project_id, after.name, entry, now)
    if moved and after.status == Status.APPROVED:
        await release_for_all(connection, project_id, after.name, now)
    if moved and before is not None and before.status in _WAITS_FOR:
        await ask_about(connection, project_id, Concerned(template=after.name), [_WAITS_FOR[before.status]], now)


async def note(connection: Connection, project_id: UUID, name: str, entry: NewEntry, now: datetime) -> None:
    """Something happened that is no change."""
    await add_to_history(connection, project_id, name, entry, now)


def _differences(before: TemplateRow | None, after: TemplateRow) -> list[tuple[str, str | None, str | None]]:
    old = {name: getattr(before, field) if before else None for name, field in _TOLD.items()}
    new = {name: getattr(after, field) for name, field in _TOLD.items()}
    if before is None:
        old |= {"status": after.status, "quality": after.quality}  # as `applied` says, and nobody has said anything yet
    return [(name, old[name], new[name]) for name in _TOLD if old[name] != new[name]]


_TOLD: Mapping[str, str] = {
    "status": "status",
    "quality": "quality",
    "category": "provider_category",
    "override": "override_reason",
}


async def rejudge(connection: Connection, project_id: UUID, rules: RuleSet) -> list[str]:
    """Those that nobody has judged so yet: the project has changed its rules, or Parley has learned.

    Gives back what is sent no more by that.
    """
    rows = {row.name: row for row in await templates_of(connection, project_id) if not _is_judged_by(row, rules)}
    refused: list[str] = []
    if not rows:
        return refused
    for one in await definitions_of(connection, project_id):
        if one.kind == "template" and one.name in rows:
            judgement = judge(parse_template(one.body), rules)
            row = msgspec.structs.replace(rows[one.name], judgement=_plain(judgement))
            await put_template(connection, project_id, row)
            if row.override_reason is None and not judgement.may_be_sent:
                refused.append(one.name)
    return refused


def _is_judged_by(row: TemplateRow, rules: RuleSet) -> bool:
    kept = row.judgement or {}
    return (kept.get("rules"), kept.get("version")) == (rules, JUDGE_VERSION)


async def unregister(connection: Connection, project_id: UUID, name: str, now: datetime) -> None:
    """Its definition was deleted. At the provider it stays. What waits for it is judged anew, and refused."""
    row = await lock_template(connection, project_id, name)
    if row is not None:
        gone = NewEntry("deleted", Origin.PERSON, before=row.status)
        await add_to_history(connection, project_id, name, gone, now)
        await drop_template(connection, project_id, name)
        await ask_about(connection, project_id, Concerned(template=name), _WAITS_FOR.values(), now)
