"""A person launches a campaign: from then on workers plan its messages."""

from datetime import datetime
from uuid import UUID

from parley import segments
from parley.domain.errors import ParleyError
from parley.domain.ids import new_id
from parley.journeys import Campaign, parse_campaign
from parley.store.campaigns import NewRun, campaign_version, current_version, insert_run
from parley.store.database import Connection, Database
from parley.store.wakeups import announce_work


class UnknownCampaignError(ParleyError):
    """The project has no such campaign."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no campaign {name}. `parley campaign list` shows those there are.")


class CampaignUnderWayError(ParleyError):
    """The campaign runs already."""


async def launch_campaign(database: Database, project_id: UUID, name: str, by: str, now: datetime) -> NewRun:
    """One run, of the definition's present version, which begins at its `start`, at once when that has passed.

    Raises UnknownCampaignError, CampaignUnderWayError.
    """
    async with database.transaction() as connection:
        version = await current_version(connection, project_id, name)
        if version is None:
            raise UnknownCampaignError(name)
        campaign = await campaign_of(connection, project_id, name, version)
        run = NewRun(new_id(), project_id, name, version, by, max(now, campaign.start or now))
        if not await insert_run(connection, run, now):
            raise CampaignUnderWayError(
                f"The campaign {name} is under way. Wait until it has ended, or cancel it (`parley campaign cancel`)."
            )
        await announce_work(connection)
    return run


async def campaign_of(connection: Connection, project_id: UUID, name: str, version: int) -> Campaign:
    """As it was in that version."""
    return parse_campaign(await campaign_version(connection, project_id, name, version), segments)
