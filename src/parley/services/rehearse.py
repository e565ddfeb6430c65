"""What would become of a message to an audience, were it planned now. Nothing is written, nobody is held up for long.

Customers are read page by page, each page in a transaction of its own that is rolled back, so that a million of them
cost no more memory than one page.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from parley import segments
from parley.services.bear_with import THEN_PASSED_OVER, bear_with
from parley.services.condition_facts import facts_for_conditions
from parley.services.people import Person, people
from parley.services.plan_messages import Ask, Rehearsal, rehearsal
from parley.store.customers import ids_of_project
from parley.store.database import Connection, Database
from parley.store.messages import NewMessage

CHUNK = 500
"""Customers in one transaction."""
_FIRST = UUID(int=0)


class Play(msgspec.Struct, frozen=True):
    """Who would be sent what."""

    audience: Any
    """A condition; None is everybody."""
    ask: Ask


class Scene(msgspec.Struct, frozen=True):
    """One page of customers."""

    looked_at: int
    broken: int
    """Customers whose work failed; the log has them."""
    planned: list[tuple[Person, NewMessage]]
    """Of those in the audience; with decision, and what it would cost."""


async def rehearse(
    database: Database, project_id: UUID, play: Play, now: datetime, chunk: int = CHUNK
) -> AsyncIterator[Scene]:
    """Page after page, until every customer has been looked at. What one page would cost counts for the next."""
    async with database.connection() as connection:
        company = await rehearsal(connection, project_id, now)
    after: UUID | None = _FIRST
    while after is not None:
        async with database.rehearsal() as connection:
            ids = await ids_of_project(connection, project_id, after, chunk)
            stage = _Stage(connection, company, play, now)
            planned = await bear_with(connection, ids, stage.play, stage.pass_over, THEN_PASSED_OVER) if ids else []
        after = ids[-1] if len(ids) == chunk else None
        yield Scene(len(ids), stage.broken, planned)


class _Stage:
    """Plays one page."""

    def __init__(self, connection: Connection, company: Rehearsal, play: Play, now: datetime) -> None:
        self.broken = 0
        self._connection = connection
        self._company = company
        self._play = play
        self._now = now

    async def play(self, customer_ids: Sequence[UUID]) -> list[tuple[Person, NewMessage]]:
        known = await self._audience(await people(self._connection, customer_ids))
        planned = await self._company.plan(self._connection, known, self._play.ask)
        return [(known[one.customer_id], one) for one in planned]

    async def pass_over(self, _: UUID) -> None:
        self.broken += 1

    async def _audience(self, known: dict[UUID, Person]) -> dict[UUID, Person]:
        condition = self._play.audience
        if condition is None:
            return known
        facts = await facts_for_conditions(self._connection, self._company.project, known, [condition], self._now)
        return {ident: one for ident, one in known.items() if segments.holds(condition, facts[ident], self._now)}
