"""A shop whose database can be killed with -9 and started again, and the callbacks that come meanwhile."""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from pathlib import Path
from uuid import UUID

import asyncpg
import msgspec
from cryptography.fernet import Fernet

from parley.domain.clock import system_clock
from parley.domain.ids import new_id
from parley.services.apply_definitions import apply_definitions
from parley.services.callback_intake import ANSWER_SECONDS, CallbackIntake, Taken, open_intake
from parley.services.create_project import create_project
from parley.services.read_callbacks import read_callbacks
from parley.services.read_definitions import File, ReadDefinition, read_definitions
from parley.services.secret_box import SecretBox
from parley.store.database import Database, open_database
from parley.store.embedded import EmbeddedServer
from parley.store.events import store_nothing
from parley.store.migrate import migrate
from tests.frame.processes import database_pid, frozen, kill_all, until
from tests.support.builders import NOW
from tests.walks.walk import LEGACY, inbound

KEY = Fernet.generate_key().decode()
SECRET = "shared"
SPOOL_BYTES = 10_000_000
STRANGER = "421901999999"


class Outage:
    """The shop, seen from Sinch's side and from the machine room."""

    def __init__(
        self, server: EmbeddedServer, url: str, database: Database, box: SecretBox, folder: Path, token: str
    ) -> None:
        self.server = server
        self.url = url
        self.database = database
        self.box = box
        self.folder = folder
        self.token = token
        self._is_read = False

    @asynccontextmanager
    async def intake(
        self, limit: int = SPOOL_BYTES, answer_seconds: float = ANSWER_SECONDS
    ) -> AsyncIterator[CallbackIntake]:
        """One process's, at work."""
        spool = self.folder / "spool"
        async with open_intake(self.database, self.box, system_clock, spool, limit, answer_seconds) as intake:
            self._is_read = True
            yield intake
            self._is_read = False

    def kill(self) -> None:
        """The database is gone, without a word."""
        kill_all(self._pid())

    def frozen(self) -> AbstractContextManager[None]:
        """The database is there, takes connections, and says nothing."""
        return frozen(self._pid())

    @asynccontextmanager
    async def without_its_standby(self) -> AsyncIterator[None]:
        """The database answers, but who commits waits until it has another copy. Nobody has, till this ends."""
        async with self.database.connection() as connection:
            await connection.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
            await connection.execute("SELECT pg_reload_conf()")
            try:
                async with asyncio.timeout(60):
                    while await self._commits():
                        pass
                yield
            finally:
                await connection.execute("ALTER SYSTEM RESET synchronous_standby_names")
                await connection.execute("SELECT pg_reload_conf()")

    async def _commits(self) -> bool:
        """Or waits for another copy: that it takes long says only that the machine is busy."""
        waits = "SELECT wait_event = 'SyncRep' FROM pg_stat_activity WHERE pid = $1"
        async with self.database.connection() as connection, self.database.connection() as other:
            committing = asyncio.create_task(store_nothing(connection))
            while not (committing.done() or await other.fetchval(waits, connection.get_server_pid())):
                await asyncio.wait([committing], timeout=0.01)
            committing.cancel()
            await asyncio.wait([committing])
        return not committing.cancelled()

    def _pid(self) -> int:
        pid = database_pid(self.server.data_folder)
        assert pid is not None, "the database is away already"
        return pid

    async def revive(self) -> None:
        """It is back, after its own recovery."""
        await asyncio.to_thread(self.server.revive)

    async def sign_with(self, secret: str) -> None:
        """From now on Sinch signs so, and the shop knows it."""
        await apply_definitions(self.database, self.box, await self.project_id(), _account(secret), system_clock())

    async def written(self) -> list[str]:
        """What customers wrote, in the order in which it was recorded: of all that is kept."""
        while await self._count_unread():
            if self._is_read:
                await asyncio.sleep(0.01)  # by the intake: two would mix the order
            else:
                await read_callbacks(self.database)
        async with self.database.connection() as connection:
            rows = await connection.fetch("SELECT properties FROM events ORDER BY id")
        return [row["properties"]["message"] for row in rows]

    async def refuse_events_that_say(self, word: str) -> None:
        """From now on the database takes no such event: something in a message that nobody has thought of."""
        async with self.database.connection() as connection:
            await connection.execute(f"ALTER TABLE events ADD CHECK (properties ->> 'message' <> '{word}')")

    async def somebody_waits_for_a_lock(self) -> None:
        """Waits until a connection of this shop does."""

        asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        async with self.database.connection() as connection:
            while not await connection.fetchval(asked):  # noqa: ASYNC110  another process waits
                await asyncio.sleep(0.01)

    async def cut(self, waiting_for: str) -> None:
        """An administrator ends the connections of this shop that wait for that (a `wait_event`), once some do."""
        ended = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event = $1"
        )
        async with self.database.connection() as connection:
            while not await connection.fetch(ended, waiting_for):  # noqa: ASYNC110  another process waits
                await asyncio.sleep(0.01)

    async def project_id(self) -> UUID:
        """The only one there is."""
        async with self.database.connection() as connection:
            project_id: UUID = await connection.fetchval("SELECT id FROM projects")
        return project_id

    async def _count_unread(self) -> int:
        async with self.database.connection() as connection:
            count: int = await connection.fetchval("SELECT count(*) FROM callbacks_unread")
        return count

    async def not_understood(self) -> list[tuple[bytes, int, str]]:
        """(body, items, problem) of what is kept as bytes alone."""
        async with self.database.connection() as connection:
            rows = await connection.fetch("SELECT body, unknown, problem FROM callbacks WHERE unknown > 0")
        return [tuple(row) for row in rows]

    async def replayed(self) -> None:
        """Waits until nothing is left on disk."""
        await until(lambda: not list((self.folder / "spool").glob("*.spool")), "something is left in the spool")


@asynccontextmanager
async def open_outage(server: EmbeddedServer, folder: Path, key: str = KEY) -> AsyncIterator[Outage]:
    """A shop with one signed door, on a database of its own that is still there; its spool is in `folder`."""
    await asyncio.to_thread(server.revive)
    url = await _new_database(server.url)
    async with open_database(url) as database:
        box = SecretBox(key)
        project = await create_project(database, "Shop", NOW)
        (change,) = await apply_definitions(database, box, project.project_id, _account(SECRET), NOW)
        assert change.callback_token is not None
        yield Outage(server, url, database, box, folder, change.callback_token)


def _account(secret: str) -> list[ReadDefinition]:
    integration = msgspec.json.encode({**LEGACY, "signing_secret": secret})
    return read_definitions([File("test", integration)], {})


async def _new_database(url: str) -> str:
    name = f"outage_{new_id().hex}"
    admin = await asyncpg.connect(url)
    await admin.execute(f"CREATE DATABASE {name}")
    await admin.close()
    own = url.replace("/postgres?", f"/{name}?")
    await asyncio.to_thread(migrate, own)
    return own


def message(number: int) -> bytes:
    """Of one customer, each different."""
    return msgspec.json.encode(inbound(STRANGER, f"{number}", NOW, f"IN-{number}"))


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    """As Sinch's legacy API does."""
    hashed = hmac.new(secret.encode(), body + b".nonce", hashlib.sha256).digest()
    return {
        "Sinch-WhatsApp-Callback-Signature": base64.b64encode(hashed).decode(),
        "Sinch-WhatsApp-Callback-Signature-Algorithm": "HMAC_SHA_256",
        "Sinch-WhatsApp-Callback-Signature-Nonce": "nonce",
    }


async def send(outage: Outage, intake: CallbackIntake, number: int) -> None:
    """One genuine callback; it must be taken."""
    body = message(number)
    assert await intake.take(outage.token, signed(body), body) == Taken()
