"""`parley project`: create projects and list them."""

from collections.abc import Mapping
from typing import Annotated

import msgspec
from cyclopts import App, Parameter

from parley.cli.options import AsJson, DataDir
from parley.cli.running import run
from parley.domain.errors import InvalidInputError
from parley.domain.visible import check_visible
from parley.house import House
from parley.services.create_project import NewProject, create_project
from parley.store.projects import ProjectLine, all_projects

LONGEST_NAME = 200


def _is_a_name(_: type, value: str) -> None:
    if not value.strip() or len(value) > LONGEST_NAME:
        raise ValueError(f"A name has 1 to {LONGEST_NAME} characters.")
    try:
        check_visible("name", value)
    except InvalidInputError as error:
        raise ValueError(str(error)) from error


app = App(name="project", help="Create and list projects.")


@app.command
def create(
    name: Annotated[str, Parameter(validator=_is_a_name)], *, as_json: AsJson = False, data_dir: DataDir = None
) -> None:
    """Create a project; its private key is shown this one time."""

    async def do(house: House) -> NewProject:
        return await create_project(house.database, name, house.clock())

    made = run(data_dir, do, may_create=True)
    told = {
        "project_token": made.project_token,
        "private_key": {"key_id": made.private_key.key_id, "key_secret": made.private_key.key_secret},
        "public_key": made.public_key,
    }
    print(msgspec.json.encode(told).decode() if as_json else _readable(made, told))


@app.command(name="list")
def list_projects(*, data_dir: DataDir = None) -> None:
    """Token and name of every project."""

    async def do(house: House) -> list[ProjectLine]:
        async with house.database.connection() as connection:
            return await all_projects(connection)

    projects = run(data_dir, do)
    print("\n".join(f"{one.token}  {one.name}" for one in projects) or "no project yet: parley project create NAME")


def _readable(made: NewProject, told: Mapping[str, object]) -> str:
    key = made.private_key
    return (
        f"{msgspec.json.format(msgspec.json.encode(told)).decode()}\n"
        f"export TOKEN={made.project_token} KEY={key.key_id}:{key.key_secret}\n"
        "Keep the key_secret: it is not shown again. The line before this one is for the shell, as the docs use it."
    )
