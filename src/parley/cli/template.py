"""`parley template`: release a template that was stopped."""

from cyclopts import App

from parley.cli.options import DataDir, ProjectToken
from parley.cli.running import project_of, run
from parley.services.stopping import Released, release_a_template
from parley.wiring import House

app = App(name="template", help="Look after message templates.")


@app.command
def release(name: str, *, project: ProjectToken, data_dir: DataDir = None) -> None:
    """After the cause is mended: let a stopped template be sent again, by every sender. NAME as in its file, with the
    language: cart_reminder.en.
    """

    async def do(house: House) -> Released:
        found = await project_of(house, project)
        return await release_a_template(house.database, found.id, name, house.clock())

    print(f"{name} may be sent again" if run(data_dir, do).was_stopped else f"{name} was not stopped")
