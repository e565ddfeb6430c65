"""`parley consent`: who agreed to what and how that is known; grant and revoke by hand."""

import csv
import getpass
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, TextIO
from uuid import UUID

import msgspec
from cyclopts import App, Parameter

from parley.cli import consent_import, consent_upload
from parley.cli.consent_file import safe
from parley.cli.moments import utc
from parley.cli.options import AsJson, By, Customer, DataDir, ProjectToken, Size, zoned
from parley.cli.running import project_of, run
from parley.domain.consent_evidence import Evidence
from parley.domain.counting import counted
from parley.domain.phone import as_dialled
from parley.domain.project import Project
from parley.house import House
from parley.services.consent_ledger import (
    Shown,
    Standing,
    export_consents,
    list_problems,
    show_consents,
)
from parley.services.say_consent import Said, WrittenDown, say_consent
from parley.store.consents import LedgerEntry, Page

app = App(name="consent", help="Who agreed to what, and how that is known.")
consent_import.add_to(app)
consent_upload.add_to(app)
PAGE = 50

Category = Annotated[str, Parameter(help="The consent category.")]
Before = Annotated[UUID | None, Parameter(help="The next page: the id that the page before named.")]
COLUMNS = (
    *("id", "customer_id", "category", "action", "valid_from", "valid_until", "source", "problem", "event_id"),
    *("confirm_until", *Evidence.__struct_fields__, "recorded_at"),
)


@app.command
def show(
    customer: Customer,
    *,
    project: ProjectToken,
    category: Annotated[str | None, Parameter(help="Only this one.")] = None,
    size: Size = PAGE,
    before: Before = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Where a customer stands in each category, and every entry that says why."""

    page = Page(size, before, category=category)
    shown = _read(
        project, data_dir, lambda house, found: show_consents(house.database, found, customer, page, house.clock())
    )
    _print(shown, as_json, "nothing was ever said")


@app.command
def problems(
    *,
    project: ProjectToken,
    size: Size = PAGE,
    before: Before = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Consent events that revoke because they are malformed, and those in a category that the project does not have."""
    page = Page(size, before)
    shown = _read(project, data_dir, lambda house, found: list_problems(house.database, found, page))
    _print(shown, as_json, "no consent event has a problem")


@app.command
def grant(
    customer: Customer,
    category: Category,
    *,
    project: ProjectToken,
    valid_from: Annotated[
        datetime | None, Parameter(name="--from", help="When it was said; now when left out.")
    ] = None,
    until: Annotated[datetime | None, Parameter(help="When it ends; never when left out.")] = None,
    shown_text: Annotated[
        str | None, Parameter(name="--text", help="What the customer agreed to, in its words.")
    ] = None,
    text_version: Annotated[str | None, Parameter(help="Which version of that text.")] = None,
    form_url: Annotated[str | None, Parameter(help="The page with the form.")] = None,
    ip: Annotated[str | None, Parameter(help="From where the form was sent.")] = None,
    user_agent: Annotated[str | None, Parameter(help="By which browser.")] = None,
    document_id: Annotated[str | None, Parameter(help="A signed paper, a recording, a ticket.")] = None,
    note: Annotated[str | None, Parameter(help="Anything else.")] = None,
    by: By = None,
    data_dir: DataDir = None,
) -> None:
    """Write down that a customer agreed, with the proof."""
    evidence = Evidence(
        shown_text=shown_text,
        text_version=text_version,
        form_url=form_url,
        ip=ip,
        user_agent=user_agent,
        document_id=document_id,
        note=note,
    )
    said = Said(
        customer=customer,
        action="accept",
        category=category,
        valid_from=zoned(valid_from),
        valid_until=zoned(until),
        evidence=evidence,
    )
    _say(said, by, project, data_dir)


@app.command
def revoke(
    customer: Customer,
    category: Category,
    *,
    project: ProjectToken,
    valid_from: Annotated[
        datetime | None, Parameter(name="--from", help="When it was said; now when left out.")
    ] = None,
    document_id: Annotated[str | None, Parameter(help="A letter, a recording, a ticket.")] = None,
    note: Annotated[str | None, Parameter(help="Anything else.")] = None,
    by: By = None,
    data_dir: DataDir = None,
) -> None:
    """Write down that a customer no longer agrees. It counts at once, also for messages that already wait."""
    evidence = Evidence(document_id=document_id, note=note)
    said = Said(customer=customer, action="reject", category=category, valid_from=zoned(valid_from), evidence=evidence)
    _say(said, by, project, data_dir)


@app.command
def export(
    file: Annotated[Path | None, Parameter(help="A CSV file; the screen when left out.")] = None,
    *,
    project: ProjectToken,
    category: Annotated[str | None, Parameter(help="Only this one.")] = None,
    data_dir: DataDir = None,
) -> None:
    """The whole ledger as CSV, the newest entry first."""

    async def do(house: House) -> int:
        found = await project_of(house, project)
        opened: Any = nullcontext(sys.stdout) if file is None else file.open("w", encoding="utf-8", newline="")
        with opened as out:
            return await _write(house, found, category, out)

    count = run(data_dir, do)
    print(f"{counted(count, 'entries')}{'' if file is None else f': {file}'}", file=sys.stderr)


async def _write(house: House, project: Project, category: str | None, out: TextIO) -> int:
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(COLUMNS)
    count = 0
    async for entry in export_consents(house.database, project, category):
        flat = _flat(entry)
        rows.writerow([safe(flat.get(name)) for name in COLUMNS])
        count += 1
    return count


def _say(said: Said, by: str | None, project: str, data_dir: Path | None) -> None:
    async def do(house: House) -> WrittenDown:
        found = await project_of(house, project)
        return await say_consent(house.database, found, said, by or getpass.getuser(), house.clock())

    done = run(data_dir, do)
    for ident in done.customers:
        word = "to be confirmed" if ident in done.to_confirm else _DONE[said.action]
        print(f"{word} in {said.category}: customer {ident}")


_DONE: dict[Literal["accept", "reject"], str] = {"accept": "granted", "reject": "revoked"}


def _read(project: str, data_dir: Path | None, read: Callable[[House, Project], Awaitable[Shown]]) -> Shown:
    async def do(house: House) -> Shown:
        return await read(house, await project_of(house, project))

    return run(data_dir, do)


def _print(shown: Shown, as_json: bool, nothing: str) -> None:  # noqa: FBT001  the option's own value
    if as_json:
        print(msgspec.json.encode(shown).decode())
        return
    print("\n".join(_story(shown)) or nothing)


def _story(shown: Shown) -> Iterator[str]:
    yield from (_standing(one) for one in shown.standing)
    for entry in shown.entries:
        said, evidence = entry.entry, entry.evidence
        until = f" until {utc(said.valid_until)}" if said.valid_until else ""
        until += f", to be confirmed by {utc(said.confirm_until)}" if said.confirm_until else ""
        yield f"{utc(said.valid_from)}  {said.action:7}  {said.category}{until}  by {said.source}"
        yield f"          customer {entry.customer_id}, entry {entry.id}"
        if said.problem:
            yield f"          problem: {said.problem}"
        known = {name: value for name in evidence.__struct_fields__ if (value := getattr(evidence, name)) is not None}
        if evidence.address is not None:
            known["address"] = as_dialled(evidence.address)
        yield from (f"          {name.replace('_', ' ')}: {value}" for name, value in known.items())
    if shown.next:
        yield f"more: --before {shown.next}"


def _standing(one: Standing) -> str:
    since = f" since {utc(one.since)}" if one.since else ""
    until = f", until {utc(one.until)}" if one.until else ""
    return f"{'granted' if one.granted else 'not granted':11}  {one.category}: {one.why}{since}{until}"


def _flat(entry: LedgerEntry) -> dict[str, Any]:
    """One row: what was said beside how it is known."""
    plain: dict[str, Any] = msgspec.to_builtins(entry)
    return {**plain, **plain.pop("entry"), **plain.pop("evidence")}
