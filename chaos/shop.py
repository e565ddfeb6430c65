"""The shop: its project and files by the command line, its customers and events by the tracking API, as any client."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from chaos.sinch import SIGNING_KEY, TEXT
from parley.cli.demo_http import basic
from parley.domain.settings import BEFORE_RESENDING_HOURS, Then
from tests.frame.processes import created, parley

TOGETHER = 25
"""Customers in one batch: two commands each."""
AT_ONCE = 8
"""Batches under way."""
PATIENCE_SECONDS = 120.0
"""How long one batch is tried again while everything breaks."""
PAUSE_SECONDS = 0.3
AFTER_HOURS = BEFORE_RESENDING_HOURS
"""So long a message is uncertain before the project's rule settles it."""
ANSWER_SECONDS = aiohttp.ClientTimeout(total=30)

TEMPLATE: dict[str, Any] = {
    "kind": "template", "name": "chaos", "language": "en", "category": "ALERT_UPDATE", "status": "approved",
    "body": {"text": TEXT},
}  # fmt: skip
SCENARIO: dict[str, Any] = {
    "kind": "scenario", "name": "chaos", "active": True, "settings": {"consent_category": "whatsapp"},
    "nodes": [
        {"id": "began", "type": "on_event", "event": "chaos", "next": "tell"},
        {
            "id": "tell", "type": "send_template", "template": "chaos", "language": "en",
            "parameters": ["{{ customer.first_name }}"],
        },
    ],
}  # fmt: skip
CAMPAIGN: dict[str, Any] = {
    "kind": "campaign", "name": "chaos", "audience": {"consent": "whatsapp"},
    "settings": {"consent_category": "whatsapp"},
    "send": {
        "type": "send_template", "template": "chaos", "language": "en", "parameters": ["{{ customer.first_name }}"],
    },
}  # fmt: skip


class Shop(msgspec.Struct, frozen=True):
    """What a client of the tracking API needs."""

    url: str
    project_token: str
    key: tuple[str, str]
    callback_path: str
    data_dir: Path


def phone(number: int) -> str:
    """The digits of that customer's phone: one for each, so that a number stands for one message."""
    return f"421{901_000_000 + number}"


async def open_shop(data_dir: Path, folder: Path, url: str, api: str, account: dict[str, Any], rule: Then) -> Shop:
    """A project on the running server, with an account at the simulator, a template and a scenario. Nobody is here to
    settle by hand what the provider cannot tell: its `rule` does.
    """
    here = ("--data-dir", str(data_dir))
    told = created(await parley("project", "create", "Chaos", "--json", *here))
    _write(folder, "integration", _INTEGRATIONS[api](account))
    _write(folder, "template", TEMPLATE)
    _write(folder, "scenario", SCENARIO)
    _write(folder, "campaign", CAMPAIGN)
    _write(folder, "settings", {"kind": "settings", "uncertain": {"then": rule.value, "after_hours": AFTER_HOURS}})
    changes: Any = created(await parley("apply", str(folder), "--project", told["project_token"], "--json", *here))
    path = next(one["callback_path"] for one in changes if one["callback_path"])
    key = told["private_key"]
    return Shop(url, told["project_token"], (key["key_id"], key["key_secret"]), path, data_dir)


async def enrol(shop: Shop, customers: int) -> None:
    """Customers with a phone, who have opted in."""
    await _track(shop, customers, _enrolment)


async def launch(shop: Shop) -> None:
    """The campaign, to everybody: workers plan it in chunks. Said again while the database is killed under it."""
    words = ("campaign", "launch", "chaos", "--project", shop.project_token, "--by", "chaos")
    while (ended := await parley(*words, "--data-dir", str(shop.data_dir))).code != 0:
        if "is under way" in ended.err:
            return  # it was launched, and only the answer was lost
        if "The database" not in ended.err:
            raise RuntimeError(ended.err)


async def track(shop: Shop, customers: int) -> None:
    """The event that makes the scenario write to each of them, once: it carries an id of its own."""
    await _track(shop, customers, _beginning)


def _enrolment(number: int) -> Iterator[dict[str, Any]]:
    ids = {"registered": f"customer-{number}"}
    properties = {"phone": f"+{phone(number)}", "first_name": f"Name {number}"}
    yield {"name": "customers", "data": {"customer_ids": ids, "properties": properties}}
    said = {"action": "accept", "category": "whatsapp", "valid_until": "unlimited"}
    consent = {"customer_ids": ids, "event_type": "consent", "properties": said, "event_id": f"consent-{number}"}
    yield {"name": "customers/events", "data": consent}


def _beginning(number: int) -> Iterator[dict[str, Any]]:
    ids = {"registered": f"customer-{number}"}
    event = {"customer_ids": ids, "event_type": "chaos", "properties": {}, "event_id": f"chaos-{number}"}
    yield {"name": "customers/events", "data": event}


async def _track(shop: Shop, customers: int, commands: Any) -> None:
    """Batch by batch, each until it was taken: whoever is not answered asks again."""
    turns = asyncio.Semaphore(AT_ONCE)
    address = f"{shop.url}/track/v2/projects/{shop.project_token}/batch"
    async with (
        aiohttp.ClientSession(timeout=ANSWER_SECONDS, headers={"Authorization": basic(*shop.key)}) as http,
        asyncio.TaskGroup() as group,
    ):
        for start in range(0, customers, TOGETHER):
            numbers = range(start, min(start + TOGETHER, customers))
            await turns.acquire()
            task = group.create_task(_surely(http, address, [one for each in numbers for one in commands(each)]))
            task.add_done_callback(lambda _: turns.release())


async def _surely(http: aiohttp.ClientSession, address: str, commands: list[dict[str, Any]]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await _taken(http, address, commands):  # noqa: ASYNC110  another process: nothing to await
            await asyncio.sleep(PAUSE_SECONDS)


async def _taken(http: aiohttp.ClientSession, address: str, commands: list[dict[str, Any]]) -> bool:
    """Raises ValueError when it was refused for good: an honest command never is."""
    try:
        async with http.post(address, json={"commands": commands}) as answer:
            body = await answer.text()
    except (aiohttp.ClientError, TimeoutError):
        return False
    if answer.status != 200:
        if answer.status < 500:
            raise ValueError(f"{answer.status}: {body}")
        return False
    refused = [one for one in json.loads(body)["results"] if not one["success"]]
    if refused:
        raise ValueError(f"refused: {refused[:3]}")
    return True


def _write(folder: Path, name: str, content: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")


_UNLIMITED = {"messages_per_second": None, "requests_per_second": None}
"""At the default of 20 messages a second a campaign of 100,000 takes 83 minutes."""


def _legacy(account: dict[str, Any]) -> dict[str, Any]:
    mine = account["legacy"]
    return {
        "kind": "integration", "name": "chaos", "api": "sinch_legacy", "signing_secret": SIGNING_KEY,
        "limits": _UNLIMITED,
        "account": {
            "base_url": account["base_url"], "account": mine["bot_id"], "bearer_token": mine["bearer_token"],
        },
    }  # fmt: skip


def _conversation(account: dict[str, Any]) -> dict[str, Any]:
    mine = account["conversation"]
    names = ("project_id", "app_id", "key_id", "key_secret")
    return {
        "kind": "integration", "name": "chaos", "api": "sinch_conversation", "signing_secret": mine["webhook_secret"],
        "limits": _UNLIMITED,
        "account": {
            "base_url": account["base_url"],
            "auth_url": f"{account['base_url']}/oauth2/token",
            **{name: mine[name] for name in names},
        },
    }  # fmt: skip


_INTEGRATIONS = {"sinch_legacy": _legacy, "sinch_conversation": _conversation}
