"""How a command runs: against the data folder's database, also while a server uses it."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from parley.cli.event_loop import run_to_end
from parley.config import read_config
from parley.domain.errors import ParleyError
from parley.domain.project import Project
from parley.store.projects import project_by_token
from parley.wiring import House, open_house

T = TypeVar("T")


class NoSuchProjectError(ParleyError):
    """There is no project with this token. `parley project list` shows them."""


def run(data_dir: Path | None, command: Callable[[House], Awaitable[T]]) -> T:
    """Opens the house, does one thing, closes it."""

    async def in_the_house() -> T:
        async with open_house(read_config(data_dir)) as house:
            return await command(house)

    return run_to_end(in_the_house())


async def project_of(house: House, token: str) -> Project:
    """Raises NoSuchProjectError."""
    async with house.database.connection() as connection:
        project = await project_by_token(connection, token)
    if project is None:
        raise NoSuchProjectError
    return project
