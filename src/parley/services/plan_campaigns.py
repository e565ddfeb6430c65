"""Workers plan the messages of campaigns that were launched: chunk by chunk, each with its cursor in one transaction.

A run's customers are in 64 shares, one a bucket, and each share remembers the last customer that was looked at. A
worker takes the share that has waited longest, plans the next chunk and moves the share, all or nothing: killed at any
moment, the run goes on where it was, and nobody gets two messages. Nothing grows with the number of customers.

Whom a run looks at: whoever was a customer when it began, once. Who is merged into somebody else before is looked at as
that one; a message of the run that comes with a merge is not doubled.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from parley import segments
from parley.journeys import Campaign
from parley.services.bear_with import THEN_PASSED_OVER, bear_with
from parley.services.condition_facts import facts_for_conditions
from parley.services.definitions import ProjectDefinitions, project_definitions
from parley.services.launch_campaign import campaign_of
from parley.services.native_sends import form_of, instead_of
from parley.services.people import Person, people
from parley.services.plan_messages import Ask, Wanted, plan_messages_to, with_instead
from parley.store.campaigns import Candidate, Share, Step, claim_share, move_share, page_of_share
from parley.store.database import Connection, Database

CHUNK = 500
"""Customers in one transaction: enough to make the statements cheap, few enough to let a pause through."""


SHARES_AT_ONCE = 2
"""In one worker: while the database writes one chunk, Python works on the other."""


async def plan_campaigns(database: Database, now: datetime) -> int:
    """How many customers were looked at; 0: no run has any left. Raises what the first chunk raised that failed.

    No TaskGroup: in Python 3.11 one that fails leaves its own task told to end, for good, and the loop ends with that.
    """
    chunks = (_plan_chunk(database, now) for _ in range(SHARES_AT_ONCE))
    looked_at = 0
    for chunk in await asyncio.gather(*chunks, return_exceptions=True):
        if isinstance(chunk, BaseException):
            raise chunk
        looked_at += chunk
    return looked_at


async def _plan_chunk(database: Database, now: datetime) -> int:
    async with database.transaction() as connection:
        share = await claim_share(connection, now)
        if share is None:
            return 0
        page = await page_of_share(connection, share, CHUNK)
        desk = _Desk(
            connection,
            share,
            await campaign_of(connection, share.project_id, share.campaign, share.version),
            await project_definitions(connection, share.project_id),
            now,
        )
        fresh = [one.id for one in page if one.was_there and not one.has_one]
        matched = await bear_with(connection, fresh, desk.plan, desk.pass_over, THEN_PASSED_OVER) if fresh else []
        await move_share(connection, share, _step(share, page, len(matched), desk.broken), now)
        return max(len(page), 1)


def _step(share: Share, page: Sequence[Candidate], matched: int, broken: int) -> Step:
    return Step(
        after_id=page[-1].id if page else share.after_id,
        looked_at=sum(one.was_there for one in page),
        matched=matched,
        broken=broken,
        done=len(page) < CHUNK,
    )


class _Desk:
    """Works on one chunk."""

    def __init__(
        self, connection: Connection, share: Share, campaign: Campaign, project: ProjectDefinitions, now: datetime
    ) -> None:
        self.broken = 0
        self._connection = connection
        self._share = share
        self._campaign = campaign
        self._project = project
        self._now = now
        self._ask = ask_of(campaign, project, share.starts_at, share.run_id)

    async def plan(self, customer_ids: Sequence[UUID]) -> list[UUID]:
        """Those of them who are in the audience; each has a message then, or a refusal."""
        known = await people(self._connection, customer_ids)
        matched = await self._audience(known)
        wanted = [Wanted(ident, self._ask) for ident in matched]
        if wanted:
            await plan_messages_to(self._connection, self._share.project_id, known, wanted, self._now)
        return matched

    async def pass_over(self, _: UUID) -> None:
        """The customer whose work failed gets no message of this run."""
        self.broken += 1

    async def _audience(self, known: dict[UUID, Person]) -> list[UUID]:
        condition = self._campaign.audience
        if condition is None:
            return list(known)
        facts = await facts_for_conditions(self._connection, self._project, known, [condition], self._now)
        return [ident for ident in known if segments.holds(condition, facts[ident], self._now)]


def ask_of(campaign: Campaign, project: ProjectDefinitions, starts_at: datetime, run_id: UUID) -> Ask:
    """The same for everybody."""
    effect, expires_at = campaign.effect(starts_at)
    integration = project.sender(effect.sender)
    preset, parameters = form_of(effect, integration.api if integration else None)
    about = {"id": campaign.name, "name": campaign.title}
    ask = Ask(
        preset=preset,
        parameters=parameters,
        variables={"campaign": about, "event": {}, "project": project.about},
        origin={"campaign": campaign.name, "campaign_title": campaign.title, "run": str(run_id)},
        sender=effect.sender,
        consent_category=getattr(effect, "consent_category", None),
        expires_at=expires_at,
        run_id=run_id,
    )
    return with_instead(ask, instead_of(effect, integration.api if integration else None))
