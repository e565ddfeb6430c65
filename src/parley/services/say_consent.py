"""A consent is granted or revoked by hand: as a `consent` event, so that scenarios and exports see it as any other."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from parley.domain.consent import CONSENT, UNLIMITED, ConsentCategory
from parley.domain.consent_evidence import Evidence, longest
from parley.domain.double_opt_in import asked
from parley.domain.errors import InvalidInputError, Problem
from parley.domain.event import NewEvent
from parley.domain.project import Project
from parley.services.record_events import record_events
from parley.services.whom import whom
from parley.store.consents import categories, consents_of
from parley.store.database import Database

BY_HAND = "crm"
"""The source: the shop's own people."""


class Said(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody writes down of a customer."""

    customer: str
    """`registered=jana`, `phone=+421…`, `id=…`."""
    action: Literal["accept", "reject"]
    category: str
    valid_from: datetime | None = None
    """None: now."""
    valid_until: datetime | None = None
    """None: unlimited."""
    evidence: Evidence = Evidence()


class WrittenDown(msgspec.Struct, frozen=True):
    """Of whom."""

    customers: list[UUID]
    to_confirm: list[UUID]
    """Those of them who have yet to confirm it (double opt-in)."""


async def say_consent(database: Database, project: Project, said: Said, by: str, now: datetime) -> WrittenDown:
    """Raises InvalidInputError with every problem, NobodyError."""
    async with database.transaction() as connection:
        known = await categories(connection, project.id)
        problems = problems_of(said, known, now)
        if problems:
            raise InvalidInputError(problems)
        found = await whom(connection, project, said.customer)
        await record_events(connection, project.id, [_event(one, said, by, now) for one in found], now)
        known_now = await consents_of(connection, found)
    waiting = [one for one in found if asked(known_now[one].get(said.category, []), now)]
    return WrittenDown(found, waiting if said.action == "accept" else [])


def problems_of(said: Said, known: dict[str, ConsentCategory], now: datetime) -> list[Problem]:
    """Field by field."""
    problems = []
    if said.category not in known:
        there_is = ", ".join(known) or "none yet"
        problems.append(Problem("category", f"there is no consent category {said.category}; there is {there_is}."))
    starts = said.valid_from or now
    problems += [
        Problem(field, "needs a time zone: end it in Z or in an offset such as +02:00.")
        for field, moment in (("valid_from", said.valid_from), ("valid_until", said.valid_until))
        if moment is not None and moment.tzinfo is None
    ]
    if not problems and starts > now and said.action == "reject":
        problems.append(Problem("valid_from", "lies ahead: a withdrawal counts at once."))
    if not problems and said.valid_until is not None and said.valid_until <= starts:
        problems.append(Problem("valid_until", "lies before its beginning: it would grant nothing."))
    return problems + _evidence_problems(said.evidence)


def _evidence_problems(evidence: Evidence) -> list[Problem]:
    if evidence.address is not None:
        return [Problem("evidence.address", "is the customer's own phone of this moment: leave it out.")]
    return [
        Problem(f"evidence.{name}", f"has more than {longest(name)} characters, or one that no database keeps.")
        for name in evidence.__struct_fields__
        if (value := getattr(evidence, name)) is not None and (len(value) > longest(name) or "\0" in value)
    ]


def _event(customer_id: UUID, said: Said, by: str, now: datetime) -> NewEvent:
    until: Any = said.valid_until.timestamp() if said.valid_until else UNLIMITED
    proof = {name: value for name, value in msgspec.structs.asdict(said.evidence).items() if value is not None}
    properties = {"action": said.action, "category": said.category, "valid_until": until, **proof}
    properties.setdefault("entered_by", by)
    return NewEvent(customer_id, CONSENT, said.valid_from or now, properties, source=BY_HAND)
