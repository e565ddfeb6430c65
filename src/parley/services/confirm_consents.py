"""A customer confirms a yes: by a link that only whoever got it can know, or by a word from the number itself.

Either way it is a `consent` event, so scenarios see it; done twice it counts once, and a withdrawal in between wins.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from parley.domain.consent import CONSENT, UNLIMITED, Action, ConsentCategory, ConsentEntry
from parley.domain.double_opt_in import DOUBLE_OPT_IN, Answer, answer_to
from parley.domain.event import NewEvent
from parley.services.ask_to_confirm import read_token
from parley.services.definitions import project_definitions
from parley.services.hold_customers import hold_customers
from parley.services.record_events import record_held_events
from parley.store.consents import Question, consents_of, question_of
from parley.store.customers import customers_by_id
from parley.store.database import Connection, Database


class Linked(msgspec.Struct, frozen=True):
    """What a link is about, for whoever opens it."""

    answer: Answer
    """What a confirmation would do, or did."""
    project: str
    category: ConsentCategory
    shown_text: str | None
    """What the customer agreed to."""
    language: str | None
    """The customer's, where it is known."""
    until: datetime | None


async def look_at_question(database: Database, token: str, now: datetime) -> Linked | None:
    """Changes nothing: mail programs open links by themselves. None: there is no such link."""
    async with database.connection() as connection:
        question = await _question(connection, token)
        return None if question is None else await _told(connection, question, now)


async def confirm_by_link(database: Database, token: str, proof: Mapping[str, str], now: datetime) -> Linked | None:
    """`proof` is the address and the browser of whoever followed the link. None: there is no such link."""
    async with database.transaction() as connection:
        question = await _question(connection, token)
        if question is None:
            return None
        holder = (await hold_customers(connection, [question.customer_id])).get(question.customer_id)
        if holder is None:
            return None
        question = msgspec.structs.replace(question, customer_id=holder)
        told = await _told(connection, question, now)
        if told.answer is Answer.CONFIRMED:
            shown = {"shown_text": question.shown_text} if question.shown_text else {}
            event = confirmation(holder, question.entry, now, {**shown, **proof}, f"confirmed:{question.id}")
            await record_held_events(connection, question.project_id, [event], now)
    return told


def confirmation(
    customer_id: UUID, question: ConsentEntry, at: datetime, proof: Mapping[str, str], same: str
) -> NewEvent:
    """Grants what was asked, until when it was asked for."""
    note = f"confirms what was said on {question.valid_from:%Y-%m-%d %H:%M:%S} UTC by {question.source}"
    if forwarded := proof.get("forwarded_for"):
        note += f"; a proxy says for whom it called: {forwarded}"
    properties: dict[str, Any] = {
        "action": Action.ACCEPT.value,
        "category": question.category,
        "valid_until": question.valid_until.timestamp() if question.valid_until else UNLIMITED,
        "note": note,
        **proof,
    }
    return NewEvent(customer_id, CONSENT, at, properties, same, source=DOUBLE_OPT_IN)


async def _question(connection: Connection, token: str) -> Question | None:
    read = read_token(token)
    return None if read is None else await question_of(connection, *read)


async def _told(connection: Connection, question: Question, now: datetime) -> Linked:
    name, whose = question.entry.category, question.customer_id
    project = await project_definitions(connection, question.project_id)
    entries = (await consents_of(connection, [whose]))[whose].get(name, [])
    customer = (await customers_by_id(connection, [whose])).get(whose)
    language = customer.properties.get("language") if customer else None
    return Linked(
        answer=answer_to(question.entry, entries, now),
        project=project.about["name"],
        category=project.consent_categories.get(name, ConsentCategory(name=name)),
        shown_text=question.shown_text,
        language=language if isinstance(language, str) else None,
        until=question.entry.confirm_until,
    )
