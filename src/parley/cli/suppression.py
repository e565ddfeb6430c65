"""`parley suppression`: addresses that nothing is sent to."""

import getpass
from typing import Annotated

import msgspec
from cyclopts import App, Parameter

from parley.cli.moments import utc
from parley.cli.options import AsJson, DataDir, ProjectToken, Size
from parley.cli.running import project_of, run
from parley.domain.phone import as_dialled
from parley.domain.suppression import Scope
from parley.house import House
from parley.services.keep_suppressions import Line, Listed, add_suppression, read_suppressions, remove_suppression

app = App(name="suppression", help="Addresses that nothing is sent to.")
PAGE = 50
Address = Annotated[str, Parameter(help="A number, or a WhatsApp user id.")]


@app.command
def add(
    address: Address,
    *,
    project: ProjectToken,
    scope: Annotated[Scope, Parameter(help="Everything, or what promotes.")] = Scope.ALL,
    note: Annotated[str | None, Parameter(help="Why.")] = None,
    by: Annotated[str | None, Parameter(name="--by", help="Who wants it; you when left out.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Nothing leaves for this address from now on, whoever has it and whatever they agreed to."""

    async def do(house: House) -> str:
        found = await project_of(house, project)
        line = Line(address, scope, note)
        return await add_suppression(house.database, found, line, by or getpass.getuser(), house.clock())

    print(f"{as_dialled(run(data_dir, do))} is on the list")


@app.command
def remove(address: Address, *, project: ProjectToken, data_dir: DataDir = None) -> int:
    """Take an address off the list. A STOP stays: only the person's own agreement lifts it."""

    async def do(house: House) -> int:
        return await remove_suppression(house.database, await project_of(house, project), address, house.clock())

    gone = run(data_dir, do)
    print(f"{address} is off the list" if gone else f"{address} was not on the list")
    return 0 if gone else 1


@app.command(name="list")
def list_all(
    address: Annotated[str | None, Parameter(help="Only this one.")] = None,
    *,
    project: ProjectToken,
    size: Size = PAGE,
    after: Annotated[str | None, Parameter(help="The next page: what the page before named.")] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Who is on the list, by whom, since when and why."""

    async def do(house: House) -> Listed:
        return await read_suppressions(house.database, await project_of(house, project), address, after, size)

    listed = run(data_dir, do)
    if as_json:
        print(msgspec.json.encode(listed).decode())
        return
    lines = [
        f"{as_dialled(one.address or 'erased'):16}  {one.reason:8}  {one.scope:9}  since {utc(one.since)}"
        f"  by {one.by_whom}{f': {one.note}' if one.note else ''}"
        for one in listed.suppressions
    ]
    print("\n".join(lines) or "nobody is on the list")
    if listed.next:
        print(f"more: --after {listed.next}")
