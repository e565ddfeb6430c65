"""Who is calling: a project's token and a key become a caller, or the reason why not."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from parley.access import Permission, Role, StoredKey, is_secret, may
from parley.domain.project import Project
from parley.store.database import Connection, Database
from parley.store.projects import living_key, project_by_id, project_by_token

REMEMBERED = timedelta(seconds=5)
"""A revoked key works this much longer, in exchange for one query less in every call."""
CALLERS_KEPT = 1_000
LOOK_SECONDS = 5.0
"""For the database to say who calls. It hangs, if that takes longer, and the caller is told to come again."""


class Credentials(msgspec.Struct, frozen=True):
    """What stood in the Authorization header. A public key has no secret."""

    key_id: str
    secret: str | None = None


class Caller(msgspec.Struct, frozen=True):
    """A key that is valid for the project."""

    project: Project
    role: Role
    key_id: str

    def may(self, permission: Permission) -> bool:
        """Does the key's role allow it?"""
        return may(self.role, permission)

    @property
    def source(self) -> str:
        """As consent categories name it (parley.domain.consent.SOURCES)."""
        return "public_api" if self.role == Role.PUBLIC else "private_api"


class UnknownProject(msgspec.Struct, frozen=True):
    """No project has this token."""


class UnknownKey(msgspec.Struct, frozen=True):
    """No such key in this project, or not its secret."""


class Callers:
    """Looks callers up and remembers those who were found for a moment."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._known: OrderedDict[tuple[str, Credentials], tuple[Caller, datetime]] = OrderedDict()

    async def identify(self, token: str, credentials: Credentials) -> Caller | UnknownProject | UnknownKey:
        """Whose key is it? As the others here: raises TimeoutError when the database does not say."""
        now = self._clock()
        known = self._known.get((token, credentials))
        if known is not None and now < known[1] <= now + REMEMBERED:  # later: the clock was set back
            return known[0]
        async with self._looking() as connection:
            found = await _identify(connection, token, credentials)
        if isinstance(found, Caller):
            self._remember((token, credentials), found, now)
        return found

    async def by_key(self, credentials: Credentials) -> Caller | None:
        """The caller in the project that the key is of; not remembered."""
        async with self._looking() as connection:
            key = await living_key(connection, credentials.key_id) if _can_be_stored(credentials.key_id) else None
            project = await project_by_id(connection, key.project_id) if key is not None else None
        if key is None or project is None or not _opens(key, credentials, project.id):
            return None
        return Caller(project, key.role, key.key_id)

    async def project(self, token: str) -> Project | None:
        """The project alone, for what needs no key."""
        if not _can_be_stored(token):
            return None
        async with self._looking() as connection:
            return await project_by_token(connection, token)

    @asynccontextmanager
    async def _looking(self) -> AsyncIterator[Connection]:
        async with asyncio.timeout(LOOK_SECONDS), self._database.connection() as connection:
            yield connection

    def _remember(self, said: tuple[str, Credentials], caller: Caller, now: datetime) -> None:
        self._known[said] = caller, now + REMEMBERED
        while len(self._known) > CALLERS_KEPT:
            self._known.popitem(last=False)


async def _identify(
    connection: Connection, token: str, credentials: Credentials
) -> Caller | UnknownProject | UnknownKey:
    project = await project_by_token(connection, token) if _can_be_stored(token) else None
    if project is None:
        return UnknownProject()
    key = await living_key(connection, credentials.key_id) if _can_be_stored(credentials.key_id) else None
    if key is None or not _opens(key, credentials, project.id):
        return UnknownKey()
    return Caller(project, key.role, key.key_id)


def _can_be_stored(text: str) -> bool:
    """PostgreSQL refuses NUL and halves of surrogate pairs even in a question."""
    return "\x00" not in text and text.isprintable()


def _opens(key: StoredKey, credentials: Credentials, project_id: UUID) -> bool:
    """A private key without its secret opens nothing, not even as a public one."""
    if key.project_id != project_id:
        return False
    if credentials.secret is None:
        return key.visibility == "public"
    return is_secret(key, credentials.secret)
