"""The simulator as a process of its own, and the shop that writes through it."""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from playwright.async_api import APIRequestContext

SOURCE = Path(__file__).parents[2] / "src"
READY_WITHIN_S = 60  # a cold start while other tests run
STOP_WITHIN_S = 20


class Bot(msgspec.Struct, frozen=True):
    """The legacy account that the simulator hands out."""

    bot_id: str
    bearer_token: str


class Ready(msgspec.Struct, frozen=True):
    """The simulator's line on stdout, as far as these tests need it."""

    base_url: str
    legacy: Bot


class Desk(msgspec.Struct, frozen=True):
    """One running simulator, seen from both ends: the shop sends, the test looks at the customer's phone."""

    ready: Ready
    http: APIRequestContext

    @property
    def url(self) -> str:
        """Where the handset page is."""
        return self.ready.base_url

    async def clean(self) -> None:
        """Forget every handset, then play fast and leave it to the page alone to read messages."""
        await self._control("reset", {})
        await self._control("clock", {"delays": 0.01})
        await self._control("settings", {"read_percent": 0})

    async def offer_template(self, name: str, body: str, buttons: Sequence[dict[str, str]] = ()) -> None:
        """Register an approved template in English."""
        await self._control("templates", {"name": name, "language": "en", "body": body, "buttons": list(buttons)})

    async def send_template(self, number: str, name: str, *values: str) -> None:
        """The shop sends a template."""
        template = {"type": "template", "template_name": name, "language": "en", "body_params": list(values)}
        await self.send(number, {**template, "media": {"type": "text"}})

    async def send_text(self, number: str, text: str) -> None:
        """The shop sends free text."""
        await self.send(number, {"type": "text", "text": text})

    async def send(self, number: str, message: dict[str, Any]) -> None:
        """The shop sends any message of the legacy API (sinch.md 1.4)."""
        answer = await self.http.post(
            f"{self.url}/whatsapp/v1/{self.ready.legacy.bot_id}/messages",
            headers={"Authorization": f"Bearer {self.ready.legacy.bearer_token}"},
            data={"to": [number], "message": message},
        )
        assert answer.status == 201, await answer.text()

    async def write(self, number: str, text: str) -> None:
        """The customer writes, from somewhere else than the page."""
        await self._control(f"handsets/{number}/messages", {"type": "text", "text": text})

    async def thread(self, number: str) -> list[dict[str, Any]]:
        """What the simulator has for this number, oldest first."""
        answer = await self.http.get(f"{self.url}/_sim/handsets/{number}/messages")
        messages: list[dict[str, Any]] = (await answer.json())["messages"]
        return messages

    async def _control(self, door: str, body: dict[str, Any]) -> None:
        answer = await self.http.post(f"{self.url}/_sim/{door}", data=body)
        assert answer.ok, await answer.text()


@asynccontextmanager
async def simulator(port: int = 0) -> AsyncIterator[Ready]:
    """A simulator without chance, from its ready line to its end. Port 0: any free one."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "parley_simulator", "--port", str(port), "--json", "--chaos", "off",
        cwd=SOURCE,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        line = await asyncio.wait_for(process.stdout.readline(), READY_WITHIN_S)
        yield msgspec.json.decode(line, type=Ready)
    finally:
        process.terminate()
        await asyncio.wait_for(process.communicate(), STOP_WITHIN_S)
