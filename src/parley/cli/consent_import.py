"""`parley consent import`: a file of consents goes into the ledger."""

import csv
import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Annotated, Any, Literal, TextIO

import msgspec
from cyclopts import App, Parameter
from rich.console import Console
from rich.progress import Progress

from parley.cli.consent_file import opened, safe
from parley.cli.options import AsJson, By, DataDir, ProjectToken
from parley.cli.running import project_of, run
from parley.domain.counting import counted
from parley.domain.visible import visible
from parley.house import House
from parley.services.import_consents import Imported, Listeners, Refused, Table, Wishes, import_consents

REFUSED_SHOWN = 10


def import_file(
    file: Annotated[Path, Parameter(help="A CSV file with a heading.")],
    *,
    project: ProjectToken,
    dry_run: Annotated[bool, Parameter(negative="", help="Only say what would be imported.")] = False,
    skip_refused: Annotated[
        bool, Parameter(negative="", help="Import what is right even if other lines are refused.")
    ] = False,
    unknown: Annotated[
        Literal["refuse", "create"], Parameter(help="A line whose customer the project does not have.")
    ] = "refuse",
    report: Annotated[
        Path | None, Parameter(help="Where every refused line is written, as CSV; the screen shows the first ten.")
    ] = None,
    by: By = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Bring a file of consents into the ledger: all of it, or nothing. Bringing it twice adds nothing."""
    wishes = Wishes(by or getpass.getuser(), dry_run, skip_refused, unknown)

    async def do(house: House) -> Imported:
        found = await project_of(house, project)
        with opened(file) as (consents, raw), _telling(file, raw, report) as tell:
            table = Table(consents.heading, consents.lines())
            return await import_consents(house.database, found, table, wishes, tell, house.clock())

    done = run(data_dir, do)
    print(msgspec.json.encode(done).decode() if as_json else _told(done, wishes))
    if done.refused:
        sys.exit(1)


def _told(done: Imported, wishes: Wishes) -> str:
    told = f"{counted(done.lines, 'lines')}: {counted(done.added, 'entries new')}, {done.known:,} known already, "
    told += counted(done.refused, "lines refused")
    if done.created:
        told += f", {counted(done.created, 'customers created')}"
    if done.asked:
        told += f"; {done.asked:,} yet to be confirmed"
    if done.written:
        return told
    return f"{told}\n{'dry run: ' if wishes.dry_run else ''}nothing was written" + (
        "" if wishes.dry_run else "; correct the lines, or take the others with --skip-refused"
    )


@contextmanager
def _telling(file: Path, raw: TextIO, report: Path | None) -> Iterator[Listeners]:
    """A bar on the screen, the first refused lines below it, all of them in the report."""
    size = file.stat().st_size
    written: Any = nullcontext() if report is None else report.open("w", encoding="utf-8", newline="")
    with written as out, Progress(console=Console(stderr=True), disable=not sys.stderr.isatty()) as bar:
        rows = None if out is None else csv.writer(out, lineterminator="\n")
        if rows:
            rows.writerow(Refused.__struct_fields__)
        task = bar.add_task("reading", total=size)
        shown = 0

        def refused(one: Refused) -> None:
            nonlocal shown
            shown += 1
            if rows:
                rows.writerow([safe(value) for value in msgspec.structs.astuple(one)])
            if shown <= REFUSED_SHOWN:
                told = f"line {one.line}, {one.column or 'beyond the heading'}: {one.problem}"
                print(visible(told), file=sys.stderr)

        def progress(lines: int) -> None:
            bar.update(task, completed=raw.buffer.tell(), description=counted(lines, "lines"))

        yield Listeners(refused, progress)
        if shown > REFUSED_SHOWN:
            print(f"and {shown - REFUSED_SHOWN} more{'' if report else ': --report FILE'}", file=sys.stderr)


def add_to(app: App) -> None:
    """Beside the other commands on consents."""
    app.command(name="import")(import_file)
