"""`parley sender`: release an account that was stopped."""

from cyclopts import App

from parley.cli.options import DataDir, ProjectToken
from parley.cli.running import project_of, run
from parley.house import House
from parley.services.stopping import Released, release_a_sender

app = App(name="sender", help="Look after sending accounts.")


@app.command
def release(name: str, *, project: ProjectToken, data_dir: DataDir = None) -> None:
    """After the cause is mended: let a stopped sender send again; its waiting messages are due at once."""

    async def do(house: House) -> Released:
        found = await project_of(house, project)
        return await release_a_sender(house.database, found.id, name, house.clock())

    print(f"{name} may send again" if run(data_dir, do).was_stopped else f"{name} was not stopped")
