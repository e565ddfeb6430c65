"""`parley doctor`: what waits, for what, since when, and who can release it."""

from collections.abc import Iterator, Sequence

import msgspec
from cyclopts import App

from parley.cli.counting import counted
from parley.cli.options import AnyProject, AsJson, DataDir
from parley.cli.running import project_of, run
from parley.services.doctor import Finding, diagnose, needs_operator, plain
from parley.store.doctor import What
from parley.wiring import House, spool_of

app = App(name="doctor", help="What waits, for what, since when, and who can release it.")


@app.default
def doctor(*, project: AnyProject = None, as_json: AsJson = False, data_dir: DataDir = None) -> int:
    """Exit code 1 when something waits for you."""

    async def do(house: House) -> list[Finding]:
        if project is None:
            return await diagnose(house.database, None, house.clock(), spool_of(house.config))
        return await diagnose(house.database, (await project_of(house, project)).id, house.clock())

    findings = run(data_dir, do)
    as_read = msgspec.json.encode([plain(one) for one in findings]).decode() if as_json else "\n".join(story(findings))
    print(as_read or "Nothing waits.")
    return 1 if needs_operator(findings) else 0


def story(findings: Sequence[Finding]) -> Iterator[str]:
    """As people read it."""
    for finding in findings:
        waiting = finding.waiting
        about = f" ({waiting.about})" if waiting.about else ""
        until = f", until {waiting.until:%Y-%m-%d %H:%M:%S}" if waiting.until else ""
        yield f"{finding.waits_for:8}  {_counted(finding)}{about}"
        of = f", project {finding.project_id}" if finding.project_id else ""
        yield f"          since {waiting.since:%Y-%m-%d %H:%M:%S}{until}{of}"
        if waiting.sentence:
            yield f"          {': '.join(filter(None, (waiting.code, waiting.sentence)))}"
        yield f"          {finding.remedy}"


def _counted(finding: Finding) -> str:
    """`1 message due`. Limits differ from each other, however few."""
    words = finding.what.replace("_", " ")
    return words if finding.what is What.LIMITS_DIFFER else counted(finding.waiting.count, words)
