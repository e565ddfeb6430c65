"""`parley policy`: try the policy on an audience, before anything is sent."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import App, Parameter
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from parley import segments
from parley.cli.options import AsJson, DataDir, MisusedError, ProjectToken, look_at_words
from parley.cli.running import project_of, run
from parley.domain.counting import counted
from parley.domain.errors import InvalidInputError, Problem
from parley.domain.malformed import NOT_UTF_8, told_by_line, too_deep
from parley.domain.visible import visible
from parley.house import House
from parley.services.try_policy import Estimate, Reason, Tried, Wish, check_parameters, play_of, try_policy

_OPTIONS = {"parameters": "--parameter", "consent_category": "--category"}
app = App(name="policy", help="Try the policy on an audience, before anything is sent.")
_COLUMNS = (TextColumn("looked at"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())


@app.command(name="try")
def try_now(
    *,
    project: ProjectToken,
    campaign: Annotated[str | None, Parameter(help="Try this campaign's message on its audience.")] = None,
    template: Annotated[str | None, Parameter(help="Or this template, by its name.")] = None,
    language: Annotated[str, Parameter(help="Of the template.")] = "en",
    parameter: Annotated[tuple[str, ...], Parameter(help="A value of the template, Jinja too; once for each.")] = (),
    category: Annotated[str | None, Parameter(help="Consent category of the template.")] = None,
    sender: Annotated[str | None, Parameter(help="Integration to send the template by.")] = None,
    condition: Annotated[str | None, Parameter(help="Another audience: JSON of a condition, or @FILE.")] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """What would be refused now, or would have to wait, and why: counts by reason. Nothing is written or sent."""
    if (campaign is None) == (template is None):
        raise MisusedError([Problem("policy try", "give --campaign or --template, one of them.")])
    wish = Wish(
        campaign=campaign,
        template=template,
        language=language,
        parameters=parameter,
        consent_category=category,
        sender=sender,
        condition=_read(condition),
    )
    with _told_by_option():
        look_at_words(check_parameters, parameter)
    if condition is not None and not condition.startswith("@"):
        look_at_words(segments.parse_audience, wish.condition, "condition")
    try_and_print(wish, project, data_dir, as_json=as_json)


def try_and_print(wish: Wish, project: str, data_dir: Path | None, *, as_json: bool) -> None:
    """With a bar on the screen meanwhile."""

    async def do(house: House) -> Tried | None:
        return await _try(house, project, wish)

    tried = run(data_dir, do)
    print(msgspec.json.encode(tried).decode() if as_json else "\n".join(story(tried)))


@contextmanager
def _told_by_option() -> Iterator[None]:
    """The field of a wish that has another name here is told by that."""
    try:
        yield
    except InvalidInputError as error:
        problems = [Problem(_OPTIONS.get(one.field, one.field), one.sentence) for one in error.problems]
        raise type(error)(problems) from error


def _read(condition: str | None) -> Any:
    if condition is None:
        return None
    try:
        given = Path(condition[1:]).read_bytes() if condition.startswith("@") else condition.encode()
        read = msgspec.json.decode(given)
    except OSError as error:
        raise InvalidInputError([Problem("condition", f"{condition[1:]}: {error.strerror}.")]) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        told = _unread(given, error)
        raise (InvalidInputError if condition.startswith("@") else MisusedError)(told) from error
    if read is None:  # which would be everybody
        raise InvalidInputError([Problem("condition", "must be an object; it is null.")])
    return read


def _unread(given: bytes, error: Exception) -> Sequence[Problem]:
    if isinstance(error, RecursionError):
        return too_deep("condition").problems
    if isinstance(error, UnicodeDecodeError):
        return [Problem("condition", f"{NOT_UTF_8}.")]
    return [Problem("condition", f"is no JSON: {told_by_line(given, error).removeprefix('JSON is malformed: ')}.")]


async def _try(house: House, token: str, wish: Wish) -> Tried | None:
    project = await project_of(house, token)
    now = house.clock()
    with _told_by_option():
        play = await play_of(house.database, project.id, wish, now)
    tried = None
    console = Console(stderr=True)  # where it is no terminal, an empty line would be all that is seen of the bar
    with Progress(*_COLUMNS, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=None)
        async for tried in try_policy(house.database, project.id, play, now):
            bar.update(task, completed=tried.looked_at, total=tried.customers)
    return tried


def story(tried: Tried | None) -> Iterator[str]:
    """Line by line."""
    if tried is None:
        return
    looked_at, planned = counted(tried.looked_at, "customers"), counted(tried.in_audience, "messages")
    yield f"looked at {looked_at}; {planned} to those in the audience"
    yield f"  {tried.allowed:10,}  would be sent now"
    yield f"  {tried.later:10,}  would wait"
    yield f"  {tried.refused:10,}  would be refused"
    if tried.broken:
        yield f"  {tried.broken:10,}  broke the work: the log says why"
    yield from _bill(tried.estimate)
    for reason in tried.reasons:
        yield from _reason(reason)


def _bill(estimate: Estimate) -> Iterator[str]:
    if not estimate.messages:
        return
    messages = counted(estimate.messages, "messages")
    yield f"\n{estimate.currency} {estimate.amount} for {messages} that would leave, now or later"
    for one in estimate.costs:
        yield f"  {one.amount:>12}  {one.messages:10,}  {one.market}, {one.category}"
    if estimate.in_window:
        yield f"  {estimate.in_window:,} of them to customers with an open window: free text would reach them, too"
    if estimate.saved:
        yield f"  {estimate.currency} {estimate.saved} saved by free text in the place of templates"
    if estimate.unpriced:
        yield f"  {estimate.unpriced:,} of them at a price nobody knows: apply a rate card that has their market"


def _reason(reason: Reason) -> Iterator[str]:
    yield f"\n{reason.count:,} {reason.outcome}: {reason.code}"
    if reason.remedy:
        yield f"  {reason.remedy}"
    for one in reason.examples:
        names = ", ".join(f"{name} {value}" for name, value in one.ids.items()) or "no id"
        yield visible(f"    {one.customer_id} ({names}): {one.sentence}")
