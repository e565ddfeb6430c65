"""`parley callback`: what a provider told us that was not understood."""

from collections.abc import Iterator
from typing import Annotated

import msgspec
from cyclopts import App, Parameter

from parley.cli.moments import utc
from parley.cli.options import AsJson, DataDir, ProjectToken, Size, look_at_words
from parley.cli.running import project_of, run
from parley.domain.counting import counted
from parley.domain.visible import visible
from parley.house import House
from parley.services.callback_problems import CallbackProblem, CallbackProblems, list_callback_problems, read_id

app = App(name="callback", help="What a provider told us that was not understood.")
PAGE = 50
SHOWN = 200
"""Characters of a body."""


@app.command
def problems(
    *,
    project: ProjectToken,
    size: Size = PAGE,
    before: Annotated[str | None, Parameter(help="The next page: the id that the page before named.")] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Callbacks that were not understood: when they came, what was wrong, how they begin. Newest first."""
    if before is not None:
        look_at_words(read_id, before)

    async def do(house: House) -> CallbackProblems:
        return await list_callback_problems(house.database, await project_of(house, project), size, before)

    listed = run(data_dir, do)
    if as_json:
        print(msgspec.json.encode(listed).decode())
        return
    print("\n".join(story(listed)) or "no callback has a problem")


def story(listed: CallbackProblems) -> Iterator[str]:
    """A callback in four lines, whatever is in it."""
    for one in listed.callbacks:
        times = f", came {one.times_seen} times" if one.times_seen > 1 else ""
        items = counted(one.items, "items")
        yield f"{utc(one.received_at)}  {one.integration}  {items} not understood{times}"
        yield f"          problem: {_in_a_line(one.problem or 'not told')}"
        yield f"          {_beginning(one)}"
        yield f"          {counted(one.body_bytes, 'bytes')}, {one.id}"
    if listed.next:
        yield f"more: --before {listed.next}"


def _beginning(one: CallbackProblem) -> str:
    return f"{_in_a_line(one.body[:SHOWN])}{'…' if len(one.body) > SHOWN else ''}"


def _in_a_line(text: str) -> str:
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")
