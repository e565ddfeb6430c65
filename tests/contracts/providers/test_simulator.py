"""Both sides of the wire, written apart from the same facts: what the simulator says, our readers understand."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from parley.domain.callback import CallbackItem, ConsentReport, DeliveryReport, InboundMessage, Notice, Unknown
from parley.domain.http import HttpRequest, HttpResponse
from parley.domain.message import State
from parley.providers.callbacks import Api, read, verify
from parley.providers.http import HttpClient
from parley.providers.oauth2 import Credentials, TokenSource
from parley.providers.signature import Genuine
from tests.contracts.providers.loopback import http_server

SOURCE = Path(__file__).parents[3] / "src"
PATIENCE = 60.0
JANA = "421900000001"
LEGACY_KEY = "legacy-signing-key"


class Desk:
    """A running simulator and everything it calls back."""

    def __init__(self, client: HttpClient) -> None:
        self.client = client
        self.called: asyncio.Queue[HttpRequest] = asyncio.Queue()
        self.told: dict[str, Any] = {}
        self.us = ""

    async def hear(self, request: HttpRequest) -> HttpResponse:
        """Our callback address."""
        self.called.put_nowait(request)
        return HttpResponse(200)

    async def control(self, door: str, body: dict[str, Any]) -> Any:
        """One of the simulator's own doors."""
        return await self._post(f"{self.told['base_url']}/_sim/{door}", body)

    async def next_items(self) -> tuple[CallbackItem, ...]:
        """The next callback, checked and read."""
        request = await asyncio.wait_for(self.called.get(), PATIENCE)
        api = Api.LEGACY if request.url == "/legacy" else Api.CONVERSATION
        secret = LEGACY_KEY if api is Api.LEGACY else self.told["conversation"]["webhook_secret"]
        assert isinstance(verify(api, dict(request.headers), request.body, secret), Genuine)
        return read(request.body)

    async def next_inbound(self) -> InboundMessage:
        """The next that the customer did; what else is told before is passed over."""
        while True:
            for item in await self.next_items():
                if isinstance(item, InboundMessage):
                    return item
                assert not isinstance(item, Unknown)

    async def _post(self, url: str, body: dict[str, Any]) -> Any:
        headers = (("content-type", "application/json"),)
        answer = await self.client.send(HttpRequest("POST", url, headers, msgspec.json.encode(body)), PATIENCE)
        assert answer.status in (200, 201), answer.body
        return msgspec.json.decode(answer.body)


@asynccontextmanager
async def simulator(webhook: str, legacy_callback: str) -> AsyncIterator[dict[str, Any]]:
    """Gives its ready line; ends it afterwards."""
    options = ["--json", "--chaos", "off", "--delays", "0.01"]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "parley_simulator", *options),
        *("--webhook", webhook, "--legacy-callback", legacy_callback),
        cwd=SOURCE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        yield msgspec.json.decode(await asyncio.wait_for(process.stdout.readline(), PATIENCE))
    finally:
        process.terminate()
        await asyncio.wait_for(process.communicate(), PATIENCE)


@pytest.fixture(scope="module")
async def desk() -> AsyncIterator[Desk]:
    async with HttpClient() as client:
        made = Desk(client)
        async with http_server(made.hear) as us, simulator(f"{us}/conversation", f"{us}/legacy") as told:
            made.told, made.us = told, us
            await made.control("legacy", {"signing_key": LEGACY_KEY})
            yield made


WRITTEN: dict[str, tuple[dict[str, Any], str]] = {
    "text": ({"type": "text", "text": "CART"}, "CART"),
    "emoji": ({"type": "text", "text": "áno 👋"}, "áno 👋"),
    "button": ({"type": "button", "payload": "SHOW ME", "text": "SHOW ME"}, "SHOW ME"),
    "media": (
        {"type": "media", "url": "https://media.example/a.jpg", "mime_type": "image/jpeg", "caption": "look"},
        "look",
    ),
    "location": ({"type": "location", "latitude": 48.1, "longitude": 17.1, "name": "Castle"}, "Castle"),
    "contacts": ({"type": "contacts", "contacts": [{"name": "Eva", "phone": "+421900000003"}]}, ""),
    "unknown": ({"type": "unknown", "payload": {"kind": "live_location"}}, ""),
}


@pytest.mark.parametrize("api", ["legacy", "conversation"])
@pytest.mark.parametrize(("written", "body"), WRITTEN.values(), ids=WRITTEN.keys())
async def test_what_the_customer_does_arrives(desk: Desk, api: str, written: dict[str, Any], body: str) -> None:
    await desk.control(f"handsets/{JANA}/messages", {**written, "api": api, "profile_name": "Jana"})
    item = await desk.next_inbound()
    assert item.sender == JANA
    assert item.body == body
    assert item.fields["provider"] == f"sinch_{api}"
    assert item.occurred_at is not None
    assert item.profile_name == ("Jana" if api == "legacy" and item.type in ("text", "contacts", "location") else None)


async def test_the_order_of_a_conversation_and_of_a_form_arrive(desk: Desk) -> None:
    products = [{"id": "p1", "quantity": 2, "item_price": 9.5, "currency": "EUR"}]
    order = {"type": "order", "api": "conversation", "products": products, "catalog_id": "c1", "title": "Order"}
    await desk.control(f"handsets/{JANA}/messages", order)
    assert (await desk.next_inbound()).fields["message"]["products"][0]["id"] == "p1"
    form = {"type": "flow", "api": "conversation", "response": {"size": 42}}
    await desk.control(f"handsets/{JANA}/messages", form)
    assert msgspec.json.decode((await desk.next_inbound()).fields["message"]["payload"]) == {"size": 42}


async def call_conversation(desk: Desk, path: str, more: dict[str, Any]) -> Any:
    """Our own token and a call about Jana; gives the answer's body."""
    keys = desk.told["conversation"]
    tokens = TokenSource(desk.client, lambda: datetime(2026, 5, 1, tzinfo=UTC), chance=lambda: 0.5)
    credentials = Credentials(f"{desk.told['base_url']}/oauth2/token", keys["key_id"], keys["key_secret"])
    identities = [{"channel": "WHATSAPP", "identity": JANA}]
    body = {"app_id": keys["app_id"], "recipient": {"identified_by": {"channel_identities": identities}}, **more}
    url = f"{desk.told['base_url']}/v1/projects/{keys['project_id']}/{path}"
    request = HttpRequest("POST", url, (("content-type", "application/json"),), msgspec.json.encode(body))
    answer = await tokens.send(request, credentials, PATIENCE)
    await tokens.close()
    assert isinstance(answer, HttpResponse)
    assert answer.status == 200, answer.body
    return msgspec.json.decode(answer.body)


async def test_what_we_send_is_reported_with_our_id(desk: Desk) -> None:
    await desk.control(f"handsets/{JANA}/messages", {"type": "text", "text": "hi", "api": "conversation"})
    await desk.next_inbound()  # the window is open
    text = {"text_message": {"text": "Your cart: https://shop.example"}}
    ours = {"message": text, "message_metadata": "our-1", "correlation_id": "our-1"}
    sent = await call_conversation(desk, "messages:send", ours)
    states = []
    while State.DELIVERED not in states:
        for item in await desk.next_items():
            if isinstance(item, DeliveryReport):
                assert item.our_id == "our-1"
                assert item.message_id == sent["message_id"]
                states.append(item.state)


async def next_of(desk: Desk, kind: type[CallbackItem]) -> Any:
    """The next item of a kind; what else is told before is passed over."""
    while True:
        for item in await desk.next_items():
            if isinstance(item, kind):
                return item


@pytest.mark.parametrize(("path", "opted_in"), [("optins:register", True), ("optouts:register", False)])
async def test_what_becomes_of_an_opt_in_is_told(desk: Desk, path: str, opted_in: bool) -> None:
    await desk.control("webhooks", {"url": f"{desk.us}/consents", "triggers": ["OPT_IN", "OPT_OUT"]})
    await call_conversation(desk, path, {"channels": ["WHATSAPP"]})
    report = await next_of(desk, ConsentReport)
    assert (report.identity, report.opted_in, report.succeeded) == (JANA, opted_in, True)


async def test_the_quality_of_the_sender_is_a_notice(desk: Desk) -> None:
    await desk.control("webhooks", {"url": f"{desk.us}/quality", "triggers": ["CHANNEL_EVENT"]})
    await desk.control("sender", {"quality_rating": "YELLOW"})
    notice = await next_of(desk, Notice)
    assert notice.name == "channel_event"
    assert notice.fields["channel_event"]["additional_data"] == {"quality_rating": "YELLOW"}


async def test_a_wrong_key_stops_the_sender(desk: Desk) -> None:
    tokens = TokenSource(desk.client, lambda: datetime(2026, 5, 1, tzinfo=UTC), chance=lambda: 0.5)
    refused = await tokens.token(Credentials(f"{desk.told['base_url']}/oauth2/token", "nobody", "nothing"))
    assert getattr(refused, "code", None) == "unauthorized"
