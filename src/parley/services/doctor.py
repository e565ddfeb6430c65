"""What waits, for what, since when, and who can release it: the answer to "why does nothing happen?"."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from parley.domain.settings import Then, UncertainRule
from parley.services.budgets import OVER_BUDGET
from parley.services.callback_spool import ASIDE, SEGMENTS, stock_of
from parley.services.definitions import ProjectDefinitions, project_definitions
from parley.services.differing_limits import Differing, differing_limits
from parley.services.holding import AWAY
from parley.services.judge_anew import FREQUENCY_WAITS, QUIET_HOURS
from parley.services.tiers import OVER_TIER
from parley.services.uncertain import ASK, LOOK, can_be_told
from parley.store.database import Connection, Database
from parley.store.doctor import Waiting, What, all_that_waits, waits_of_run
from parley.store.embedded import NEEDED_DISK_BYTES, disk_problem

LATELY = timedelta(days=7)
"""Callbacks and consents that were not understood stay in the store for longer; older ones are no longer told."""


class Releaser(StrEnum):
    """Who can end a wait."""

    OPERATOR = "operator"
    WORKER = "worker"
    SERVER = "server"
    PROVIDER = "provider"
    CUSTOMER = "customer"
    CLOCK = "clock"


class Finding(msgspec.Struct, frozen=True):
    """Some things of one project that wait for the same."""

    waits_for: Releaser
    what: What
    project_id: UUID | None
    waiting: Waiting
    remedy: str


def plain(finding: Finding) -> dict[str, Any]:
    """As JSON shows it: what waits, how many, since when, and who can release it."""
    told = {"waits_for": finding.waits_for, "what": finding.what, **msgspec.structs.asdict(finding.waiting)}
    return told | {"remedy": finding.remedy}


class _Rule(msgspec.Struct, frozen=True):
    """Who releases it; after `patience` it is the operator's, who is then told `remedy`."""

    waits_for: Releaser
    told: str
    patience: timedelta | None = None
    remedy: str = ""


_SOON = timedelta(minutes=10)
"""A worker that runs takes what is due within seconds; a great many messages take longer, and that is worth a look."""
_WORKER = "A worker takes them when its turn comes, if one runs."
_NO_WORKER = "Does a worker run, and what does its log say? `parley serve`, or `parley worker` for one more."

_BROKEN = _Rule(Releaser.OPERATOR, "They break their work each time; the worker's log says why (`parked`).")
_BY_CODE: Mapping[tuple[What, str | None], _Rule] = {
    (What.MESSAGES_DEFERRED, "internal_error"): _BROKEN,
    (What.MESSAGES_DEFERRED, OVER_TIER): _Rule(
        Releaser.CLOCK,
        "They leave as places of the account's tier are free again, 24 hours after they were taken. When WhatsApp has "
        "raised the tier, say so in the integration's file (`limits.tier`) and apply it.",
    ),
    (What.MESSAGES_DEFERRED, "template_paused"): _Rule(
        Releaser.PROVIDER, "WhatsApp has paused their template. They leave as soon as it is approved again."
    ),
    (What.MESSAGES_DEFERRED, OVER_BUDGET): _Rule(
        Releaser.CLOCK, "They leave when the budget's next day or month begins, or when somebody raises it (settings)."
    ),
    (What.MESSAGES_DEFERRED, QUIET_HOURS): _Rule(
        Releaser.CLOCK, "They leave when the quiet hours end, each by its customer's clock, or are changed (settings)."
    ),
    (What.MESSAGES_DEFERRED, FREQUENCY_WAITS): _Rule(
        Releaser.CLOCK,
        "They leave as earlier messages to their customers count no more, or when somebody raises the limit "
        "(frequency policies).",
    ),
    (What.MESSAGES_DEFERRED, "pair_rate"): _Rule(
        Releaser.CLOCK,
        "WhatsApp takes one more message to the same person every six seconds. They leave by themselves.",
    ),
    (What.MESSAGES_PACED, "sender_away"): _Rule(
        Releaser.PROVIDER, "One at a time asks whether the provider is back. Then they leave."
    ),
    **dict.fromkeys(
        ((What.MESSAGES_DEFERRED, code) for code in sorted(AWAY)),
        _Rule(
            Releaser.PROVIDER,
            "Each is tried again after a pause of up to five minutes, or as long as the provider asked, until its "
            "`ttl`, if it has one; a webhook or the upload of a consent sixteen times.",
            timedelta(hours=1),
            "Some have waited for over an hour. See whether the network and the address they are sent to are right, "
            "and what its server says of its own state.",
        ),
    ),
    (What.MESSAGES_DEFERRED, "consent_upload_pending"): _Rule(
        Releaser.PROVIDER,
        "They leave when the provider has taken, or refused, the upload of their customers' consent: `parley consent "
        "uploads --project TOKEN`.",
    ),
    (What.JOURNEYS_WAITING, "reply"): _Rule(
        Releaser.CUSTOMER, "They go on when the customer replies, or by another way when their time is over."
    ),
}

_RULES: Mapping[What, _Rule] = {
    What.MESSAGES_DUE: _Rule(Releaser.WORKER, _WORKER, _SOON, _NO_WORKER),
    What.MESSAGES_PACED: _Rule(
        Releaser.CLOCK, "They leave as fast as the account may send: `limits` in the integration's file says how fast."
    ),
    What.MESSAGES_DEFERRED: _Rule(Releaser.CLOCK, "They are looked at again at that time."),
    What.MESSAGES_TO_JUDGE_ANEW: _Rule(
        Releaser.WORKER,
        "What they wait for has changed, or was released. A worker has them judged anew.",
        _SOON,
        _NO_WORKER,
    ),
    What.CAMPAIGNS_SCHEDULED: _Rule(Releaser.CLOCK, "They are planned and sent then."),
    What.CAMPAIGNS_TO_PLAN: _Rule(
        Releaser.WORKER, "So many customers are not looked at yet. Workers take them page by page.", _SOON, _NO_WORKER
    ),
    What.CAMPAIGNS_TO_CANCEL: _Rule(
        Releaser.WORKER, "A worker takes their messages out of the queue, and waits for the calls.", _SOON, _NO_WORKER
    ),
    What.CAMPAIGNS_PAUSED: _Rule(Releaser.OPERATOR, "`parley campaign resume NAME --project TOKEN`, or `cancel`."),
    What.SENDER_AWAY: _Rule(
        Releaser.PROVIDER,
        "Nothing is heard from its provider. One message at a time asks whether it is back, after a pause of up to "
        "five minutes, or as long as it asked.",
        timedelta(hours=1),
        "For over an hour nothing is heard from its provider. See whether the network and the addresses in the "
        "integration's file are right, and what the provider says of its own state.",
    ),
    What.MESSAGES_HELD: _Rule(Releaser.OPERATOR, "Mend the cause, then `parley sender release NAME --project TOKEN`."),
    What.TEMPLATES_STOPPED: _Rule(
        Releaser.OPERATOR,
        "Mend the cause, then apply the template anew, or `parley template release NAME --project TOKEN`.",
    ),
    What.TEMPLATES_TO_HAND_IN: _Rule(
        Releaser.WORKER,
        "A worker hands it in, or tries again then.",
        timedelta(hours=1),
        "It cannot be handed in, as the sentence says. Does a worker run?",
    ),
    What.TEMPLATES_IN_REVIEW: _Rule(
        Releaser.PROVIDER,
        "WhatsApp decides, usually within minutes, within 24 hours at most.",
        timedelta(hours=48),
        "WhatsApp decides within 24 hours: ask Sinch, or, where nobody tells Parley, say what came of it: "
        "`parley template status NAME LANGUAGE approved --reason …`.",
    ),
    What.TEMPLATES_PAUSED: _Rule(
        Releaser.PROVIDER,
        "WhatsApp pauses a template for 3 hours, the second time for 6, because people disliked it. Its messages wait.",
        timedelta(hours=24),
        "No pause lasts so long by itself: unpause it at WhatsApp or ask Sinch, or write another text.",
    ),
    What.TEMPLATES_NOT_TAKEN: _Rule(
        Releaser.OPERATOR,
        "`parley template show NAME LANGUAGE` says why. Mend the file, apply it and hand it in (`parley template "
        "submit`), or delete its definition.",
    ),
    What.TEMPLATES_OF_LOW_QUALITY: _Rule(
        Releaser.PROVIDER, "People block or report it, or do not read it. Write to fewer, or write another text."
    ),
    What.TEMPLATES_NOT_LOOKED_AT: _Rule(
        Releaser.WORKER,
        "A worker asks again then; until it can, nobody knows what became of the account's templates.",
        timedelta(days=1),
        "Mend the integration's key or `provisioning_url`, or see what Sinch answers.",
    ),
    What.MESSAGES_IN_FLIGHT: _Rule(Releaser.PROVIDER, "It has not answered yet; after the lease they are uncertain."),
    What.MESSAGES_LOST: _Rule(
        Releaser.WORKER, "Their worker vanished; another marks them uncertain.", _SOON, _NO_WORKER
    ),
    What.MESSAGES_UNCERTAIN: _Rule(
        Releaser.PROVIDER,
        "A delivery report or a look into the provider's list may still settle them.",
        timedelta(hours=1),
        LOOK,
    ),
    What.JOURNEYS_DUE: _Rule(Releaser.WORKER, _WORKER, _SOON, _NO_WORKER),
    What.JOURNEYS_PARKED: _BROKEN,
    What.JOURNEYS_WAITING: _Rule(Releaser.CLOCK, "The scenario has them wait; the first goes on then."),
    What.REPORTS_UNCLAIMED: _Rule(
        Releaser.PROVIDER,
        "Their send has not been answered yet; old ones are of messages that something else sent by this account, or "
        "that are uncertain.",
    ),
    What.CALLBACKS_UNREAD: _Rule(
        Releaser.SERVER,
        "They are kept and answered; a server reads them within seconds, if one runs.",
        timedelta(minutes=1),
        "Does a `parley serve` run, and what does its log say (`callbacks were not read`)?",
    ),
    What.CALLBACKS_SPOOLED: _Rule(
        Releaser.SERVER,
        "On disk, since the database was away. A server of this data folder brings them home.",
        timedelta(minutes=5),
        "Does a `parley serve` run with this data folder, and what does its log say (`the spool was not replayed`)?",
    ),
    What.CALLBACKS_SET_ASIDE: _Rule(
        Releaser.OPERATOR,
        "On disk: the database was there and did not take them; the server's log says why. Mend it, then rename the "
        "files to end in .spool.",
    ),
    What.DISK_FULL: _Rule(
        Releaser.OPERATOR,
        "Free some space. Until then the database of this folder may stop; once it has, it does not start, and what it "
        "holds cannot be told.",
    ),
    What.SPOOL_DISK_FULL: _Rule(
        Releaser.OPERATOR,
        "Free some space. The database is elsewhere; but callbacks that come while it is away are kept on this disk, "
        "and are refused when it is full.",
    ),
    What.DATABASE_AWAY: _Rule(
        Releaser.OPERATOR,
        "What it holds cannot be told. Meanwhile a server keeps callbacks on its disk, and messages wait; when it "
        "answers again, all go on by themselves.",
    ),
    What.LIMITS_DIFFER: _Rule(
        Releaser.OPERATOR,
        "They are one count, and whoever says more uses it up for the others. Say the same in both files, and apply "
        "them.",
    ),
    What.BUDGETS_NEARLY_GONE: _Rule(
        Releaser.OPERATOR, "Messages still leave. Raise it in the project's settings (`costs.budgets`), or let it end."
    ),
    What.BUDGETS_GONE: _Rule(
        Releaser.OPERATOR,
        "What costs money waits for the next day or month, or is refused where there is none. Raise it in the "
        "project's settings (`costs.budgets`).",
    ),
    What.CALLBACKS_NOT_UNDERSTOOD: _Rule(
        Releaser.OPERATOR,
        "They are kept as they came. `parley callback problems --project TOKEN` lists them; if a shape is genuine, "
        "report it.",
    ),
    What.CONSENTS_NOT_UNDERSTOOD: _Rule(
        Releaser.OPERATOR,
        "They revoke, or nobody asks for their category. `parley consent problems --project TOKEN` lists them; mend "
        "whoever tracks them.",
    ),
}


async def diagnose(
    database: Database, project_id: UUID | None, now: datetime, spool: Path | None = None, *, embedded: bool = True
) -> list[Finding]:
    """Of one project, or of all: what waits for the operator first, then by who can release it.

    `spool`: where callbacks lie on disk while the database is away. Nobody has looked yet whose they are. `embedded`:
    is the database on that disk, too?
    """
    async with database.connection() as connection:
        waiting = await all_that_waits(connection, project_id, now, now - LATELY)
        differing = await differing_limits(connection, project_id)
        projects = {
            one.project_id: await project_definitions(connection, one.project_id)
            for what, one in waiting
            if what is What.MESSAGES_UNCERTAIN and one.project_id is not None
        }
    waiting += [(What.LIMITS_DIFFER, _differing(one)) for one in differing]
    waiting += await asyncio.to_thread(_on_disk, spool, now, embedded=embedded) if spool else []
    return _ordered([_by_project(_finding(what, one, now), projects, now) for what, one in waiting])


def diagnose_disk(
    spool: Path,
    now: datetime,
    away: str | None = None,
    needed_bytes: int = NEEDED_DISK_BYTES,
    *,
    embedded: bool = True,
) -> list[Finding]:
    """What can be told without the database: it does not start for want of room, or is `away`, as the sentence says."""
    waiting = [(What.DATABASE_AWAY, Waiting(None, None, None, away, 1, now, None))] if away else []
    waiting += _on_disk(spool, now, needed_bytes, embedded=embedded)
    return _ordered([_finding(what, one, now) for what, one in waiting])


async def diagnose_run(
    connection: Connection, project_id: UUID, campaign: str, run_id: UUID, now: datetime
) -> list[Finding]:
    """As `diagnose`, for one run of a campaign and its messages."""
    waiting = await waits_of_run(connection, project_id, campaign, run_id, now)
    return _ordered([_finding(what, one, now) for what, one in waiting])


def _ordered(findings: list[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda one: (_ORDER.index(one.waits_for), one.waiting.since))


def _differing(one: Differing) -> Waiting:
    return Waiting(one.project_id, one.integration, None, one.sentence, 1, one.since, None)


def _on_disk(
    spool: Path, now: datetime, needed_bytes: int = NEEDED_DISK_BYTES, *, embedded: bool
) -> list[tuple[What, Waiting]]:
    found = [(What.CALLBACKS_SPOOLED, stock_of(spool, SEGMENTS)), (What.CALLBACKS_SET_ASIDE, stock_of(spool, ASIDE))]
    told = [
        (what, Waiting(None, str(spool), None, None, stock.count, stock.since, None)) for what, stock in found if stock
    ]
    return [*told, *_full_disk(spool.parent, now, needed_bytes, embedded=embedded)]


def _full_disk(folder: Path, now: datetime, needed_bytes: int, *, embedded: bool) -> list[tuple[What, Waiting]]:
    problem = disk_problem(folder, needed_bytes) if folder.exists() else None
    if problem is None:
        return []
    what, said = (What.DISK_FULL, problem) if embedded else (What.SPOOL_DISK_FULL, problem.partition(", the ")[0] + ".")
    return [(what, Waiting(None, str(folder), None, said, 1, now, None))]


_ORDER = tuple(Releaser)


def needs_operator(findings: list[Finding]) -> bool:
    """Is there anything that nobody else can release?"""
    return any(finding.waits_for is Releaser.OPERATOR for finding in findings)


def _by_project(finding: Finding, projects: Mapping[UUID, ProjectDefinitions], now: datetime) -> Finding:
    """Who settles an uncertain message: the clock where its project has a rule, and the operator when that has not
    helped (what was sent again by the rule and is uncertain once more), or where the provider has no word to give.
    """
    project = projects.get(finding.project_id) if finding.project_id else None
    if finding.what is not What.MESSAGES_UNCERTAIN or project is None:
        return finding
    rule = project.settings.uncertain
    until = finding.waiting.since + timedelta(hours=rule.after_hours)
    if rule.then is not Then.HOLD and now <= until + _SOON:
        return _left_to_rule(finding, rule, until)
    if can_be_told(project, finding.waiting.about):
        return finding
    return msgspec.structs.replace(finding, waits_for=Releaser.OPERATOR, remedy=ASK)


def _left_to_rule(finding: Finding, rule: UncertainRule, until: datetime) -> Finding:
    waiting = msgspec.structs.replace(finding.waiting, until=until)
    remedy = f"The project's rule ({rule.then}) settles them then, unless the provider's word does before."
    return msgspec.structs.replace(finding, waits_for=Releaser.CLOCK, waiting=waiting, remedy=remedy)


def _finding(what: What, waiting: Waiting, now: datetime) -> Finding:
    rule = _BY_CODE.get((what, waiting.code), _RULES[what])
    too_long = rule.patience is not None and now - waiting.since > rule.patience
    waits_for, remedy = (Releaser.OPERATOR, rule.remedy) if too_long else (rule.waits_for, rule.told)
    return Finding(waits_for, what, waiting.project_id, waiting, remedy)
