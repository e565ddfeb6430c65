"""`parley sender`: release an account that was stopped."""

from cyclopts import App

from parley.cli.options import DataDir, ProjectToken
from parley.cli.running import project_of, run
from parley.domain.errors import ParleyError
from parley.services.definitions import project_definitions
from parley.store.definitions import release_sender, stopped_senders
from parley.wiring import House

app = App(name="sender", help="Look after sending accounts.")


class NoSuchSenderError(ParleyError):
    """The project has no sending account of that name."""


@app.command
def release(name: str, *, project: ProjectToken, data_dir: DataDir = None) -> None:
    """After the cause is mended: let a stopped sender send again; its waiting messages follow within minutes."""

    async def do(house: House) -> bool:
        found = await project_of(house, project)
        async with house.database.transaction() as connection:
            stopped = await stopped_senders(connection, found.id)  # also accounts that were typed into a preset's form
            known = {*(await project_definitions(connection, found.id)).integrations, *stopped}
            if name not in known:
                raise NoSuchSenderError(
                    f"The project has no sending account {name}; it has {', '.join(sorted(known)) or 'none'}."
                )
            return await release_sender(connection, found.id, name)

    print(f"{name} may send again" if run(data_dir, do) else f"{name} was not stopped")
