"""`parley template`: the registry of message templates, and what a person may say about one."""

import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Annotated, TypeVar
from uuid import UUID

import msgspec
from cyclopts import App, Parameter

from parley.cli.moments import utc
from parley.cli.options import AsJson, DataDir, ProjectToken
from parley.cli.running import project_of, run
from parley.house import House
from parley.providers.http import HttpClient
from parley.services.listen_to_templates import Ear, Listening
from parley.services.pull_template import pull_template
from parley.services.registry import Origin, Said
from parley.services.show_templates import (
    LARGEST_PAGE,
    TemplateLine,
    TemplateView,
    list_templates,
    plain,
    show_template,
    template_history,
)
from parley.services.steer_templates import ByHand, end_override, order_hand_in, override_template, set_status
from parley.services.stopping import release_a_template
from parley.store.templates import Entry
from parley.templates import Status
from parley.templates.judgement import told_as

app = App(name="template", help="Look after message templates.")
By = Annotated[str, Parameter(name="--by", help="Who says so; kept in the history.")]
Reason = Annotated[str, Parameter(help="Why; kept in the history.")]
Limit = Annotated[int, Parameter(help="How many entries at most.")]
COMMAND_LINE = "command line"
_HEADING = ("status", "category", "quality", "version", "template")
T = TypeVar("T")


@app.command(name="list")
def list_all(
    *, project: ProjectToken, status: Status | None = None, as_json: AsJson = False, data_dir: DataDir = None
) -> None:
    """Every template of the project, and where it stands."""

    async def all_of(house: House, of: UUID) -> list[TemplateLine]:
        lines: list[TemplateLine] = []
        after: str | None = ""
        while after is not None:
            page = await list_templates(house.database, of, after=after, limit=LARGEST_PAGE, status=status)
            lines += page.templates
            after = page.next
        return lines

    lines = _in(data_dir, project, all_of)
    if as_json:
        print(msgspec.json.encode(lines).decode())
        return
    rows = [(one.status, _filed(one), one.quality, _version(one), one.name) for one in lines]
    told = [f"{a:9}  {b:21}  {c:7}  {d:7}  {e}" for a, b, c, d, e in [_HEADING, *rows]] if rows else []
    if others := sum(one.only_at_provider for one in lines):
        told.append(f"\n{others} with a * the provider alone has; as a file: parley template pull NAME LANGUAGE")
    print("\n".join(told) or "no template: parley apply FOLDER --project TOKEN")


@app.command
def show(
    name: str, language: str = "", *, project: ProjectToken, as_json: AsJson = False, data_dir: DataDir = None
) -> None:
    """Where it stands and why, its quality, how its text was judged. NAME LANGUAGE, or NAME.LANGUAGE."""
    view = _in(
        data_dir, project, lambda house, of: show_template(house.database, of, _full(name, language), house.clock())
    )
    print(msgspec.json.encode(plain(view)).decode() if as_json else "\n".join(_story(view)))


@app.command
def pull(
    name: str,
    language: str = "",
    *,
    project: ProjectToken,
    sender: Annotated[
        str | None, Parameter(help="The integration whose account has it; the first when left out.")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Print a template as the provider has it, as a file for git: what was handed in elsewhere comes in by that. NAME
    LANGUAGE, or NAME.LANGUAGE. What `parley apply` would refuse is told beside it.
    """
    full = _full(name, language)
    pulled = _in(data_dir, project, lambda house, of: pull_template(house.database, of, full, sender))
    print(msgspec.json.format(msgspec.json.encode(pulled.file), indent=2).decode())
    for found in pulled.refused_for:
        told = f"parley apply refuses it: {found.field}: {found.sentence} {found.remedy} ({found.rule})"
        print(told, file=sys.stderr)


@app.command
def history(
    name: str,
    language: str = "",
    *,
    project: ProjectToken,
    limit: Limit = 100,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """What happened to it, the newest first: files that were applied, every status with its origin and reason."""
    full = _full(name, language)
    page = _in(data_dir, project, lambda house, of: template_history(house.database, of, full, limit=limit))
    print(msgspec.json.encode(page.entries).decode() if as_json else "\n".join(_told(one) for one in page.entries))


@app.command
def submit(
    name: str,
    language: str = "",
    *,
    project: ProjectToken,
    sender: Annotated[
        str | None, Parameter(help="The integration to hand it in by; the only one when left out.")
    ] = None,
    by: By = COMMAND_LINE,
    data_dir: DataDir = None,
) -> None:
    """Hand it in to WhatsApp, by Sinch's Provisioning API: a worker does it, and follows what becomes of it."""
    said, full = Said(Origin.PERSON, by), _full(name, language)
    chosen = _in(
        data_dir, project, lambda house, of: order_hand_in(house.database, of, full, sender, said, house.clock())
    )
    print(f"a worker hands {full} in by {chosen}: parley template show {full}")


@app.command
def listen(
    url: str,
    *,
    project: ProjectToken,
    sender: Annotated[str | None, Parameter(help="The integration; the only one that can when left out.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Have Sinch tell what happens to templates, signed with the integration's `signing_secret`. URL is Parley's own
    address from outside, https://parley.example.
    """

    async def do(house: House, of: UUID) -> Listening:
        async with HttpClient() as wire:
            ear = Ear(house.database, house.box, wire, house.clock, house.chance)
            try:
                return await ear.listen(of, sender, url)
            finally:
                await ear.close()

    made = _in(data_dir, project, do)
    print(
        f"Sinch {'tells' if made.is_new else 'told already'} {made.target} what happens to templates of {made.sender}"
    )


@app.command(name="status")
def say_status(
    name: str,
    language: str,
    status: ByHand,
    *,
    reason: Reason,
    project: ProjectToken,
    by: By = COMMAND_LINE,
    data_dir: DataDir = None,
) -> None:
    """Say where it stands, where no provider tells it: submitted, approved, rejected, paused or disabled."""
    said, full = Said(Origin.PERSON, by, reason), _full(name, language)
    _in(data_dir, project, lambda house, of: set_status(house.database, of, full, status, said, house.clock()))
    print(f"{full} is {status}")


@app.command
def override(
    name: str,
    language: str = "",
    *,
    project: ProjectToken,
    reason: Annotated[str, Parameter(help="Why it may be sent; kept, and shown with every decision.")] = "",
    end: Annotated[bool, Parameter(help="Let the promotional check count again.", negative="")] = False,
    by: By = COMMAND_LINE,
    data_dir: DataDir = None,
) -> None:
    """Let it be sent whatever the promotional check says, until its text changes."""
    said, full = Said(Origin.PERSON, by, reason or None), _full(name, language)
    order = end_override if end else override_template
    _in(data_dir, project, lambda house, of: order(house.database, of, full, said, house.clock()))
    print(f"{full} is judged again" if end else f"{full} may be sent: {reason}")


@app.command
def release(name: str, language: str = "", *, project: ProjectToken, data_dir: DataDir = None) -> None:
    """After the cause is mended: let a stopped template be sent again, by every sender. NAME LANGUAGE, or
    NAME.LANGUAGE as its file is called.
    """
    full = _full(name, language)
    freed = _in(data_dir, project, lambda house, of: release_a_template(house.database, of, full, house.clock()))
    print(f"{full} may be sent again" if freed.was_stopped else f"{full} was not stopped")


def _full(name: str, language: str) -> str:
    return f"{name}.{language}" if language else name


def _in(data_dir: Path | None, token: str, work: Callable[[House, UUID], Awaitable[T]]) -> T:
    async def do(house: House) -> T:
        return await work(house, (await project_of(house, token)).id)

    return run(data_dir, do)


def _version(line: TemplateLine) -> str:
    return "*" if line.only_at_provider else f"v{line.version}"


def _filed(line: TemplateLine) -> str:
    return line.provider_category or line.category


def _story(view: TemplateView) -> Iterator[str]:
    line, judged = view.line, view.judgement
    version = "only at the provider" if line.only_at_provider else f"version {line.version}"
    yield f"{line.name}  {version}, {line.category}: {line.status}"
    reason = f": {line.status_reason}" if line.status_reason else ""
    yield f"  since {utc(line.status_at)}{reason}"
    if line.sender:
        yield f"  as the provider says by {line.sender}; quality {line.quality}"
    if line.provider_category:
        yield f"  WhatsApp files it as {line.provider_category}"
    if line.handing_in:
        yield "  a worker hands it in"
    if line.problem:
        yield f"  problem: {line.problem}"
    yield f"\n{view.template.body.text}\n"
    rules = judged.rules if view.rules_are_whatsapps else f"{judged.rules}, the project's own choice"
    label = f"{judged.label}, WhatsApp would file it as {judged.predicted}" if judged.readable else "cannot be judged"
    yield f"  judged by {rules} ({judged.version}): {label}"
    yield f"  {judged.why}"
    if view.costs_more:
        yield f"  a message costs {view.costs_more.told} more by that"
    for one in judged.findings:
        yield f"  {told_as(one, overridden=bool(line.override))} ({one.rule})"
    if line.override:
        yield f"  override by {view.overridden_by}: {line.override}"


def _told(entry: Entry) -> str:
    moved = " -> ".join(one for one in (entry.before, entry.after) if one)
    who = f"{entry.origin} {entry.said_by or ''}".strip()
    because = f": {entry.reason}" if entry.reason and entry.reason != entry.after else ""
    return f"{utc(entry.at)}  v{entry.version:<3} {entry.what:9} {moved}  ({who}){because}"
