"""The house: the configured database, opened, with the clock and the keys. All that most commands need."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import msgspec
import psycopg

from parley.config import Config, ConfigurationError, secret_key_of
from parley.domain.clock import Clock, system_clock
from parley.services.secret_box import SecretBox
from parley.store.database import Database, open_database
from parley.store.embedded import EmbeddedServer, embedded_server
from parley.store.migrate import DatabaseUnreachableError, migrate


class House(msgspec.Struct, frozen=True):
    """Everything that a command, a door or a worker needs."""

    config: Config
    database: Database
    database_url: str
    embedded: EmbeddedServer | None
    clock: Clock
    chance: Callable[[], float]
    box: SecretBox


@contextmanager
def database_server(config: Config) -> Iterator[tuple[str, EmbeddedServer | None]]:
    """The URL of the configured database; the embedded one is started, or joined, and let go of at the end."""
    if config.database_url is not None:
        yield _readable(config.database_url), None
        return
    with embedded_server(config.data_dir) as server:
        try:
            yield server.url, server
        except DatabaseUnreachableError as error:  # whose remedy is one for a database of the operator's own
            remedy = (
                f"It is Parley's own. It runs and does not answer; its log is {config.data_dir / 'postgres' / 'log'}."
            )
            raise DatabaseUnreachableError(error.said, remedy) from error


def _readable(url: str) -> str:
    """The driver's own complaint quotes the URL, password and all: it is not passed on."""
    try:
        psycopg.conninfo.conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        raise ConfigurationError(
            "PARLEY_DATABASE_URL cannot be read. It must look like postgresql://user:password@host/database; "
            "in the password, write @ as %40, / as %2F and so on, and use only libpq's parameters after the ?."
        ) from None
    return url


def has_database(config: Config) -> bool:
    """Is there something to open, without making it?"""
    return config.database_url is not None or (config.data_dir / "postgres" / "PG_VERSION").exists()


@asynccontextmanager
async def open_house(config: Config, clock: Clock = system_clock) -> AsyncIterator[House]:
    """Starts or joins the database, migrates it, opens the pool."""
    with database_server(config) as (url, embedded):
        await asyncio.to_thread(migrate, url)
        async with open_database(url) as database:
            yield House(
                config=config,
                database=database,
                database_url=url,
                embedded=embedded,
                clock=clock,
                chance=random.random,
                box=SecretBox(secret_key_of(config)),
            )


def spool_of(config: Config) -> Path:
    """Where callbacks go while the database is away."""
    return config.data_dir / "spool"
