"""Templates that were applied before there was a registry are in it afterwards."""

from pathlib import Path
from typing import Any

import asyncpg
import msgspec

import parley.store
from parley.services.create_project import NewProject
from parley.store.database import Database
from parley.store.templates import templates_of
from tests.support.builders import NOW

MIGRATION = Path(parley.store.__file__).parent / "migrations" / "0014.templates.sql"


async def test_their_status_is_what_their_files_said(
    database: Database, database_url: str, project: NewProject
) -> None:
    files: dict[tuple[str, str], dict[str, Any]] = {
        ("template", "a.en"): {"status": "approved", "body": {"text": "Ahoj 👋 “x” \\"}},
        ("template", "b.en"): {"body": {"text": "Hello"}},
        ("integration", "new"): {"api": "sinch_conversation"},
        ("integration", "old"): {"api": "sinch_legacy"},
    }
    fill = MIGRATION.read_text("utf-8").split("-- What was applied before there was a registry")[1].partition("\n")[2]
    connection = await asyncpg.connect(database_url)
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute("DELETE FROM templates; DELETE FROM template_looks")  # others' too; taken back below
    for (kind, name), file in files.items():
        row = (project.project_id, kind, name, msgspec.json.encode({"kind": kind, **file}), NOW)
        await connection.execute("INSERT INTO definitions VALUES ($1, $2, $3, 4, $4, NULL, $5)", *row)
    await connection.execute(fill)
    found = await connection.fetch(
        "SELECT name, version, status FROM templates WHERE project_id = $1 ORDER BY name", project.project_id
    )
    looks = await connection.fetch("SELECT sender FROM template_looks WHERE project_id = $1", project.project_id)
    await transaction.rollback()
    await connection.close()
    assert [tuple(row) for row in found] == [("a.en", 4, "approved"), ("b.en", 4, "draft")]
    assert [row["sender"] for row in looks] == ["new"]
    async with database.connection() as untouched:
        assert await templates_of(untouched, project.project_id) == []
