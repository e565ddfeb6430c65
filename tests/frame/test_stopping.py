"""SIGTERM finishes what is in flight, and several processes share one database without taking a message twice."""

import asyncio
import json
import sys
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
import requests

from parley.domain.http import HttpRequest, HttpResponse
from parley.store.embedded import embedded_server
from tests.contracts.providers.loopback import http_server
from tests.frame.processes import HOLD, ROOT, created, end, environment, parley, running, serving, until

SLOW_SECONDS = 3.0
CUSTOMERS = 40


class Sinch:
    """Takes messages slowly, and counts for whom."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.asked: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        (recipient,) = msgspec.json.decode(request.body)["to"]
        self.asked[recipient] += 1
        await asyncio.sleep(self.seconds)
        self.answered[recipient] += 1
        status = {"message_id": f"S-{recipient}", "recipient": recipient, "status": "success", "state": "queued"}
        return HttpResponse(201, (("Content-Type", "application/json"),), json.dumps({"statuses": [status]}).encode())


async def _shop(folder: Path, data_dir: Path, sinch: str, **more: Any) -> tuple[str, tuple[str, str]]:
    """A project with the account, a template and a scenario that sends it at once: its token and key."""
    at = ("--data-dir", str(data_dir))
    made = created(await parley("project", "create", "Shop", "--json", *at, **more))
    account = {"account": "shop-bot", "bearer_token": "t", "base_url": sinch}
    send = {"id": "send", "type": "send_template", "template": "cart_reminder", "parameters": ["Jana"]}
    nodes = [{"id": "go", "type": "on_event", "event": "remind", "next": "send"}, send]
    files: list[dict[str, Any]] = [
        {"kind": "integration", "name": "shop-whatsapp", "api": "sinch_legacy", "account": account},
        {"kind": "scenario", "name": "remind", "settings": {"consent_category": "whatsapp"}, "nodes": nodes},
        json.loads((ROOT / "examples" / "cart-reminder.template.json").read_text("utf-8")),
    ]
    _write(folder, files)
    applied = await parley("apply", str(folder), "--project", made["project_token"], *at, **more)
    assert applied.code == 0, applied.err
    return made["project_token"], (made["private_key"]["key_id"], made["private_key"]["key_secret"])


def _write(folder: Path, files: list[dict[str, Any]]) -> None:
    folder.mkdir()
    for number, file in enumerate(files):
        (folder / f"{number}.json").write_text(json.dumps(file), encoding="utf-8")


def _remind(address: str, shop: tuple[str, tuple[str, str]], customers: int) -> None:
    """Customers who have agreed and to whom a message goes at once."""
    token, key = shop
    for number in range(customers):
        ids = {"registered": f"c{number}"}
        commands = [
            ("customers", {"customer_ids": ids, "properties": {"phone": f"+421901{number:06}"}}),
            ("customers/events", {"customer_ids": ids, "event_type": "consent", "properties": {
                "action": "accept", "category": "whatsapp", "valid_until": "unlimited"}}),
            ("customers/events", {"customer_ids": ids, "event_type": "remind", "properties": {}}),
        ]  # fmt: skip
        body = {"commands": [{"name": name, "data": data} for name, data in commands]}
        answer = requests.post(f"{address}/track/v2/projects/{token}/batch", json=body, auth=key, timeout=30)
        assert answer.json()["success"], answer.text


@asynccontextmanager
async def _worker(data_dir: Path, more: dict[str, Any]) -> AsyncIterator[Process]:
    """One more, killed at the end if it still runs. It says nothing when it begins."""
    words = ("-m", "parley", "worker", "--data-dir", str(data_dir))
    process = await asyncio.create_subprocess_exec(sys.executable, *words, env=environment(**more))
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def _listeners(url: str) -> int:
    """Workers that wait to be woken."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN %'").fetchone()
        return int(row[0]) if row else 0


def _states(url: str) -> Counter[str]:
    with psycopg.connect(url) as connection:
        return Counter(row[0] for row in connection.execute("SELECT state FROM messages WHERE kind = 'template'"))


async def test_sigterm_finishes_what_is_in_flight(tmp_path: Path) -> None:
    sinch, data_dir = Sinch(SLOW_SECONDS), tmp_path / "data"
    async with http_server(sinch) as url:
        shop = await _shop(tmp_path / "files", data_dir, url)
        async with serving(data_dir) as (server, address):
            await asyncio.to_thread(_remind, address, shop, 1)
            await until(lambda: bool(sinch.asked), "the provider is called")
            assert await end(server) == 0
    assert sinch.answered.total() == 1
    with embedded_server(data_dir) as database:
        assert _states(database.url) == {"accepted": 1}


@pytest.mark.parametrize("ended", ["by SIGTERM", "never"])
async def test_several_processes_share_one_database(tmp_path: Path, ended: str) -> None:
    """Two servers with a worker each, and two workers more; one of those is told to stop in the middle."""
    sinch = Sinch(0.3)
    async with http_server(sinch) as url, AsyncExitStack() as stack:
        _, database = await stack.enter_async_context(running("-c", HOLD, str(tmp_path / "held")))
        more: dict[str, Any] = {"PARLEY_DATABASE_URL": database}
        more["PARLEY_SECRET_KEY"] = "jvcbhVzBCLrnuUL0dE7VoQY8YzJVTJdXNKZo0vOxY8k="
        shop = await _shop(tmp_path / "files", tmp_path / "own", url, **more)
        servers = [await stack.enter_async_context(serving(tmp_path / name, **more)) for name in ("a", "b")]
        workers = [await stack.enter_async_context(_worker(tmp_path / "own", more)) for _ in range(2)]
        await until(lambda: _listeners(database) == 2 * len(workers), "all workers are at work")
        await asyncio.to_thread(_remind, servers[0][1], shop, CUSTOMERS)
        if ended == "by SIGTERM":
            assert await end(workers.pop()) == 0
        await until(lambda: _states(database) == {"accepted": CUSTOMERS}, "all are accepted")
        for process in (*workers, *(server for server, _ in servers)):
            assert await end(process) == 0
    assert set(sinch.asked.values()) == {1}
    assert len(sinch.asked) == CUSTOMERS
