"""`parley consent upload`, `uploads` and `fetch`: what the provider is told of consents, and what it tells."""

from typing import Annotated
from uuid import UUID

import msgspec
from cyclopts import App, Parameter

from parley.cli.moments import utc
from parley.cli.options import AsJson, DataDir, ProjectToken, Size
from parley.cli.running import project_of, run
from parley.domain.counting import counted
from parley.domain.phone import as_dialled
from parley.house import House
from parley.providers.http import HttpClient
from parley.services.fetch_opt_outs import FetchedList, OptOutLists
from parley.services.upload_consents import Uploaded, Uploads, Wish, list_uploads, upload_consents

PAGE = 50


def upload(
    *,
    project: ProjectToken,
    sender: Annotated[str | None, Parameter(help="The account; the project's only one when left out.")] = None,
    preset: Annotated[str | None, Parameter(help="A consent preset; that of the account's API when left out.")] = None,
    again: Annotated[bool, Parameter(help="Also what the provider has been told already.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Tell the provider who agreed and who does not, where it has not been told: opt-outs first. Workers send it."""

    async def do(house: House) -> Uploaded:
        found = await project_of(house, project)
        return await upload_consents(house.database, found, Wish(sender, preset, again), house.clock())

    done = run(data_dir, do)
    outs, ins = counted(done.opt_outs, "opt-outs"), counted(done.opt_ins, "opt-ins")
    print(f"{outs} and {ins} queued; see `parley consent uploads`")


def uploads(
    *,
    project: ProjectToken,
    failed: Annotated[bool, Parameter(help="Only what did not arrive.")] = False,
    size: Size = PAGE,
    before: Annotated[UUID | None, Parameter(help="The next page: the id that the page before named.")] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Number by number what the provider was told, the newest first."""

    async def do(house: House) -> Uploads:
        found = await project_of(house, project)
        return await list_uploads(house.database, found, before, size, only_failed=failed)

    listed = run(data_dir, do)
    if as_json:
        print(msgspec.json.encode(listed).decode())
        return
    for one in listed.uploads:
        number = as_dialled(one.number or "erased")
        print(f"{utc(one.changed_at)}  {number:16}  {one.action or '':7}  {one.state}")
        if one.code:
            print(f"                     {one.code}: {one.sentence or ''}")
    if listed.next:
        print(f"more: --before {listed.next}")
    if not listed.uploads:
        print("nothing was uploaded yet")


def fetch(
    *,
    project: ProjectToken,
    sender: Annotated[str | None, Parameter(help="The account; the project's only one when left out.")] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Follow who opted out on the consent lists of an app at Sinch's Conversation API."""

    async def do(house: House) -> list[FetchedList]:
        found = await project_of(house, project)
        async with HttpClient() as wire:
            lists = OptOutLists(house.database, house.box, wire, house.clock, house.chance)
            try:
                return await lists.fetch(found, sender)
            finally:
                await lists.close()

    fetched = run(data_dir, do)
    if as_json:
        print(msgspec.json.encode(fetched).decode())
        return
    for one in fetched:
        numbers, customers = counted(one.numbers, "numbers"), counted(one.customers, "customers")
        print(f"{one.name}: {numbers}, {customers}, {counted(one.entries, 'entries new')}")


def add_to(app: App) -> None:
    """Beside the other commands on consents."""
    app.command(upload)
    app.command(uploads)
    app.command(fetch)
