"""A yes in a category with double opt-in becomes a question, and an event tells that its confirmation is wanted.

What asks the customer is the shop's: a scenario that begins at the event and mails a link, or writes while the window
is open. A template may not, before there is a consent (whatsapp.md 3.1).
"""

import hashlib
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from parley.domain.double_opt_in import DOUBLE_OPT_IN, DoubleOptIn
from parley.domain.event import NewEvent
from parley.domain.ids import bucket_of, new_id_in
from parley.store.consents import NewConsent, consents_of
from parley.store.database import Connection

_ID_BYTES = SECRET_BYTES = 16
"""A token is the question's id, and as much again that nobody can guess."""


class Asked(msgspec.Struct, frozen=True):
    """What becomes of what was said."""

    said: list[NewConsent]
    """In its order; a yes that must be confirmed is a question here."""
    events: Mapping[UUID, NewEvent]
    """By the question's id: to be recorded once the question is in the ledger."""


async def ask_to_confirm(connection: Connection, rule: DoubleOptIn, said: Sequence[NewConsent], now: datetime) -> Asked:
    """Of customers whom this transaction holds. Most projects ask nobody, and most events are about something else."""
    concerned = {one.customer_id for one in said if rule.concerns(one.entry)}
    if not concerned:
        return Asked(list(said), {})
    before = await consents_of(connection, concerned)
    taken: list[NewConsent] = []
    events: dict[UUID, NewEvent] = {}
    for one in said:
        known = before.get(one.customer_id, {}).get(one.entry.category, [])
        if not rule.asks(one.entry, known, now):
            taken.append(one)
            continue
        question, token = _question(rule, one, now)
        taken.append(question)
        if question.id is not None:
            events[question.id] = _event(question, token, now)
    return Asked(taken, events)


def read_token(token: str) -> tuple[UUID, bytes] | None:
    """The question's id, and the hash of what proves that the link was given out. None: no such token ever was."""
    try:
        plain = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        return None
    if len(plain) != _ID_BYTES + SECRET_BYTES:
        return None
    return UUID(bytes=plain[:_ID_BYTES]), _hash(plain)


def _question(rule: DoubleOptIn, said: NewConsent, now: datetime) -> tuple[NewConsent, str | None]:
    ident = new_id_in(bucket_of(said.customer_id))
    question = msgspec.structs.replace(said, entry=rule.question(said.entry, now), id=ident)
    if not rule.links:
        return question, None
    plain = ident.bytes + secrets.token_bytes(SECRET_BYTES)
    token = urlsafe_b64encode(plain).decode().rstrip("=")
    return msgspec.structs.replace(question, confirm_hash=_hash(plain)), token


def _hash(plain: bytes) -> bytes:
    return hashlib.sha256(plain).digest()


def _event(question: NewConsent, token: str | None, now: datetime) -> NewEvent:
    entry = question.entry
    properties = {
        "action": "asked",
        "category": entry.category,
        "confirm_until": entry.confirm_until.timestamp() if entry.confirm_until else None,
        "question": str(question.id),
        **({"token": token} if token else {}),
    }
    return NewEvent(
        question.customer_id, DOUBLE_OPT_IN, now, properties, f"{DOUBLE_OPT_IN}:{question.id}", source="crm"
    )
