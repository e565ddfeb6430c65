"""What would become of a message to an audience, were it planned now. Nothing is written (services.page_through)."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import msgspec

from parley import segments
from parley.services.condition_facts import facts_for_conditions
from parley.services.page_through import CHUNK, Planned, Scene, page_through
from parley.services.people import Person, people
from parley.services.plan_messages import Ask, Rehearsal
from parley.store.database import Connection, Database


class Play(msgspec.Struct, frozen=True):
    """Who would be sent what."""

    audience: Any
    """A condition; None is everybody."""
    ask: Ask


def rehearse(
    database: Database, project_id: UUID, play: Play, now: datetime, chunk: int = CHUNK
) -> AsyncIterator[Scene]:
    """Page after page."""
    return page_through(database, project_id, partial(_Stage, play, now), now, chunk)


class _Stage:
    """Plays one page."""

    def __init__(self, play: Play, now: datetime, connection: Connection, company: Rehearsal) -> None:
        self._connection = connection
        self._company = company
        self._play = play
        self._now = now

    async def play(self, customer_ids: Sequence[UUID]) -> Planned:
        known = await self._audience(await people(self._connection, customer_ids))
        planned = await self._company.plan(self._connection, known, self._play.ask)
        return [(known[one.customer_id], one) for one in planned]

    async def _audience(self, known: dict[UUID, Person]) -> dict[UUID, Person]:
        condition = self._play.audience
        if condition is None:
            return known
        facts = await facts_for_conditions(self._connection, self._company.project, known, [condition], self._now)
        return {ident: one for ident, one in known.items() if segments.holds(condition, facts[ident], self._now)}
