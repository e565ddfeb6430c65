"""Long queues and several shops on one database, for the walks about shares and rates."""

import asyncio
from collections import Counter
from typing import Any
from uuid import UUID

from parley.domain.http import HttpRequest, HttpResponse
from parley.domain.ids import bucket_of, new_id_in
from parley.services.create_project import create_project
from tests.support.builders import NOW, add_customer, consent_event
from tests.walks.walk import EXAMPLES, LEGACY, ScriptedSinch, Walk, inbound

PHONE = "421901{:06}"
COLUMNS = (
    "bucket, project_id, customer_id, kind, state, integration, account, recipient, content, origin, "
    "consent_category, planned_at, due_at, expires_at, decision, changed_at"
)
REPLY = {
    "kind": "scenario",
    "name": "answer",
    "nodes": [
        {"id": "go", "type": "on_event", "event": "question", "next": "send"},
        {"id": "send", "type": "send_text", "text": "An answer"},
    ],
}
CAMPAIGN = {
    "kind": "scenario",
    "name": "campaign",
    "settings": {"consent_category": "whatsapp"},
    "nodes": [
        {"id": "go", "type": "on_event", "event": "offer", "next": "send"},
        {
            "id": "send",
            "type": "send_template",
            "template": "cart_reminder",
            "parameters": ["{{ customer.first_name }}"],
        },
    ],
}


class CountingSinch(ScriptedSinch):
    """Keeps back the answers of accounts that hang, and counts what each account was asked to send."""

    def __init__(self) -> None:
        super().__init__()
        self.hanging: set[str] = set()
        self.sent: Counter[str] = Counter()
        self.answers = asyncio.Event()

    async def send(self, request: HttpRequest, timeout: float) -> HttpResponse:  # noqa: ASYNC109  the protocol's word
        account = account_of(request)
        self.sent[account] += 1
        if account in self.hanging:
            await self.answers.wait()
        return await super().send(request, timeout)


def account_of(request: HttpRequest) -> str:
    """The bot that the request is sent as: `/whatsapp/v1/BOT/messages`."""
    return request.url.split("/")[-2]


async def open_shop(walk: Walk, name: str, **limits: Any) -> Walk:
    """Another project on the walk's database, with an account of its own and a customer who may be sent anything."""
    shop = Walk(walk.database, await create_project(walk.database, name, NOW))
    shop.box, shop.sinch = walk.box, walk.sinch
    shop.delivery = shop.worker()
    await furnish(shop, name, **limits)
    return shop


async def furnish(shop: Walk, account: str, **limits: Any) -> None:
    """An account called so, a campaign and an answer."""
    integration = LEGACY | {"account": LEGACY["account"] | {"account": account}}
    template = EXAMPLES / "cart-reminder.template.json"
    await shop.apply(
        integration | {"limits": LEGACY["limits"] | {"pair_rate": False} | limits}, template, REPLY, CAMPAIGN
    )


async def add_fan(shop: Walk, number: int) -> UUID:
    """A customer who has agreed and has just written."""
    phone = PHONE.format(number)
    customer_id = await add_customer(shop.database, shop.project, phone, {"phone": f"+{phone}", "first_name": "Jana"})
    await shop.track(customer_id, "consent", **consent_event(customer_id, "accept").properties)
    await shop.call_back(inbound(phone, "hi", shop.now, f"IN-{number}"))
    return customer_id


async def add_strangers(shop: Walk, *numbers: int) -> list[UUID]:
    """Customers who have agreed and never written."""
    strangers = []
    for number in numbers:
        phone = PHONE.format(number)
        one = await add_customer(shop.database, shop.project, phone, {"phone": f"+{phone}", "first_name": "Jana"})
        await shop.track(one, "consent", **consent_event(one, "accept").properties)
        strangers.append(one)
    return strangers


async def count_reached(shop: Walk) -> int:
    """Places that are taken in all tiers."""
    async with shop.database.connection() as connection:
        reached: int = await connection.fetchval("SELECT coalesce(sum(recipients), 0) FROM tier_slices")
        return reached


async def queue(shop: Walk, customer_id: UUID, count: int, event: str = "offer") -> None:
    """`count` messages to the customer, due one after another: one is planned, the others are its copies."""
    await shop.track(customer_id, event)
    await shop.plan()
    ids = [new_id_in(bucket_of(customer_id)) for _ in range(count - 1)]
    async with shop.database.transaction() as connection:
        await connection.execute(
            f"INSERT INTO messages ({COLUMNS}, id, priority) "  # noqa: S608  own names
            f"SELECT {COLUMNS}, unnest($1::uuid[]), priority FROM messages WHERE id = "
            "(SELECT max(id::text)::uuid FROM messages WHERE customer_id = $2 AND state = 'queued')",
            ids,
            customer_id,
        )


async def steps(shop: Walk, most: int) -> None:
    """The shop's worker claims so often at the most; the calls that can end do."""
    for _ in range(most):
        if not await shop.delivery.step():
            return
        await asyncio.sleep(0)
