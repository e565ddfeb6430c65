"""Sets the demo's stage: a local Sinch, a real `parley serve`, a project, and the examples applied to it."""

import asyncio
import json
import signal
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console

from parley.cli.demo_files import examples, write_definitions
from parley.cli.demo_http import DemoError, JsonClient, basic
from parley.cli.visible_output import RAW
from parley.config import environment
from parley.providers.http import HttpClient

READY_SECONDS = 120
"""The first start makes the database."""


class Stage(msgspec.Struct, frozen=True):
    """Everything the play needs."""

    console: Console
    shop: JsonClient
    """The shop's client: Parley's tracking and data API with the project's private key."""
    sinch: JsonClient
    """The local Sinch's control API: handsets and journal."""
    api: str
    project_token: str
    key: str
    """`key_id:key_secret` of the demo's project."""
    data_dir: Path

    def _example(self) -> str:
        event = '{"customer_ids": {"registered": "jana@shop.example"}, "event_type": "back_in_stock", "properties": '
        event += '{"title": "Blue kettle", "product_url": "https://shop.example/p/8"}}'
        address = f"{self.shop.base_url}/track/v2/projects/{self.project_token}/customers/events"
        return f"  curl -u '{self.key}' {address} -d '{event}'"

    async def keep_open(self) -> None:
        """Until Ctrl-C."""
        tell = self.console.print
        tell(f"\nParley keeps serving on [bold]{self.shop.base_url}[/] (project {self.project_token}).")
        tell(f"Play the customer on [bold]{self.sinch.base_url}/[/]: pick up +421901234567, and answer what arrives.")
        tell("Something arrives as soon as the shop tracks something, for instance:", style="dim")
        tell(self._example(), markup=False)
        there = f"--data-dir {self.data_dir.name}"
        listed = f".venv/bin/parley message list +421901234567 --project {self.project_token} {there}"
        tell(f"What the customer was sent: {listed}", soft_wrap=True)
        tell(f"Why a message was sent or not: .venv/bin/parley why MESSAGE_ID {there}", soft_wrap=True)
        tell("Ctrl-C ends everything.")
        stopped = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
        await stopped.wait()


@asynccontextmanager
async def open_stage(data_dir: Path, port: int, api: str) -> AsyncIterator[Stage]:
    """Starts everything, and stops everything at the end."""
    console = Console(file=RAW, highlight=False, soft_wrap=True)
    async with AsyncExitStack() as stack:
        crew = _Crew(stack, await stack.enter_async_context(HttpClient()), console, data_dir)
        console.print("[bold]Setting the stage[/]")
        sinch, account = await crew.start_sinch()
        server = await crew.start_parley(port)
        project = await crew.parley("project", "create", "Demo shop", "--json")
        token, key = project["project_token"], project["private_key"]
        console.print(f"  project: {token}")
        path = await crew.apply(token, api, account)
        await _point_callbacks_at(sinch, api, server.base_url + path)
        await _register_templates(sinch)
        shop = JsonClient(crew.wire, server.base_url, basic(key["key_id"], key["key_secret"]))
        yield Stage(console, shop, sinch, api, token, f"{key['key_id']}:{key['key_secret']}", data_dir)


class _Crew:
    """Starts processes and commands as a user would, and tells what it did."""

    def __init__(self, stack: AsyncExitStack, wire: HttpClient, console: Console, data_dir: Path) -> None:
        self.wire = wire
        self._stack = stack
        self._console = console
        self._data_dir = data_dir

    async def start_sinch(self) -> tuple[JsonClient, dict[str, Any]]:
        words = ("-m", "parley_simulator", "--port", "0", "--json", "--chaos", "off", "--delays", "0.3")
        account = json.loads(await self._first_line(*words))
        self._console.print(f"  a local Sinch: {account['base_url']}")
        return JsonClient(self.wire, account["base_url"]), account

    async def start_parley(self, port: int) -> JsonClient:
        words = ("-m", "parley", "serve", "--port", str(port), "--data-dir", str(self._data_dir))
        line = await self._first_line(*words)
        if "http://" not in line:
            raise DemoError("`parley serve` did not start; it says why above.")
        client = JsonClient(self.wire, line.split()[-1])
        async with asyncio.timeout(READY_SECONDS):
            while not await client.is_ready("/ready"):  # noqa: ASYNC110  another process: no event to await
                await asyncio.sleep(0.1)
        self._console.print(f"  Parley: {client.base_url}")
        return client

    async def apply(self, token: str, api: str, account: dict[str, Any]) -> str:
        """Where the provider has to call."""
        with tempfile.TemporaryDirectory() as folder:
            secrets = write_definitions(Path(folder), api, account)
            changes = await self.parley("apply", folder, "--project", token, "--json", more=secrets)
        self._console.print(f"  applied: {', '.join(change['name'] for change in changes)}")
        path: str = next(change["callback_path"] for change in changes if change["callback_path"])
        return path

    async def parley(self, *words: str, more: Mapping[str, str] | None = None) -> Any:
        """A command line of Parley, while its server runs on the same data folder."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "parley", *words, "--data-dir", str(self._data_dir),
            stdout=PIPE, env={**environment(), **(more or {})},
        )  # fmt: skip
        out, _ = await process.communicate()
        if process.returncode != 0:
            raise DemoError(f"`parley {' '.join(words)}` ended with {process.returncode}; it says why above.")
        return json.loads(out)

    async def _first_line(self, *words: str) -> str:
        process = await asyncio.create_subprocess_exec(sys.executable, *words, stdout=PIPE, start_new_session=True)
        self._stack.push_async_callback(_stop, process)
        if process.stdout is None:
            raise DemoError("a process was started without a pipe.")
        return (await asyncio.wait_for(process.stdout.readline(), READY_SECONDS)).decode()


async def _stop(process: Process) -> None:
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
        await process.wait()


async def _point_callbacks_at(sinch: JsonClient, api: str, url: str) -> None:
    if api == "sinch_legacy":
        await sinch.post("/_sim/legacy", {"callback_url": url})
    else:
        await sinch.post("/_sim/webhooks", {"url": url})


async def _register_templates(sinch: JsonClient) -> None:
    """At Sinch they are approved by people; here the demo says so."""
    await sinch.post("/_sim/templates", _approved())


def _approved() -> list[dict[str, Any]]:
    templates = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(examples().glob("*.template.json"))]
    return [
        {"name": one["name"], "language": one["language"], "status": "APPROVED", "body": one["body"]["text"]}
        for one in templates
    ]
