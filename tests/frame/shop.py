"""A shop with one account, one template and a scenario that sends it, for tests with real processes."""

import asyncio
import json
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import requests

from parley.domain.http import HttpRequest, HttpResponse
from tests.frame.processes import ROOT, created, parley, started

KEY = "jvcbhVzBCLrnuUL0dE7VoQY8YzJVTJdXNKZo0vOxY8k="
"""Of all processes that share a database."""
Shop = tuple[str, tuple[str, str]]
"""A project's token, and a key with its secret."""


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


async def open_shop(
    folder: Path, data_dir: Path, sinch: str, limits: dict[str, Any] | None = None, **more: Any
) -> Shop:
    """A project with an account of the old API, a template and a scenario that sends it at once: its token and key."""
    return await open_shop_with(folder, data_dir, _integration(sinch, limits or {}), **more)


async def open_shop_with(folder: Path, data_dir: Path, integration: dict[str, Any], **more: Any) -> Shop:
    """The same with any account."""
    at = ("--data-dir", str(data_dir))
    made = created(await parley("project", "create", "Shop", "--json", *at, **more))
    send = {"id": "send", "type": "send_template", "template": "cart_reminder", "parameters": ["Jana"]}
    nodes = [{"id": "go", "type": "on_event", "event": "remind", "next": "send"}, send]
    files: list[dict[str, Any]] = [
        integration,
        {"kind": "scenario", "name": "remind", "settings": {"consent_category": "whatsapp"}, "nodes": nodes},
        json.loads((ROOT / "examples" / "cart-reminder.template.json").read_text("utf-8")),
    ]
    _write(folder, files)
    applied = await parley("apply", str(folder), "--project", made["project_token"], *at, **more)
    assert applied.code == 0, applied.err
    return made["project_token"], (made["private_key"]["key_id"], made["private_key"]["key_secret"])


async def limit(folder: Path, data_dir: Path, shop: Shop, limits: dict[str, Any], **more: Any) -> None:
    """The account may send so fast from now on."""
    path = folder / "0.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | {"limits": limits}), encoding="utf-8")
    applied = await parley("apply", str(path), "--project", shop[0], "--data-dir", str(data_dir), **more)
    assert applied.code == 0, applied.err


def _integration(sinch: str, limits: dict[str, Any]) -> dict[str, Any]:
    account = {"account": "shop-bot", "bearer_token": "t", "base_url": sinch}
    return {"kind": "integration", "name": "shop-whatsapp", "api": "sinch_legacy", "account": account, "limits": limits}


def _write(folder: Path, files: list[dict[str, Any]]) -> None:
    folder.mkdir()
    for number, file in enumerate(files):
        (folder / f"{number}.json").write_text(json.dumps(file), encoding="utf-8")


def remind(address: str, shop: Shop, customers: Iterable[int]) -> None:
    """Customers who have agreed and to whom a message goes at once."""
    token, key = shop
    for number in customers:
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


def worker(data_dir: Path, more: dict[str, Any]) -> AbstractAsyncContextManager[Process]:
    """One more. It says nothing when it begins."""
    return started("-m", "parley", "worker", "--data-dir", str(data_dir), **more)


def listeners(url: str) -> int:
    """Workers that wait to be woken."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN %'").fetchone()
        return int(row[0]) if row else 0


def states(url: str) -> Counter[str]:
    """How many messages stand at each."""
    with psycopg.connect(url) as connection:
        return Counter(row[0] for row in connection.execute("SELECT state FROM messages WHERE kind = 'template'"))
