"""`parley apply`: presets, integrations, templates, scenarios and consent categories as files in git."""

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import App, Parameter

from parley.cli.options import AsJson, DataDir, ProjectToken
from parley.cli.running import project_of, run
from parley.config import environment
from parley.domain.errors import ParleyError
from parley.house import House
from parley.services.apply_definitions import Change, Happening, apply_definitions
from parley.services.read_definitions import File, read_definitions

app = App(name="apply", help="Apply a folder of definition files to a project: all of them or none.")


class NothingToApplyError(ParleyError):
    """There is no .json file to apply."""


class UnreadableFileError(ParleyError):
    """A definition file cannot be read."""


@app.default
def apply(
    folder: Path,
    *,
    project: ProjectToken,
    check: Annotated[
        bool, Parameter(help="Write nothing, show what would change; exit code 1 when something would.")
    ] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> int:
    """Every *.json in FOLDER and below; a file says its `kind`. As often as you like, to the same result.

    A definition whose file is gone stays; switch a scenario off with `"active": false`.
    """
    read = read_definitions(_files(folder), environment())

    async def do(house: House) -> tuple[Change, ...]:
        found = await project_of(house, project)
        return await apply_definitions(house.database, house.box, found.id, read, house.clock(), check=check)

    changes = run(data_dir, do)
    print(_as_json(changes) if as_json else "\n".join(_told(change, check=check) for change in changes))
    return 1 if check and any(change.happening is not Happening.UNCHANGED for change in changes) else 0


def _files(folder: Path) -> list[File]:
    if not folder.exists():
        raise NothingToApplyError(f"There is no folder {folder}. Make it, or begin with a copy of the examples.")
    if folder.is_file() and folder.suffix != ".json":
        raise NothingToApplyError(f"{folder} is no .json file: name one, or a folder, of which every *.json is read.")
    paths = [folder] if folder.is_file() else sorted(folder.rglob("*.json"))
    if not paths:
        raise NothingToApplyError(f"{folder} holds no .json file.")
    return [File(str(path.relative_to(folder.parent)), _bytes_of(path)) for path in paths]


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnreadableFileError(
            f"{path} cannot be read ({error.strerror}). Correct its rights or move it."
        ) from error


def _as_json(changes: Sequence[Change]) -> str:
    rows = [
        {
            "path": change.path,
            "kind": change.kind,
            "name": change.name,
            "happening": change.happening.value,
            "callback_path": callback_path(change),
            "notes": list(change.notes),
        }
        for change in changes
    ]
    return msgspec.json.format(msgspec.json.encode(rows)).decode()


def _told(change: Change, *, check: bool) -> str:
    lines = [f"{change.happening.value:9} {change.kind} {change.name}"]
    path = callback_path(change)
    if path is not None:
        lines.append(f"          callbacks come to {path}")
    lines += [f"          {note}" for note in change.notes]
    if check and change.happening is Happening.CHANGED:  # of what is new there is no difference to show
        before, after = change.before.splitlines(), change.after.splitlines()
        lines += difflib.unified_diff(before, after, "stored", change.path, lineterm="")
    return "\n".join(lines)


def callback_path(change: Change) -> str | None:
    """Where the provider has to call, after the server's own address."""
    return f"/callbacks/sinch/{change.callback_token}" if change.callback_token else None
