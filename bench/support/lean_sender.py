"""The leanest way out that is durable: claimed, called, recorded. What no way out can do without, and nothing else.

    python -m bench.support.lean_sender DATA_DIR REQUEST [--instant]

Says `ready`, waits for a line, sends what is in `lean_outbox`, says `done`, and ends when its input closes. REQUEST is
JSON: the request to send, a form of requests.py. With --instant its provider costs nothing, as in sending_worker.py.
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

import msgspec

from bench.support.requests import filled, provider_id
from bench.support.sending_worker import InstantWire
from parley.cli.event_loop import run_to_end
from parley.config import Config
from parley.domain.http import HttpRequest
from parley.house import open_house
from parley.providers.http import HttpClient, Wire
from parley.store.database import Connection, Database
from parley.wiring import CONNECTIONS

LANES = 4
BATCH = 50
"""So many at once each: one lane waits for the database while the others call."""
PATIENCE_SECONDS = 60.0
TABLES = """
CREATE TABLE lean_outbox (
    id bigint PRIMARY KEY, phone bytea NOT NULL, name bytea NOT NULL, leased_until timestamptz
) WITH (fillfactor = 50);
CREATE TABLE lean_sent (id bigint PRIMARY KEY, provider_id text NOT NULL, sent_at timestamptz NOT NULL DEFAULT now());
"""
_CLAIM = """
UPDATE lean_outbox SET leased_until = now() + interval '1 minute' WHERE id = ANY (ARRAY(
    SELECT id FROM lean_outbox WHERE leased_until IS NULL ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED))
RETURNING id, phone, name
"""
_RECORD = """
WITH sent AS (DELETE FROM lean_outbox WHERE id = ANY ($1::bigint[]))
INSERT INTO lean_sent (id, provider_id) SELECT * FROM unnest($1::bigint[], $2::text[])
"""


class LeanSender:
    """Sends what waits, over that wire."""

    def __init__(self, database: Database, wire: Wire, form: HttpRequest) -> None:
        self._database = database
        self._wire = wire
        self._form = form

    async def send_all(self) -> None:
        """Until nothing waits."""
        await asyncio.gather(*(self._lane() for _ in range(LANES)))

    async def _lane(self) -> None:
        async with self._database.connection() as connection:
            while rows := await connection.fetch(_CLAIM, BATCH):
                await self._send(connection, rows)

    async def _send(self, connection: Connection, rows: list[Any]) -> None:
        ids = [row["id"] for row in rows]
        taken = await asyncio.gather(*(self._call(row["phone"], row["name"]) for row in rows))
        await connection.execute(_RECORD, ids, taken)

    async def _call(self, phone: bytes, name: bytes) -> str:
        return provider_id(await self._wire.send(filled(self._form, phone, name), PATIENCE_SECONDS))


async def _main(data_dir: Path, request: HttpRequest, *, instant: bool) -> None:
    async with open_house(Config(data_dir, None, None)) as house, HttpClient(connections=CONNECTIONS) as client:
        sender = LeanSender(house.database, InstantWire() if instant else client, request)
        print("ready", flush=True)
        while sys.stdin.readline():
            await sender.send_all()
            print("done", flush=True)


if __name__ == "__main__":
    asked = msgspec.json.decode(sys.argv[2], type=HttpRequest)
    run_to_end(_main(Path(sys.argv[1]), asked, instant="--instant" in sys.argv[3:]))
