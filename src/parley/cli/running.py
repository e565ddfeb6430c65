"""How a command runs: against the data folder's database, also while a server uses it."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar

from parley.cli.event_loop import run_to_end
from parley.config import read_config
from parley.domain.errors import ParleyError
from parley.domain.project import Project
from parley.house import House, has_database, open_house
from parley.store.database import UNAVAILABLE
from parley.store.projects import ProjectLine, all_projects, project_by_token

T = TypeVar("T")
MOST_LISTED = 10
"""Projects that are named to whoever mistypes one."""
_LOST: tuple[type[Exception], ...] = (ConnectionRefusedError, TimeoutError, *UNAVAILABLE)


class NoDataError(ParleyError):
    """There is no Parley data in this folder."""


class NoSuchProjectError(ParleyError):
    """There is no project with this token. `parley project list` shows them."""

    def __init__(self, token: str, projects: Sequence[ProjectLine]) -> None:
        lines = [f"  {one.token}  {one.name}" for one in projects[:MOST_LISTED]]
        listed = "\n".join(lines) or "  none yet: parley project create NAME"
        super().__init__(
            f"There is no project with the token {token}. `parley project list` shows those there are:\n{listed}"
            + (f"\n  and {len(projects) - MOST_LISTED:,} more" if len(projects) > MOST_LISTED else "")
        )


class DatabaseLostError(ParleyError):
    """The database went away while the command worked."""


def run(data_dir: Path | None, command: Callable[[House], Awaitable[T]], *, may_create: bool = False) -> T:
    """Opens the house, does one thing, closes it. Only what founds something may make a database for it.

    Raises NoDataError, DatabaseLostError.
    """
    config = read_config(data_dir)
    if not may_create and not has_database(config):
        raise NoDataError(
            f"There is no Parley data in {config.data_dir}. "
            "Name the folder that the server uses with --data-dir, or create a project there first."
        )

    async def in_the_house() -> T:
        async with open_house(config) as house:
            return await command(house)

    try:
        return run_to_end(in_the_house())
    except _LOST as error:
        said = str(error) or "it did not answer in time"
        raise DatabaseLostError(
            f"The database went away in the middle of it ({said}). Each step is done whole or not at all: "
            "see how far it came, then say it again."
        ) from error


async def project_of(house: House, token: str) -> Project:
    """Raises NoSuchProjectError."""
    async with house.database.connection() as connection:
        project = await project_by_token(connection, token)
        if project is None:
            raise NoSuchProjectError(token, await all_projects(connection))
    return project
