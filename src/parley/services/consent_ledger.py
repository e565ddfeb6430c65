"""Reads the ledger of consents: what a customer said and where that leaves them, everybody's entries, the problems."""

from collections.abc import AsyncIterator
from datetime import datetime
from uuid import UUID

import msgspec

from parley.domain.consent import Action, ConsentCategory, ConsentEntry, is_granted, standing
from parley.domain.double_opt_in import asked, unanswered
from parley.domain.project import Project
from parley.services.whom import whom
from parley.store.consents import LedgerEntry, Page, categories, consents_of, page_of_ledger
from parley.store.database import Connection, Database

MOST_ON_A_PAGE = 1_000
EXPORTED_AT_ONCE = 1_000


class Standing(msgspec.Struct, frozen=True):
    """Where one customer stands in one category."""

    customer_id: UUID
    category: str
    granted: bool
    why: str
    since: datetime | None = None
    until: datetime | None = None


class Shown(msgspec.Struct, frozen=True):
    """A page of one customer's ledger, or of several who share a number."""

    standing: list[Standing]
    entries: list[LedgerEntry]
    next: UUID | None
    """Ask for what is before this id; None on the last page."""


async def show_consents(database: Database, project: Project, customer: str, page: Page, now: datetime) -> Shown:
    """The page is of the customer whom `customer` means. Raises InvalidInputError, NobodyError."""
    async with database.connection() as connection:
        found = await whom(connection, project, customer)
        known = await categories(connection, project.id)
        stands = [one for ident in found for one in await _standings(connection, ident, known, now)]
        entries = [
            entry
            for ident in found
            for entry in await page_of_ledger(connection, project.id, _one_more(page, customer_id=ident))
        ]
    wanted = [one for one in stands if page.category in (None, one.category)]
    return _cut(wanted, sorted(entries, key=lambda one: one.id, reverse=True), page.size)


async def list_problems(database: Database, project: Project, page: Page) -> Shown:
    """What revokes because it could not be understood, and what is in a category that the project does not have."""
    return await list_consents(database, project, msgspec.structs.replace(page, only_problems=True))


async def list_consents(database: Database, project: Project, page: Page) -> Shown:
    """Everybody's entries, the newest first."""
    async with database.connection() as connection:
        return _cut([], await page_of_ledger(connection, project.id, _one_more(page)), page.size)


async def export_consents(database: Database, project: Project, category: str | None) -> AsyncIterator[LedgerEntry]:
    """The whole ledger, the newest first, page by page."""
    page = Page(EXPORTED_AT_ONCE, category=category)
    while True:
        shown = await list_consents(database, project, page)
        for entry in shown.entries:
            yield entry
        if shown.next is None:
            return
        page = msgspec.structs.replace(page, before=shown.next)


def _one_more(page: Page, customer_id: UUID | None = None) -> Page:
    """So that one sees whether anything follows."""
    return msgspec.structs.replace(page, size=page.size + 1, customer_id=customer_id)


def _cut(stands: list[Standing], entries: list[LedgerEntry], size: int) -> Shown:
    following = entries[size - 1].id if len(entries) > size else None
    return Shown(stands, entries[:size], following)


async def _standings(
    connection: Connection, customer_id: UUID, known: dict[str, ConsentCategory], now: datetime
) -> list[Standing]:
    said = (await consents_of(connection, [customer_id]))[customer_id]
    names = [*known, *(name for name in said if name not in known)]
    return [_standing(customer_id, name, known.get(name), said.get(name, []), now) for name in names]


def _standing(
    customer_id: UUID, name: str, category: ConsentCategory | None, entries: list[ConsentEntry], now: datetime
) -> Standing:
    last = standing(entries, now)
    granted = is_granted(category, last, now)
    question = None if granted else unanswered(entries, now)
    if question is not None:
        why = "has yet to confirm" if asked(entries, now) else "did not confirm in time"
        return Standing(customer_id, name, granted, why, question.valid_from, question.confirm_until)
    if last is None:
        return Standing(customer_id, name, granted, "legitimate interest" if granted else "never asked")
    why = "agreed" if granted else _WHY.get(last.action, "ended")
    return Standing(customer_id, name, granted, why, last.valid_from, last.valid_until)


_WHY = {Action.REJECT: "revoked", Action.INVALID: "malformed, which counts as revoked"}
