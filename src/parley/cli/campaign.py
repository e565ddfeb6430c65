"""`parley campaign`: launch a campaign, look how far it has come, pause, resume or cancel it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, TypeVar
from uuid import UUID

import msgspec
from cyclopts import App, Parameter
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as ProgressBar

from parley.cli import doctor
from parley.cli.moments import utc
from parley.cli.options import AsJson, DataDir, ProjectToken
from parley.cli.policy import try_and_print
from parley.cli.running import project_of, run
from parley.domain.counting import counted
from parley.house import House
from parley.services.launch_campaign import launch_campaign
from parley.services.show_campaigns import (
    CampaignView,
    Progress,
    campaign_progress,
    list_campaigns,
    plain_view,
    show_campaign,
)
from parley.services.steer_campaigns import Order, steer
from parley.services.try_policy import Wish
from parley.store.campaigns import RunCost

app = App(name="campaign", help="Launch campaigns, and see how far they have come.")
LOOK_SECONDS = 2.0
"""Between two looks of --follow: each counts the run's messages."""
OVER = ("ended", "cancelled")
T = TypeVar("T")


@app.command
def launch(
    name: str,
    *,
    project: ProjectToken,
    by: Annotated[str, Parameter(name="--by", help="Who launches it; kept with the run.")] = "command line",
    data_dir: DataDir = None,
) -> None:
    """Send the campaign to its audience, once; at its `start`, or at once when that has passed."""
    made = _in(data_dir, project, lambda house, of: launch_campaign(house.database, of, name, by, house.clock()))
    print(f"{name} is launched: run {made.id}, version {made.version}, begins {utc(made.starts_at)}")


@app.command
def estimate(name: str, *, project: ProjectToken, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """What the campaign would cost if it were launched now, by market and category, and what would be refused."""
    try_and_print(Wish(campaign=name), project, data_dir, as_json=as_json)


@app.command(name="list")
def list_all(*, project: ProjectToken, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Every campaign, and where its last run stands."""
    lines = _in(data_dir, project, lambda house, of: list_campaigns(house.database, of))
    if as_json:
        print(msgspec.json.encode(lines).decode())
        return
    told = [f"{one.run.state if one.run else 'never launched':14}  {one.name}  {one.title}" for one in lines]
    print("\n".join(told) or "no campaign yet: parley apply FOLDER --project TOKEN")


@app.command
def show(
    name: str,
    *,
    project: ProjectToken,
    follow: Annotated[bool, Parameter(help="Show a progress bar until the run is over or paused.")] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """How far the campaign's last run has come, what it cost so far, and what its messages wait for."""

    async def look(house: House, of: UUID) -> CampaignView:
        if follow:
            await _follow(house, of, name)
        return await show_campaign(house.database, of, name, house.clock())

    view = _in(data_dir, project, look)
    print(msgspec.json.encode(plain_view(view)).decode() if as_json else "\n".join(_story(view)))


@app.command
def pause(name: str, *, project: ProjectToken, data_dir: DataDir = None) -> None:
    """Plan nothing more, and keep back what waits. Messages in flight go on."""
    _order(name, Order.PAUSE, project, data_dir)
    print(f"{name} is paused")


@app.command
def resume(name: str, *, project: ProjectToken, data_dir: DataDir = None) -> None:
    """Go on where it was paused."""
    _order(name, Order.RESUME, project, data_dir)
    print(f"{name} goes on")


@app.command
def cancel(name: str, *, project: ProjectToken, data_dir: DataDir = None) -> None:
    """End the run: what waits is cancelled, messages in flight go on."""
    _order(name, Order.CANCEL, project, data_dir)
    print(f"{name} is being cancelled")


def _order(name: str, order: Order, project: str, data_dir: Path | None) -> None:
    _in(data_dir, project, lambda house, of: steer(house.database, of, name, order, house.clock()))


def _in(data_dir: Path | None, token: str, work: Callable[[House, UUID], Awaitable[T]]) -> T:
    async def do(house: House) -> T:
        return await work(house, (await project_of(house, token)).id)

    return run(data_dir, do)


async def _follow(house: House, project_id: UUID, name: str) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with ProgressBar(*columns, console=console, disable=not console.is_terminal) as bar:
        looked, left = bar.add_task("looked at", total=None), bar.add_task("on their way", total=None)
        while True:
            progress = await campaign_progress(house.database, project_id, name)
            run = progress.run
            if run is None:
                return
            bar.update(looked, completed=run.looked_at, total=max(run.customers, run.looked_at))
            bar.update(left, completed=progress.planned - progress.waiting, total=progress.planned or None)
            if run.state in (*OVER, "paused"):
                return
            await asyncio.sleep(LOOK_SECONDS)  # progress is counted, not announced


def _story(view: CampaignView) -> Iterator[str]:
    yield from _far(view.progress)
    yield from _money(view.costs)
    if view.waits:
        yield "\nWhat it waits for"
        yield from doctor.story(view.waits)


def _money(costs: Sequence[RunCost]) -> Iterator[str]:
    for one in costs:
        unknown = f"; {counted(one.unpriced, 'messages')} at a price nobody knows" if one.unpriced else ""
        yield f"  spent {one.currency} {one.spent:,.4f}, set aside {one.currency} {one.reserved:,.4f}{unknown}"


def _far(progress: Progress) -> Iterator[str]:
    run = progress.run
    yield f"{progress.name}  {progress.title}: {run.state if run else 'never launched'}"
    if run is None:
        return
    yield f"  run {run.id}, version {run.version}, launched {utc(run.launched_at)} by {run.launched_by}"
    over = f", over {utc(run.ended_at)}" if run.ended_at else ""
    yield f"  begins {utc(run.starts_at)}{over}"
    yield f"  looked at {run.looked_at:,} of {counted(max(run.customers, run.looked_at), 'customers')}"
    yield f"  in the audience {run.matched:,}"
    if run.broken:
        yield f"  broke the work {run.broken:,}: passed over; the worker's log says why (`passed over`)"
    yield f"  planned {counted(progress.planned, 'messages')}"
    yield from (f"  {count:10,}  {state}" for state, count in progress.messages.items())
    yield from (f"  {one.count:10,}  {one.state}: {one.code}" for one in progress.reasons)
