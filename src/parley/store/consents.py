"""The ledger of consents: what customers said in each category, and how that is known. And the categories."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from parley.domain.consent import Action, ConsentCategory, ConsentEntry
from parley.domain.consent_evidence import PROOF, Evidence
from parley.domain.ids import bucket_of, new_id_in
from parley.store.customers import keys
from parley.store.database import Connection, sql


class NewConsent(msgspec.Struct, frozen=True):
    """An entry that wants to be in the ledger."""

    customer_id: UUID
    entry: ConsentEntry
    evidence: Evidence = Evidence()
    id: UUID | None = None
    """None: a new one is made."""
    confirm_hash: bytes | None = None
    """Of what a link must bring to confirm it."""


class LedgerEntry(msgspec.Struct, frozen=True):
    """An entry as it stands in the ledger."""

    id: UUID
    customer_id: UUID
    entry: ConsentEntry
    evidence: Evidence
    recorded_at: datetime


class Question(msgspec.Struct, frozen=True):
    """A yes that must be confirmed."""

    id: UUID
    project_id: UUID
    customer_id: UUID
    entry: ConsentEntry
    shown_text: str | None
    """What the customer agreed to."""


class Page(msgspec.Struct, frozen=True):
    """Which entries, the newest first."""

    size: int
    before: UUID | None = None
    """The id of the last entry of the page before this one."""
    customer_id: UUID | None = None
    category: str | None = None
    only_problems: bool = False


async def insert_consents(connection: Connection, project_id: UUID, said: Sequence[NewConsent], now: datetime) -> None:
    """Appends. Where the evidence names no address, it is the customer's phone of this moment."""
    await sql.consents.insert_consents(
        connection,
        project_id=project_id,
        now=now,
        event_ids=[one.entry.event_id for one in said],
        problems=[one.entry.problem for one in said],
        addresses=[one.evidence.address for one in said],
        **_columns(said),
    )


async def append_once(
    connection: Connection, project_id: UUID, said: Sequence[tuple[NewConsent, str]], now: datetime
) -> set[UUID]:
    """Appends each that its customer has not got yet with that sameness: the ids of those."""
    rows = await sql.consents.append_once(
        connection,
        project_id=project_id,
        now=now,
        samenesses=[sameness for _, sameness in said],
        **_columns([one for one, _ in said]),
    )
    return {row["id"] for row in rows}


def _columns(said: Sequence[NewConsent]) -> dict[str, list[Any]]:
    """What every new entry has, for `unnest`."""
    buckets = [bucket_of(one.customer_id) for one in said]
    return {
        "buckets": buckets,
        "ids": [one.id or new_id_in(bucket) for one, bucket in zip(said, buckets, strict=True)],
        "customer_ids": [one.customer_id for one in said],
        "categories": [one.entry.category for one in said],
        "actions": [one.entry.action.value for one in said],
        "valid_froms": [one.entry.valid_from for one in said],
        "valid_untils": [one.entry.valid_until for one in said],
        "sources": [one.entry.source for one in said],
        "shown_texts": [one.evidence.shown_text for one in said],
        "text_versions": [one.evidence.text_version for one in said],
        "proofs": [proof_of(one.evidence) for one in said],
        "confirm_untils": [one.entry.confirm_until for one in said],
        "confirm_hashes": [one.confirm_hash for one in said],
    }


def proof_of(evidence: Evidence) -> dict[str, str]:
    """What goes when the customer is erased, as it is kept."""
    return {name: value for name in PROOF if (value := getattr(evidence, name)) is not None}


async def consents_of(
    connection: Connection, customer_ids: Collection[UUID]
) -> dict[UUID, dict[str, list[ConsentEntry]]]:
    """All that these customers ever said, by customer and category, the oldest first."""
    found: dict[UUID, dict[str, list[ConsentEntry]]] = {one: {} for one in customer_ids}
    for row in await sql.consents.consents_of(connection, **keys(customer_ids)):
        found[row["customer_id"]].setdefault(row["category"], []).append(_entry(row))
    return found


async def question_of(connection: Connection, ident: UUID, confirm_hash: bytes) -> Question | None:
    """The question that a link is about, answered or not."""
    row = await sql.consents.question(connection, id=ident, hash=confirm_hash)
    if row is None:
        return None
    return Question(ident, row["project_id"], row["customer_id"], _entry(row), row["shown_text"])


async def page_of_ledger(connection: Connection, project_id: UUID, page: Page) -> list[LedgerEntry]:
    """Entries with their evidence, the newest first."""
    asked: dict[str, Any] = {"project_id": project_id, "before": page.before, "size": page.size}
    if page.customer_id is not None:
        whose = {"bucket": bucket_of(page.customer_id), "customer_id": page.customer_id, "category": page.category}
        rows = await sql.consents.ledger_of_customer(connection, **asked, **whose)
    elif page.only_problems:
        rows = await sql.consents.ledger_problems(connection, **asked)
    else:
        rows = await sql.consents.ledger_of_project(connection, **asked, category=page.category)
    return [_ledger_entry(row) for row in rows]


def _ledger_entry(row: Any) -> LedgerEntry:
    shown = {"address": row["address"], "shown_text": row["shown_text"], "text_version": row["text_version"]}
    evidence = msgspec.convert({**shown, **row["proof"]}, Evidence)
    return LedgerEntry(row["id"], row["customer_id"], _entry(row), evidence, row["created_at"])


def _entry(row: Any) -> ConsentEntry:
    return ConsentEntry(
        row["category"],
        Action(row["action"]),
        row["valid_from"],
        row["valid_until"],
        row["source"],
        row["problem"],
        row["event_id"],
        row["confirm_until"],
    )


async def categories(connection: Connection, project_id: UUID) -> dict[str, ConsentCategory]:
    """The project's consent categories by name."""
    rows = await sql.consents.categories(connection, project_id=project_id)
    listed = [msgspec.json.decode(row["body"], type=ConsentCategory) for row in rows]
    return {category.name: category for category in listed}


async def insert_category(connection: Connection, project_id: UUID, category: ConsentCategory, now: datetime) -> None:
    """Adds a category that is not there yet, as a definition."""
    body = msgspec.json.format(msgspec.json.encode(category), indent=2)
    of = {"project_id": project_id, "name": category.name, "body": body, "now": now}
    await sql.consents.insert_category(connection, **of)
    await sql.consents.insert_category_version(connection, **of)
