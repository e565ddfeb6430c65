"""`parley cost`: what messages did cost, and corrections by hand or by an invoice."""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import App, Parameter

from parley.cli.options import AsJson, DataDir, MisusedError, ProjectToken, look_at_words
from parley.cli.running import project_of, run
from parley.domain.counting import counted
from parley.domain.errors import InvalidInputError, Problem
from parley.house import House
from parley.services.correct_costs import Corrected, Correction, correct_costs, read_cost, read_invoice
from parley.services.report_costs import By, check_days, report_costs
from parley.store.ledger import ReportLine

app = App(name="cost", help="What messages did cost, and corrections of that.")
Why = Annotated[str, Parameter(help="Kept with the entries: the invoice, or whose word it is.")]


@app.command
def report(
    *,
    project: ProjectToken,
    by: Annotated[By, Parameter(help="day, market, category, or scenario (or campaign).")] = By.DAY,
    since: Annotated[date | None, Parameter(help="First day; the first of the month when left out.")] = None,
    until: Annotated[date | None, Parameter(help="Last day; today when left out.")] = None,
    as_json: AsJson = False,
    as_csv: Annotated[bool, Parameter(name="--csv", help="Print CSV.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Messages that arrived, what they did cost, and what is set aside for those under way."""
    look_at_words(check_days, since, until)

    async def do(house: House) -> list[ReportLine]:
        found = await project_of(house, project)
        return await report_costs(house.database, found.id, by, since, until, house.clock())

    lines = run(data_dir, do)
    if as_json:
        print(msgspec.json.encode(lines).decode())
    elif as_csv:
        print(_csv(lines), end="")
    else:
        print("\n".join(_table(lines)) or "nothing was spent or set aside in these days")


@app.command
def correct(
    message_id: str,
    amount: str,
    *,
    project: ProjectToken,
    why: Why,
    currency: Annotated[str | None, Parameter(help="That of the message's price when left out.")] = None,
    data_dir: DataDir = None,
) -> None:
    """MESSAGE_ID (ours or the provider's) did cost AMOUNT: the difference is booked."""
    cost = read_cost(amount)
    if cost is None:
        raise MisusedError([Problem("AMOUNT", "must be 0 or more, such as 0.0212.")])
    line = Correction("MESSAGE_ID", message_id, cost, currency)

    async def do(house: House) -> Corrected:
        found = await project_of(house, project)
        return await correct_costs(house.database, found.id, [line], why, house.clock())

    print("\n".join(_corrected(run(data_dir, do), "booked")))


@app.command(name="import")
def import_invoice(
    file: Path,
    *,
    project: ProjectToken,
    why: Annotated[str | None, Parameter(help="Kept with the entries; the file's name when left out.")] = None,
    check: Annotated[bool, Parameter(help="Say what would be booked, and book nothing.")] = False,
    data_dir: DataDir = None,
) -> None:
    """FILE is CSV with a heading: message_id, cost, currency. All of it is booked, or nothing."""

    async def do(house: House) -> Corrected:
        found = await project_of(house, project)
        with _opened(file) as lines:
            said = why or file.name
            return await correct_costs(house.database, found.id, read_invoice(lines), said, house.clock(), check=check)

    print("\n".join(_corrected(run(data_dir, do), "would be booked" if check else "booked")))


def _opened(file: Path) -> io.TextIOWrapper:
    try:
        return file.open(encoding="utf-8-sig", errors="replace", newline="")
    except OSError as error:
        raise InvalidInputError([Problem(str(file), f"cannot be read: {error.strerror}.")]) from error


def _corrected(done: Corrected, word: str) -> Iterator[str]:
    corrections = counted(done.corrected, f"corrections {word}")
    yield f"{counted(done.lines, 'lines')}: {corrections}, {done.lines - done.corrected:,} as before"
    yield from (f"  {currency} {difference:+f}" for currency, difference in done.differences.items() if difference)


_COLUMNS = ("key", "currency", "messages", "free", "unpriced", "spent", "reserved", "saved")


def _csv(lines: Sequence[ReportLine]) -> str:
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\n")
    table.writerow(_COLUMNS)
    table.writerows([_plain(getattr(line, name)) for name in _COLUMNS] for line in lines)
    return written.getvalue()


def _plain(value: object) -> object:
    return f"{value:f}" if isinstance(value, Decimal) else value


def _table(lines: Sequence[ReportLine]) -> Iterator[str]:
    if not lines:
        return
    yield f"{'':36}{'messages':>10}{'free':>10}{'unknown':>9}{'spent':>16}{'set aside':>16}{'saved':>14}"
    for line in lines:
        yield (
            f"{(line.key or '(nobody)')[:35]:36}{line.messages:>10,}{line.free:>10,}{line.unpriced:>9,}"
            f"{f'{line.currency} {line.spent:,.4f}':>16}{f'{line.reserved:,.4f}':>16}{f'{line.saved:,.4f}':>14}"
        )
