"""One shop with one account, its workers run by hand, and a Sinch that does what the test says."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from cryptography.fernet import Fernet

from parley.domain.event import NewEvent
from parley.domain.http import HttpRequest, HttpResponse
from parley.providers.signature import NotGenuine
from parley.services.advance_journeys import advance_journeys
from parley.services.apply_definitions import Change, apply_definitions
from parley.services.callback_doors import Doors
from parley.services.create_project import NewProject
from parley.services.deliver_messages import Delivery
from parley.services.expire_messages import expire_messages
from parley.services.judge_anew import judge_anew
from parley.services.launch_campaign import launch_campaign
from parley.services.plan_campaigns import plan_campaigns
from parley.services.read_callbacks import read_callbacks
from parley.services.read_definitions import File, read_definitions
from parley.services.receive_callbacks import Callback, UnknownDoor, is_kept, judge, keep
from parley.services.record_events import record_events
from parley.services.secret_box import SecretBox
from parley.services.show_campaigns import CampaignView, Progress, campaign_progress, show_campaign
from parley.services.steer_campaigns import steer_campaigns
from parley.store.campaigns import NewRun
from parley.store.database import Database
from parley.store.events import Slice, past_events
from tests.support.builders import NOW

EXAMPLES = Path(__file__).parents[2] / "examples"
ROUNDS = 50
"""A walk that has not come to rest by then turns in a circle."""

LEGACY: dict[str, Any] = {
    "kind": "integration",
    "name": "shop-whatsapp",
    "api": "sinch_legacy",
    "account": {"account": "shop-bot", "bearer_token": "token-1", "base_url": "https://sinch.test"},
    "limits": {"messages_per_second": None},  # permits come by the real clock, and time stands still in a walk
}


class ScriptedSinch:
    """A Wire: takes every request down and gives the next answer of its script, or takes the message."""

    def __init__(self) -> None:
        self.requests: list[HttpRequest] = []
        self.script: deque[HttpResponse | Exception] = deque()
        self.before_answer: Callable[[], Awaitable[None]] | None = None

    async def send(self, request: HttpRequest, timeout: float) -> HttpResponse:  # noqa: ASYNC109  the protocol's word
        assert timeout > 0
        self.requests.append(request)
        if self.before_answer is not None:
            await self.before_answer()
        answer = self.script.popleft() if self.script else self._accepted(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def bodies(self, path: str = "/messages") -> list[Any]:
        """What was sent to addresses that end so."""
        return [msgspec.json.decode(one.body) for one in self.requests if one.url.endswith(path)]

    def _accepted(self, request: HttpRequest) -> HttpResponse:
        if not request.url.endswith("/messages"):
            return HttpResponse(200)
        recipients = msgspec.json.decode(request.body)["to"]
        number = len(self.bodies())
        statuses = [
            {"message_id": f"SINCH-{number}-{place}", "recipient": f"+{one}", "status": "success", "state": "queued"}
            for place, one in enumerate(recipients)
        ]
        return HttpResponse(201, body=msgspec.json.encode({"type": "whatsapp", "statuses": statuses}))


class Walk:
    """Everything a test of a walk needs. Time stands still until `later`."""

    def __init__(self, database: Database, project: NewProject) -> None:
        self.database = database
        self.project = project
        self.now = NOW
        self.sinch = ScriptedSinch()
        self.box = SecretBox(Fernet.generate_key().decode())
        self.delivery = self.worker()
        self.token = ""

    def worker(self) -> Delivery:
        """One more, on the same queue."""
        return Delivery(self.database, self.box, self.sinch, lambda: self.now, lambda: 0.5)

    @property
    def project_id(self) -> UUID:
        return self.project.project_id

    async def apply(self, *definitions: Mapping[str, Any] | Path) -> tuple[Change, ...]:
        """Files or values, as `parley apply` takes them."""
        files = [
            File(one.name, one.read_bytes()) if isinstance(one, Path) else File("test", msgspec.json.encode(one))
            for one in definitions
        ]
        read = read_definitions(files, {})
        changes = await apply_definitions(self.database, self.box, self.project_id, read, self.now)
        self.token = next((one.callback_token for one in changes if one.callback_token), self.token)
        return changes

    async def track(self, customer_id: UUID, event_type: str, **properties: Any) -> None:
        """The customer does something, now."""
        event = NewEvent(customer_id, event_type, self.now, properties)
        async with self.database.transaction() as connection:
            await record_events(connection, self.project_id, [event], self.now)

    async def plan(self) -> None:
        """Journeys move, and what they plan stays in the queue."""
        while await advance_journeys(self.database, self.now):
            pass

    async def launch(self, campaign: str) -> NewRun:
        """A person does."""
        return await launch_campaign(self.database, self.project_id, campaign, "a test", self.now)

    async def progress(self, campaign: str) -> Progress:
        """As `parley campaign show --follow` counts it."""
        return await campaign_progress(self.database, self.project_id, campaign)

    async def shown(self, campaign: str) -> CampaignView:
        """As `parley campaign show` tells it."""
        return await show_campaign(self.database, self.project_id, campaign, self.now)

    async def campaigns_move(self) -> int:
        """One turn of a worker's loop."""
        return await steer_campaigns(self.database, self.now) + await plan_campaigns(self.database, self.now)

    async def judge_anew(self) -> None:
        """What waits by definitions that have changed becomes due."""
        while await judge_anew(self.database, self.now):
            pass

    async def come_to_rest(self) -> None:
        """Workers work until nothing is due."""
        await self.judge_anew()
        while await self.campaigns_move():
            pass
        for _ in range(ROUNDS):
            moved = await advance_journeys(self.database, self.now) + await self.campaigns_move()
            moved += await expire_messages(self.database, self.now)
            sent = await self.delivery.step()
            await self.delivery.finish()
            if not moved and not sent:
                return
        raise AssertionError("the walk does not come to rest")

    async def later(self, **span: float) -> None:
        """Time passes, and what was waiting for it happens."""
        self.now += timedelta(**span)
        await self.come_to_rest()

    async def call_back(self, *callbacks: Mapping[str, Any]) -> None:
        """Sinch calls us, each callback a POST of its own, all in one batch."""
        admitted = [await self.judged({}, msgspec.json.encode(one)) for one in callbacks]
        genuine = [one for one in admitted if isinstance(one, Callback)]
        assert len(genuine) == len(callbacks)
        await self.receive(genuine)

    async def judged(
        self, headers: Mapping[str, str], body: bytes, token: str | None = None
    ) -> Callback | NotGenuine | UnknownDoor:
        """Whose callback is this, and did Sinch send it? Nothing is stored."""
        token = self.token if token is None else token
        async with self.database.connection() as connection:
            doors = await Doors(self.box).find(connection, [token])
        return judge(doors[token], kept_headers(headers), body) if token in doors else UnknownDoor()

    async def receive(self, callbacks: Sequence[Callback]) -> None:
        """Kept and read."""
        async with self.database.transaction() as connection:
            await keep(connection, callbacks, self.now)
        while await read_callbacks(self.database) is not None:
            pass

    async def events(self, customer_id: UUID, event_type: str = "campaign") -> list[dict[str, Any]]:
        """The properties of the customer's events, the oldest first."""
        async with self.database.connection() as connection:
            return [one.properties for one in await past_events(connection, customer_id, Slice([event_type]))]

    async def states(self, customer_id: UUID, kind: str | None = None) -> list[str]:
        """The states that the customer's messages went through."""
        events = await self.events(customer_id)
        return [one["status"] for one in events if "kind" in one and kind in (None, one["kind"])]


def kept_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Those that the door hands on."""
    return {name: value for name, value in headers.items() if is_kept(name)}


def inbound(sender: str, text: str, at: datetime, message_id: str = "IN-1") -> dict[str, Any]:
    """A legacy callback: the customer writes."""
    return {
        "type": "whatsapp",
        "contacts": [{"profile": {"name": "Alice"}, "wa_id": sender}],
        "notifications": [
            {
                "from": sender,
                "to": "shop-bot",
                "message_id": message_id,
                "message": {"type": "text", "body": text},
                "timestamp": f"{at:%Y-%m-%dT%H:%M:%SZ}",
            }
        ],
    }


def status(message_id: str, state: str, at: datetime, details: str | None = None) -> dict[str, Any]:
    """A legacy callback: a message moved on."""
    element = {
        "status": "failure" if state in ("failed", "no_opt_in", "deleted") else "success",
        "state": state,
        "message_id": message_id,
        "recipient": "+421901000001",
        "timestamp": f"{at:%Y-%m-%dT%H:%M:%SZ}",
    }
    return {"type": "whatsapp", "statuses": [element | ({"details": details} if details else {})]}


async def somebody_looks_who_judges(walk: Walk) -> None:
    """A worker has seen somebody, and rests before it looks again."""
    resting = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND state = 'idle in transaction' AND query LIKE '%AS holder%'"
    )
    async with walk.database.connection() as connection, asyncio.timeout(10):
        while not await connection.fetchval(resting):  # noqa: ASYNC110  another connection
            await asyncio.sleep(0.01)
