"""The registry as people read it: a page of templates, one with all that is known of it, its history."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from parley.costs import Difference
from parley.domain.template_category import filed_today
from parley.services.definitions import ProjectDefinitions, project_definitions
from parley.services.pull_template import read_copy
from parley.services.registry import UnknownTemplateError
from parley.services.text_facts import judgement_of
from parley.store.database import Database
from parley.store.provider_templates import ProviderTemplate, page_of_others, provider_template
from parley.store.templates import (
    NEWEST,
    Entry,
    TemplateRow,
    history_of_template,
    page_of_templates,
    templates_of,
)
from parley.templates import MessageTemplate, RuleSet, Status
from parley.templates.judgement import Judgement
from parley.templates.life import text_of
from parley.templates.rule_sets import whatsapps_on

PAGE = 100
LARGEST_PAGE = 1000


class TemplateLine(msgspec.Struct, frozen=True):
    """One template in a list."""

    name: str
    """As its definition is called: `cart_reminder.en`."""
    version: int
    category: str
    status: str
    status_at: datetime
    status_reason: str | None
    quality: str
    provider_category: str | None
    """What WhatsApp files it as, where that is known."""
    predicted: str
    """What WhatsApp will file it as, by the promotional check; empty where that cannot read the text."""
    sender: str | None
    problem: str | None
    override: str | None
    handing_in: bool
    only_at_provider: bool = False
    """The project has no file of it: `parley template pull` prints one. Its version is 0."""


class Page(msgspec.Struct, frozen=True):
    """Some templates; `next` is the name to go on after, None on the last page."""

    templates: tuple[TemplateLine, ...]
    next: str | None


class TemplateView(msgspec.Struct, frozen=True):
    """All that is known of one template."""

    line: TemplateLine
    judgement: Judgement
    costs_more: Difference | None
    """When WhatsApp files it as predicted, or has done so, and not as it is handed in."""
    overridden_by: str | None
    rules_are_whatsapps: bool
    """Is the project's rule set WhatsApp's own today, or stricter by the project's choice?"""
    template: MessageTemplate


class HistoryPage(msgspec.Struct, frozen=True):
    """The newest first; `next` is the entry to go on before."""

    entries: tuple[Entry, ...]
    next: int | None


async def list_templates(
    database: Database, project_id: UUID, *, after: str = "", limit: int = PAGE, status: Status | None = None
) -> Page:
    """By name: the project's, and what only its accounts at the provider have."""
    async with database.connection() as connection:
        project = await project_definitions(connection, project_id)
        rows = await page_of_templates(connection, project_id, after, limit + 1, status)
        others = await page_of_others(connection, project_id, after, limit + 1, status)
    by_name = _by_name(project)
    own = [_line(row, by_name[row.name], project) for row in rows if row.name in by_name]
    lines = sorted([*own, *(_only_there(one) for one in others)], key=lambda line: line.name)
    return Page(tuple(lines[:limit]), lines[limit - 1].name if len(lines) > limit else None)


async def show_template(database: Database, project_id: UUID, name: str, now: datetime) -> TemplateView:
    """Raises UnknownTemplateError."""
    async with database.connection() as connection:
        project = await project_definitions(connection, project_id)
        rows = {row.name: row for row in await templates_of(connection, project_id)}
        other = None if name in rows else await provider_template(connection, project_id, name)
    if other is not None:
        return _view_of_other(other, project, now)
    template = _by_name(project).get(name)
    if template is None or name not in rows:
        raise UnknownTemplateError(f"The project has no template {name}. `parley template list` shows them.")
    row = rows[name]
    judgement = judgement_of(row, text_of(template), RuleSet(project.settings.rules))
    asked = filed_today(template.category)
    filed = row.provider_category or judgement.predicted or asked
    more = None if asked == filed else project.prices.difference(asked, filed, now)
    own = whatsapps_on(now.date()) is judgement.rules
    return TemplateView(_line(row, template, project), judgement, more, row.override_by, own, template)


def _view_of_other(other: ProviderTemplate, project: ProjectDefinitions, now: datetime) -> TemplateView:
    """Raises InvalidInputError for what has no place in a file."""
    read = read_copy(other, RuleSet(project.settings.rules))
    predicted = read.judgement.predicted
    filed = other.category or predicted
    more = project.prices.difference(filed, predicted, now) if predicted and filed != predicted else None
    own = whatsapps_on(now.date()) is read.judgement.rules
    return TemplateView(_only_there(other), read.judgement, more, None, own, text_of(read.template))


async def template_history(
    database: Database, project_id: UUID, name: str, *, before: int = NEWEST, limit: int = PAGE
) -> HistoryPage:
    """Also of a template that was deleted. Raises UnknownTemplateError when there never was one."""
    async with database.connection() as connection:
        entries = await history_of_template(connection, project_id, name, before, limit + 1)
    if not entries and before == NEWEST:
        raise UnknownTemplateError(
            f"The project never had a template {name}. `parley template list` shows those it has."
        )
    return HistoryPage(tuple(entries[:limit]), entries[limit - 1].id if len(entries) > limit else None)


def _by_name(project: ProjectDefinitions) -> dict[str, MessageTemplate]:
    return {".".join(key): template for key, template in project.templates.items()}


def _line(row: TemplateRow, template: MessageTemplate, project: ProjectDefinitions) -> TemplateLine:
    text = project.texts[template.name, template.language]
    return TemplateLine(
        name=row.name,
        version=row.version,
        category=template.category,
        status=row.status,
        status_at=row.status_at,
        status_reason=row.status_reason,
        quality=row.quality,
        provider_category=row.provider_category,
        predicted=text.predicted,
        sender=row.sender,
        problem=row.problem,
        override=row.override_reason,
        handing_in=row.hand_in_at is not None,
    )


def _only_there(other: ProviderTemplate) -> TemplateLine:
    return TemplateLine(
        name=other.name,
        version=0,
        category=other.category or "",
        status=other.status or "unknown",
        status_at=other.seen_at,
        status_reason=other.reason,
        quality=other.quality,
        provider_category=other.category,
        predicted=other.category or "",
        sender=other.sender,
        problem=None,
        override=None,
        handing_in=False,
        only_at_provider=True,
    )


def plain(view: TemplateView) -> dict[str, Any]:
    """As JSON shows it: one object."""
    line: dict[str, Any] = msgspec.to_builtins(view.line)
    rest: dict[str, Any] = msgspec.to_builtins(view)
    del rest["line"]
    return {**line, **rest}
