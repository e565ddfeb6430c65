"""Reads our side of the account out of the database."""

from collections import Counter
from typing import Any

from chaos.account import Row
from parley.store.database import Database

_ROWS = """
SELECT id::text, coalesce(recipient, '') AS recipient, state, outcome_code AS code, provider_message_id
FROM messages
"""
_UNCERTAIN = """
SELECT properties->>'message_id' AS message_id, properties->>'status' AS status, properties->>'code' AS code
FROM events WHERE type = 'campaign' AND properties->>'message_id' IN (
    SELECT properties->>'message_id' FROM events WHERE type = 'campaign' AND properties->>'status' = 'uncertain'
)
ORDER BY occurred_at, id
"""
_UNTOLD = """
SELECT count(*) FROM messages m WHERE NOT EXISTS (
    SELECT FROM events e
    WHERE e.bucket = m.bucket AND e.customer_id = m.customer_id AND e.type = 'campaign'
        AND e.properties->>'message_id' = m.id::text AND e.properties->>'status' = m.state
)
"""
_STANDING = "SELECT state, count(*) FROM messages GROUP BY state"
_UNDER_WAY = """
SELECT (SELECT count(*) FROM journeys WHERE due_at IS NOT NULL)
    + (SELECT count(*) FROM campaign_runs WHERE ended_at IS NULL)
"""
_EARLY = "SELECT count(*) FROM early_reports"
_UNJOINED = """
SELECT count(*) FROM early_reports e WHERE EXISTS (
    SELECT FROM messages m WHERE m.project_id = e.project_id AND m.provider_message_id = e.provider_message_id
)
"""
_UNREAD = "SELECT count(*) FROM callbacks_unread"
SENT_AGAIN = "sent_again"
SLOW_SECONDS = 300.0
"""Whole tables are read."""


async def standing(database: Database) -> dict[str, int]:
    """How many messages stand at each state."""
    async with database.connection() as connection:
        return {row["state"]: row["count"] for row in await connection.fetch(_STANDING)}


async def rows(database: Database) -> list[Row]:
    """Every message."""
    async with database.connection() as connection:
        found = await connection.fetch(_ROWS, timeout=SLOW_SECONDS)
        events = await connection.fetch(_UNCERTAIN, timeout=SLOW_SECONDS)
    settled, again = _settled(events), _sent_again(events)
    return [
        Row(
            **dict(row),
            was_uncertain=row["id"] in settled, settled_by=settled.get(row["id"]), sent_again=again[row["id"]],
        )
        for row in found
    ]  # fmt: skip


async def callback_hashes(database: Database) -> frozenset[str]:
    """Of every callback that is stored."""
    async with database.connection() as connection:
        found = await connection.fetch("SELECT encode(key, 'hex') AS key FROM callbacks", timeout=SLOW_SECONDS)
        return frozenset(row["key"] for row in found)


async def count_untold(database: Database) -> int:
    """Messages whose state no campaign event tells."""
    return await _count(database, _UNTOLD)


async def count_under_way(database: Database) -> int:
    """Journeys and campaigns that have not ended."""
    return await _count(database, _UNDER_WAY)


async def count_early_reports(database: Database) -> int:
    """Reports that wait for the answer to their send."""
    return await _count(database, _EARLY)


async def count_unjoined(database: Database) -> int:
    """Those of them whose answer is there."""
    return await _count(database, _UNJOINED)


async def count_unread(database: Database) -> int:
    """Callbacks that nobody has read."""
    return await _count(database, _UNREAD)


async def _count(database: Database, asked: str) -> int:
    async with database.connection() as connection:
        counted: int = await connection.fetchval(asked, timeout=SLOW_SECONDS)
        return counted


def _settled(events: list[Any]) -> dict[str, str | None]:
    """For every message that was uncertain: what came after, None if nothing did."""
    settled: dict[str, str | None] = {}
    uncertain: set[str] = set()
    for event in events:
        ident = event["message_id"]
        if event["status"] == "uncertain":
            uncertain.add(ident)
            settled[ident] = None
        elif ident in uncertain and settled[ident] is None:
            settled[ident] = _by(event["status"], event["code"])
    return settled


def _sent_again(events: list[Any]) -> Counter[str]:
    """By the project's rule, of messages that were uncertain at that moment."""
    before: dict[str, str] = {}
    again: Counter[str] = Counter()
    for event in events:
        ident = event["message_id"]
        again[ident] += event["code"] == SENT_AGAIN and before.get(ident) == "uncertain"
        before[ident] = event["status"]
    return again


def _by(status: str, code: str | None) -> str:
    if code in _SETTLED_BY:
        return _SETTLED_BY[code]
    return "a late answer" if status == "accepted" else "a report"


_SETTLED_BY = {"given_up": "the rule", SENT_AGAIN: "the rule", "found_at_provider": "the list"}
"""By the code of the campaign event."""
