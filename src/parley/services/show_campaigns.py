"""How far campaigns have come: with the customers and with the messages, what that cost, and what they wait for."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from parley.domain.message import State
from parley.services.definitions import project_definitions
from parley.services.doctor import Finding, diagnose_run, plain
from parley.services.launch_campaign import UnknownCampaignError
from parley.store.campaigns import Reason, RunCost, RunLine, costs_of_run, latest_runs, messages_by_state, reasons
from parley.store.database import Database


class CampaignLine(msgspec.Struct, frozen=True):
    """A campaign, and its last run. Its definition may be gone meanwhile: then it has no title."""

    name: str
    title: str
    run: RunLine | None


class Progress(CampaignLine, frozen=True):
    """How far a campaign's last run has come."""

    planned: int = 0
    """All messages of the run, whatever became of them; refused ones, too."""
    messages: dict[str, int] = {}
    """By state."""
    reasons: tuple[Reason, ...] = ()

    @property
    def waiting(self) -> int:
        """Those that have not left yet and may still."""
        return sum(self.messages.get(state, 0) for state in (State.PLANNED, State.QUEUED))


async def list_campaigns(database: Database, project_id: UUID) -> list[CampaignLine]:
    """By name; those that were launched and are not defined any more, too."""
    async with database.transaction() as connection:
        known = (await project_definitions(connection, project_id)).campaigns
        runs = await latest_runs(connection, project_id)
    titles = {name: campaign.title for name, campaign in known.items()}
    return [CampaignLine(name, titles.get(name, ""), runs.get(name)) for name in sorted({*titles, *runs})]


class CampaignView(msgspec.Struct, frozen=True):
    """A campaign's last run, with its money, and why what has not left has not left yet."""

    progress: Progress
    costs: Sequence[RunCost] = ()
    waits: Sequence[Finding] = ()


def plain_view(view: CampaignView) -> dict[str, Any]:
    """As JSON shows it: the progress with `costs` and `waits`."""
    told: dict[str, Any] = msgspec.to_builtins(view.progress)
    waits = [plain(one) for one in view.waits]
    return told | {"costs": msgspec.to_builtins(view.costs), "waits": msgspec.to_builtins(waits)}


async def show_campaign(database: Database, project_id: UUID, name: str, now: datetime) -> CampaignView:
    """Raises UnknownCampaignError."""
    progress = await campaign_progress(database, project_id, name)
    run = progress.run
    if run is None:
        return CampaignView(progress)
    async with database.connection() as connection:
        costs = await costs_of_run(connection, run.id)
        waits = await diagnose_run(connection, project_id, name, run.id, now) if run.ended_at is None else []
    return CampaignView(progress, costs, waits)


async def campaign_progress(database: Database, project_id: UUID, name: str) -> Progress:
    """What may be asked again and again: it only counts. Raises UnknownCampaignError."""
    async with database.transaction() as connection:
        campaign = (await project_definitions(connection, project_id)).campaigns.get(name)
        run = (await latest_runs(connection, project_id, name)).get(name)
        if campaign is None and run is None:
            raise UnknownCampaignError(name)
        title = campaign.title if campaign else ""
        if run is None:
            return Progress(name, title, None)
        by_state = await messages_by_state(connection, run.id)
        why = tuple(await reasons(connection, run.id))
    return Progress(name, title, run, sum(by_state.values()), by_state, why)
