"""`parley preset`: list presets, and preview what one would send."""

from typing import Annotated

import msgspec
from cyclopts import App, Parameter

from parley.cli.options import AsJson, DataDir, MisusedError, ProjectToken
from parley.cli.running import project_of, run
from parley.domain.errors import Problem
from parley.house import House
from parley.presets import Preset, Preview, parameters_of
from parley.services.definitions import project_definitions
from parley.services.preview_preset import Asked, preview_preset

app = App(name="preset", help="Webhook presets: list them, preview them.")


@app.command(name="list")
def list_presets(*, project: ProjectToken, data_dir: DataDir = None) -> None:
    """Every preset of a project with what its form asks."""

    async def do(house: House) -> dict[str, Preset]:
        found = await project_of(house, project)
        async with house.database.connection() as connection:
            return (await project_definitions(connection, found.id)).presets

    for preset in run(data_dir, do).values():
        asked = ", ".join(f"{one.name}{'' if one.required else '?'}" for one in parameters_of(preset))
        print(f"{preset.name}: {preset.title}\n    {asked}")


@app.command
def preview(
    name: str,
    *,
    project: ProjectToken,
    customer: Annotated[str, Parameter(help="An external id: registered=jana@example.org.")],
    sender: Annotated[str | None, Parameter(help="Integration whose account is used; the only one by default.")] = None,
    param: Annotated[tuple[str, ...], Parameter(help="NAME=VALUE, once for each field of the form.")] = (),
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Exactly what would be sent for a customer, secrets masked. Nothing leaves."""
    given, whom = dict(_pair("--param", one) for one in param), _pair("--customer", customer)

    async def do(house: House) -> Preview:
        found = await project_of(house, project)
        asked = Asked(name, whom, given, sender)
        return await preview_preset(house.database, found.id, asked, house.clock())

    shown = run(data_dir, do)
    print(msgspec.json.encode(_told(shown)).decode() if as_json else _readable(shown))


def _pair(option: str, text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator:
        raise MisusedError([Problem(option, f"write NAME=VALUE; it is {text}.")])
    return name, value


def _told(shown: Preview) -> dict[str, object]:
    request = shown.request
    return {
        "method": request.method if request else None,
        "url": request.url if request else None,
        "headers": dict(request.headers) if request else {},
        "body": request.body.decode("utf-8", "replace") if request else None,
        "skipped": shown.aborted.reason or "aborted" if shown.aborted else None,
        "warnings": list(shown.warnings),
    }


def _readable(shown: Preview) -> str:
    warnings = [f"warning: {warning}" for warning in shown.warnings]
    if shown.request is None:
        return "\n".join([f"nothing is sent: {shown.aborted.reason if shown.aborted else ''}", *warnings])
    head = [f"{shown.request.method} {shown.request.url}"]
    head += [f"{name}: {value}" for name, value in shown.request.headers]
    return "\n".join([*head, "", shown.request.body.decode("utf-8", "replace"), *warnings])
