"""What waits, counted by what it is about, for people who ask why nothing moves."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from parley.store.campaigns import HELD_UNTIL
from parley.store.database import Connection, sql

MOST_JOURNEYS = 100_000
"""Of those that wait as their scenario says, which may be millions."""


class What(StrEnum):
    """Everything that can wait."""

    MESSAGES_DUE = "messages_due"
    MESSAGES_PACED = "messages_paced"
    MESSAGES_DEFERRED = "messages_deferred"
    MESSAGES_TO_JUDGE_ANEW = "messages_to_judge_anew"
    CAMPAIGNS_SCHEDULED = "campaigns_scheduled"
    CAMPAIGNS_TO_PLAN = "campaigns_to_plan"
    CAMPAIGNS_PAUSED = "campaigns_paused"
    CAMPAIGNS_TO_CANCEL = "campaigns_to_cancel"
    SENDER_AWAY = "sender_away"
    """By their provider."""
    MESSAGES_HELD = "messages_held"
    TEMPLATES_STOPPED = "templates_stopped"
    TEMPLATES_TO_HAND_IN = "templates_to_hand_in"
    TEMPLATES_IN_REVIEW = "templates_in_review"
    TEMPLATES_PAUSED = "templates_paused"
    TEMPLATES_NOT_TAKEN = "templates_not_taken"
    TEMPLATES_OF_LOW_QUALITY = "templates_of_low_quality"
    TEMPLATES_NOT_LOOKED_AT = "templates_not_looked_at"
    MESSAGES_IN_FLIGHT = "messages_in_flight"
    MESSAGES_LOST = "messages_lost"
    MESSAGES_UNCERTAIN = "messages_uncertain"
    JOURNEYS_DUE = "journeys_due"
    JOURNEYS_PARKED = "journeys_parked"
    JOURNEYS_WAITING = "journeys_waiting"
    REPORTS_UNCLAIMED = "reports_unclaimed"
    CALLBACKS_UNREAD = "callbacks_unread"
    CALLBACKS_SPOOLED = "callbacks_spooled"
    """On this machine's disk (services.callback_spool)."""
    CALLBACKS_SET_ASIDE = "callbacks_set_aside"
    """There, too."""
    LIMITS_DIFFER = "limits_differ"
    """Integrations of several projects (services.differing_limits)."""
    BUDGETS_NEARLY_GONE = "budgets_nearly_gone"
    BUDGETS_GONE = "budgets_gone"
    DISK_FULL = "disk_full"
    SPOOL_DISK_FULL = "spool_disk_full"
    """The same, where the database is not on it."""
    DATABASE_AWAY = "database_away"
    CALLBACKS_NOT_UNDERSTOOD = "callbacks_not_understood"
    CONSENTS_NOT_UNDERSTOOD = "consents_not_understood"


class Waiting(msgspec.Struct, frozen=True):
    """Several of a kind that wait for the same."""

    project_id: UUID | None
    """None where that is not known yet."""
    about: str | None
    """The sender; of a journey the scenario; the campaign; of the spool its folder."""
    code: str | None
    sentence: str | None
    """What was said of one of them."""
    count: int
    since: datetime
    """Of the one that has waited longest."""
    until: datetime | None
    """When the first is looked at again, where that is known."""


async def all_that_waits(
    connection: Connection, project_id: UUID | None, now: datetime, lately: datetime
) -> list[tuple[What, Waiting]]:
    """In the store, of one project or of all. Callbacks and consents since `lately`: nothing is ever done to them."""
    whose = {"project_id": project_id}
    then = {**whose, "now": now}
    messages = await _waiting_messages(connection, project_id, None, now)
    campaigns = await _campaigns(connection, project_id, now)
    found = {
        What.SENDER_AWAY: await sql.doctor.sender_away(connection, **then),
        What.TEMPLATES_TO_HAND_IN: await sql.doctor.templates_to_hand_in(connection, **whose),
        What.TEMPLATES_IN_REVIEW: await sql.doctor.templates_in(connection, **whose, statuses=["submitted"]),
        What.TEMPLATES_PAUSED: await sql.doctor.templates_in(connection, **whose, statuses=["paused"]),
        What.TEMPLATES_NOT_TAKEN: await sql.doctor.templates_not_taken(connection, **whose),
        What.TEMPLATES_OF_LOW_QUALITY: await sql.doctor.templates_of_low_quality(connection, **whose),
        What.TEMPLATES_NOT_LOOKED_AT: await sql.doctor.templates_not_looked_at(connection, **whose),
        What.MESSAGES_IN_FLIGHT: await sql.doctor.messages_in_flight(connection, **then),
        What.MESSAGES_LOST: await sql.doctor.messages_lost(connection, **then),
        What.MESSAGES_UNCERTAIN: await sql.doctor.messages_uncertain(connection, **whose),
        What.JOURNEYS_DUE: await sql.doctor.journeys_due(connection, **then),
        What.JOURNEYS_PARKED: await sql.doctor.journeys_parked(connection, **whose),
        What.JOURNEYS_WAITING: await sql.doctor.journeys_waiting(connection, **then, most=MOST_JOURNEYS),
        What.REPORTS_UNCLAIMED: await sql.doctor.reports_unclaimed(connection, **then),
        What.CALLBACKS_UNREAD: await sql.doctor.callbacks_unread(connection, **whose),
        What.BUDGETS_NEARLY_GONE: await sql.doctor.budgets_warned(connection, **then, level="warned"),
        What.BUDGETS_GONE: await sql.doctor.budgets_warned(connection, **then, level="over"),
        What.CALLBACKS_NOT_UNDERSTOOD: await sql.doctor.callbacks_not_understood(connection, **whose, lately=lately),
        What.CONSENTS_NOT_UNDERSTOOD: await sql.doctor.consents_not_understood(connection, **whose, lately=lately),
    }
    return _listed(messages | campaigns | found)


async def waits_of_run(
    connection: Connection, project_id: UUID, campaign: str, run_id: UUID, now: datetime
) -> list[tuple[What, Waiting]]:
    """For what a campaign's run that is under way waits, and its messages."""
    campaigns = _listed(await _campaigns(connection, project_id, now))
    messages = _listed(await _waiting_messages(connection, project_id, run_id, now))
    return [(what, one) for what, one in campaigns if one.about == campaign] + [
        (what, one) for what, one in messages if one.count
    ]


Rows = dict[What, list[Any]]


async def _waiting_messages(
    connection: Connection, project_id: UUID | None, run_id: UUID | None, now: datetime
) -> Rows:
    whose = {"project_id": project_id, "run_id": run_id}
    then = {**whose, "now": now}
    return {
        What.MESSAGES_DUE: await sql.doctor.messages_due(connection, **then, paced=False),
        What.MESSAGES_PACED: await sql.doctor.messages_due(connection, **then, paced=True),
        What.MESSAGES_DEFERRED: await sql.doctor.messages_deferred(connection, **then, held_until=HELD_UNTIL),
        What.MESSAGES_TO_JUDGE_ANEW: await sql.doctor.messages_to_judge_anew(connection, **then),
        What.MESSAGES_HELD: await sql.doctor.messages_held(connection, **whose),
        What.TEMPLATES_STOPPED: await sql.doctor.templates_stopped(connection, **whose),
    }


async def _campaigns(connection: Connection, project_id: UUID | None, now: datetime) -> Rows:
    whose = {"project_id": project_id}
    then = {**whose, "now": now}
    return {
        What.CAMPAIGNS_SCHEDULED: await sql.doctor.campaigns_to_plan(connection, **then, scheduled=True),
        What.CAMPAIGNS_TO_PLAN: await sql.doctor.campaigns_to_plan(connection, **then, scheduled=False),
        What.CAMPAIGNS_PAUSED: await sql.doctor.campaigns_turned(connection, **whose, state="paused"),
        What.CAMPAIGNS_TO_CANCEL: await sql.doctor.campaigns_turned(connection, **whose, state="cancelling"),
    }


def _listed(found: Rows) -> list[tuple[What, Waiting]]:
    return [(what, Waiting(**row)) for what, rows in found.items() for row in rows]
