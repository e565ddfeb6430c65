"""The ledger of consents: appended to, and never rewritten; a merge and an erasure are all that may touch an entry."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from parley.services.anonymize import anonymize
from parley.services.consent_ledger import show_consents
from parley.services.create_project import NewProject
from parley.services.resolve_customers import resolve_customers
from parley.services.say_consent import Said, WrittenDown, say_consent
from parley.store.consents import Page, consents_of, page_of_ledger
from parley.store.database import Database
from tests.support.builders import NOW, Cast, add_event, consent_event, ids

PROOF = {
    "shown_text": "May we write to you by WhatsApp?",
    "text_version": "7",
    "form_url": "https://shop.test/newsletter",
    "ip": "203.0.113.7",
    "user_agent": "Mozilla/5.0",
    "document_id": "D-1",
}
AGREED: dict[str, Any] = {"action": "accept", "category": "whatsapp", "valid_until": "unlimited", **PROOF}


@pytest.fixture
async def with_proof(database: Database, project: NewProject, cast: Cast) -> UUID:
    """Carol, who agreed by a form."""
    await add_event(database, project, consent_event(cast.carol, "accept", properties=AGREED))
    return cast.carol


async def test_an_entry_says_how_it_is_known(database: Database, project: NewProject, with_proof: UUID) -> None:
    async with database.connection() as connection:
        (entry,) = await page_of_ledger(connection, project.project_id, Page(10, customer_id=with_proof))
    told = {name: getattr(entry.evidence, name) for name in PROOF}
    assert told == PROOF
    assert entry.evidence.address == "421901000003"
    assert entry.entry.event_id is not None


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE consents SET action = 'accept' WHERE customer_id = $1",
        "UPDATE consents SET valid_until = now() WHERE customer_id = $1",
        "UPDATE consents SET shown_text = 'another' WHERE customer_id = $1",
        'UPDATE consents SET proof = \'{"ip": "198.51.100.1"}\' WHERE customer_id = $1',
        "UPDATE consents SET address = '421900000000' WHERE customer_id = $1",
        "DELETE FROM consents WHERE customer_id = $1",
    ],
)
async def test_nobody_rewrites_it(database: Database, cast: Cast, change: str) -> None:
    async with database.connection() as connection:
        with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="append-only"):
            await connection.execute(change, cast.bob)
        assert len((await consents_of(connection, [cast.bob]))[cast.bob]["whatsapp"]) == 2


async def test_nobody_empties_it(database: Database) -> None:
    async with database.connection() as connection:
        with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="append-only"):
            await connection.execute("TRUNCATE consents")


async def test_an_erasure_takes_out_whom_it_is_about(database: Database, project: NewProject, with_proof: UUID) -> None:
    await anonymize(database, project.project, [with_proof], NOW)
    async with database.connection() as connection:
        (entry,) = await page_of_ledger(connection, project.project_id, Page(10, customer_id=with_proof))
    assert entry.entry.action == "accept"
    assert entry.evidence.shown_text == PROOF["shown_text"]
    assert (entry.evidence.address, entry.evidence.ip, entry.evidence.form_url) == (None, None, None)


async def test_a_merge_takes_it_along(database: Database, project: NewProject, with_proof: UUID) -> None:
    async with database.transaction() as connection:
        await resolve_customers(connection, project.project_id, [ids(None, "c1")], NOW - timedelta(days=1))
        (merged,) = await resolve_customers(connection, project.project_id, [ids("carol", "c1")], NOW)
        assert isinstance(merged, UUID)
        (entry,) = await page_of_ledger(connection, project.project_id, Page(10, customer_id=merged))
    assert entry.evidence.ip == PROOF["ip"]
    assert entry.customer_id == merged


async def test_it_is_read_page_by_page(database: Database, project: NewProject, cast: Cast) -> None:
    seen, before = [], None
    while True:
        shown = await show_consents(database, project.project, "registered=bob", Page(1, before), NOW)
        seen += [entry.entry.action for entry in shown.entries]
        before = shown.next
        if before is None:
            break
    assert seen == ["reject", "accept"]


async def test_whoever_shares_a_number_says_it_together(database: Database, project: NewProject, cast: Cast) -> None:
    said = Said(customer="phone=00421 901 000 001", action="reject", category="whatsapp")
    assert await say_consent(database, project.project, said, "Eva", NOW) == WrittenDown([cast.alice], [])
    shown = await show_consents(database, project.project, f"id={cast.alice}", Page(10), NOW)
    assert [(one.granted, one.why) for one in shown.standing] == [(False, "revoked")]
    assert shown.entries[0].evidence.entered_by == "Eva"
