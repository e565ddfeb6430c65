"""Every customer of a project, page by page, as if messages were planned for them now. Nothing is written.

Each page is a transaction of its own that is rolled back: nobody is held up for long, and a million customers cost no
more memory than one page. What is played is the caller's (services.rehearse, services.rehearse_history).
"""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from parley.services.bear_with import THEN_PASSED_OVER, bear_with
from parley.services.people import Person
from parley.services.plan_messages import Rehearsal, rehearsal
from parley.store.customers import ids_of_project
from parley.store.database import Connection, Database
from parley.store.messages import NewMessage

CHUNK = 500
"""Customers in one transaction."""
_FIRST = UUID(int=0)

Planned = list[tuple[Person, NewMessage]]
"""With decision, and what it would cost."""


class Scene(msgspec.Struct, frozen=True):
    """One page of customers."""

    looked_at: int
    broken: int
    """Customers whose work failed; the log has them."""
    planned: Planned
    """Of those in the audience."""


class Stage(Protocol):
    """Plays one page."""

    async def play(self, customer_ids: Sequence[UUID]) -> Planned:
        """What these would be sent."""
        ...


Opening = Callable[[Connection, Rehearsal], Stage]
"""A stage for each page. What one page would cost counts for the next: the rehearsal is the same for all."""


async def page_through(
    database: Database, project_id: UUID, opening: Opening, now: datetime, chunk: int = CHUNK
) -> AsyncIterator[Scene]:
    """Until every customer has been looked at."""
    async with database.connection() as connection:
        company = await rehearsal(connection, project_id, now)
    after: UUID | None = _FIRST
    while after is not None:
        async with database.rehearsal() as connection:
            ids = await ids_of_project(connection, project_id, after, chunk)
            scene = await _scene(connection, ids, opening(connection, company))
        after = ids[-1] if len(ids) == chunk else None
        yield scene


async def _scene(connection: Connection, customer_ids: Sequence[UUID], stage: Stage) -> Scene:
    broken: list[UUID] = []

    async def pass_over(customer_id: UUID) -> None:
        broken.append(customer_id)

    if not customer_ids:
        return Scene(0, 0, [])
    planned = await bear_with(connection, customer_ids, stage.play, pass_over, THEN_PASSED_OVER)
    return Scene(len(customer_ids), len(broken), planned)
