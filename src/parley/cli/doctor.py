"""`parley doctor`: what waits, for what, since when, and who can release it."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from uuid import UUID

import msgspec
from cyclopts import App

from parley.cli.moments import utc
from parley.cli.options import AnyProject, AsJson, DataDir
from parley.cli.running import DatabaseLostError, project_of, run
from parley.config import read_config
from parley.domain.clock import system_clock
from parley.domain.counting import counted
from parley.house import House, spool_of
from parley.services.doctor import Finding, diagnose, diagnose_disk, needs_operator, plain
from parley.store.doctor import What
from parley.store.embedded import DiskFullError
from parley.store.migrate import DatabaseUnreachableError
from parley.store.projects import ProjectLine, all_projects

app = App(name="doctor", help="What waits, for what, since when, and who can release it.")


@app.default
def doctor(*, project: AnyProject = None, as_json: AsJson = False, data_dir: DataDir = None) -> int:
    """Exit code 1 when something waits for you."""

    async def do(house: House) -> tuple[list[Finding], dict[UUID, ProjectLine]]:
        if project is not None:
            return await diagnose(house.database, (await project_of(house, project)).id, house.clock()), {}
        async with house.database.connection() as connection:
            projects = {one.id: one for one in await all_projects(connection)}
        embedded = house.config.database_url is None
        spool = spool_of(house.config)
        return await diagnose(house.database, None, house.clock(), spool, embedded=embedded), projects

    try:
        findings, projects = run(data_dir, do)
    except (DiskFullError, DatabaseUnreachableError, DatabaseLostError) as error:
        away = None if isinstance(error, DiskFullError) else str(error).partition("\n")[0]
        config = read_config(data_dir)
        embedded = config.database_url is None
        findings, projects = diagnose_disk(spool_of(config), system_clock(), away, embedded=embedded), {}
    told = "\n".join(story(findings, projects))
    as_read = msgspec.json.encode([plain(one) for one in findings]).decode() if as_json else told
    print(as_read or "Nothing waits.")
    return 1 if needs_operator(findings) else 0


def story(findings: Sequence[Finding], projects: Mapping[UUID, ProjectLine] = MappingProxyType({})) -> Iterator[str]:
    """As people read it. `projects`: of those it is said whose a finding is; whoever named one knows."""
    for finding in findings:
        waiting = finding.waiting
        about = f" ({waiting.about})" if waiting.about else ""
        until = f", until {utc(waiting.until)}" if waiting.until else ""
        yield f"{finding.waits_for:8}  {_counted(finding, about)}"
        of = f", project {whose.token} ({whose.name})" if (whose := _whose(finding, projects)) else ""
        yield f"          since {utc(waiting.since)}{until}{of}"
        if waiting.sentence:
            yield f"          {': '.join(filter(None, (waiting.code, waiting.sentence)))}"
        yield f"          {finding.remedy}"


def _whose(finding: Finding, projects: Mapping[UUID, ProjectLine]) -> ProjectLine | None:
    return projects.get(finding.project_id) if finding.project_id else None


_ONE_WITH: Mapping[What, tuple[str, str]] = {
    What.CAMPAIGNS_SCHEDULED: ("campaign scheduled", "customers to look at"),
    What.CAMPAIGNS_TO_PLAN: ("campaign to plan", "customers to look at"),
    What.CAMPAIGNS_PAUSED: ("campaign paused", "messages waiting"),
    What.CAMPAIGNS_TO_CANCEL: ("campaign to cancel", "messages waiting"),
    What.TEMPLATES_STOPPED: ("template stopped", "messages waiting"),
    What.TEMPLATES_NOT_LOOKED_AT: ("templates not looked at", "failures"),
}
"""Of these a finding is about one, and counts what it has."""
_UNCOUNTED = frozenset({What.SENDER_AWAY, What.LIMITS_DIFFER, What.DISK_FULL, What.SPOOL_DISK_FULL, What.DATABASE_AWAY})
"""Of these a number says nothing."""


def _counted(finding: Finding, about: str) -> str:
    """`1 message due (shop)`, `campaign paused (sale), 7 messages waiting`. Limits differ however few."""
    if finding.what in _ONE_WITH:
        one, things = _ONE_WITH[finding.what]
        return f"{one}{about}, {counted(finding.waiting.count, things)}"
    words = finding.what.replace("_", " ")
    return f"{words if finding.what in _UNCOUNTED else counted(finding.waiting.count, words)}{about}"
