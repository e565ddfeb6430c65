"""The play: what the shop does and what the customer does, over HTTP, told as a timeline.

Nothing here reaches into the server. The shop tracks; the customer writes on the handset; everything in between is
Parley's and Sinch's own doing, and the play only looks whether it happened.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from parley.cli.demo_files import PATIENCE
from parley.cli.demo_http import DemoError
from parley.cli.demo_stage import Stage
from parley.providers.http import NotSentError, UnansweredError

STEP_SECONDS = 30.0
"""A step that has not happened by then has not happened."""
PHONE, DIGITS = "00421 901 234 567", "421901234567"
CUSTOMER = {"registered": "jana@shop.example"}
Message = dict[str, Any]


async def play(stage: Stage) -> bool:
    """True only if every step happened."""
    theatre = _Theatre(stage)
    try:
        await theatre.consent()
        await theatre.abandoned_cart()
        await theatre.back_in_stock()
        await theatre.tracking_update()
    except (DemoError, NotSentError, UnansweredError, TimeoutError) as error:
        stage.console.print(f"\n[bold red]This step did not happen:[/] {error}")
        return False
    stage.console.print(f"\n[bold green]Every step happened[/] ({theatre.steps} of them).")
    return True


class _Theatre:
    """One customer's story."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._started = time.monotonic()
        self.steps = 0

    async def consent(self) -> None:
        self._act("The customer agrees")
        await self._shop("customers", {"customer_ids": CUSTOMER, "properties": {"first_name": "Jana", "phone": PHONE}})
        self._told("shop", f"knows Jana by her phone, {PHONE}")
        agreed = {"action": "accept", "category": "whatsapp", "valid_until": "unlimited"}
        await self._event("consent", agreed)
        self._told("shop", "tracks her consent in the category whatsapp")
        await self._until("the consent is uploaded to Sinch", self._opted_in)
        self._told("Parley", f"has uploaded the consent: Sinch lists {DIGITS}")

    async def abandoned_cart(self) -> None:
        self._act(f"Abandoned cart (the example waits an hour, this copy {PATIENCE})")
        cart = {
            "action": "add",
            "product_list": [{"product_id": "P-11", "quantity": 2}],
            "total_price": 41.8,
            "cart_url": "https://shop.example/c/8812",
        }
        await self._event("cart_update", cart)
        self._told("shop", "tracks cart_update: two of P-11, and no purchase follows")
        await self._conversation("type CART", "CART", "https://shop.example/c/8812")

    async def back_in_stock(self) -> None:
        self._act("Back in stock")
        product = {"product_id": "P-7", "title": "Red kettle", "product_url": "https://shop.example/p/7"}
        await self._event("back_in_stock", product)
        self._told("shop", "tracks back_in_stock for a product that Jana watches")
        await self._conversation("reply: SHOW ME", "SHOW ME", "https://shop.example/p/7")

    async def tracking_update(self) -> None:
        self._act("Tracking update")
        shipment = {
            "status": "shipped",
            "order_id": "100245",
            "carrier": "DHL",
            "tracking_url": "https://shop.example/track/100245",
        }
        await self._event("shipment", shipment)
        self._told("shop", "tracks shipment: order 100245 has left")
        await self._arrives("100245")

    async def _conversation(self, template: str, keyword: str, link: str) -> None:
        """Template out, keyword in, free text with the link out."""
        await self._arrives(template)
        message_id = (await self._sinch_writes(keyword))["message_id"]
        self._told("Jana", f"writes {keyword}")
        await self._until("the reply is an event", lambda: self._inbound_event(message_id))
        self._told("Parley", "has her reply as an event; the 24-hour window is open")
        await self._arrives(link)

    async def _arrives(self, text: str) -> None:
        """Delivered to the handset, opened by Jana, and both so reported in Parley."""
        message = await self._until(f"a message with “{text}” arrives", lambda: self._on_handset(text))
        self._told("handset", f"shows: {message['text']}")
        await self._until("Sinch reports it delivered", lambda: self._campaign_event(message["id"], "delivered"))
        await self._stage.sinch.post(f"/_sim/handsets/{DIGITS}/read", {})
        await self._until("Sinch reports it read", lambda: self._campaign_event(message["id"], "read"))
        story = await self._states_of(message["id"])
        self._told("Sinch", f"reported it; the message went {' → '.join(story)}")

    async def _opted_in(self) -> bool:
        return DIGITS in (await self._stage.sinch.get("/_sim/optins"))["opted_in"]

    async def _on_handset(self, text: str) -> Message | None:
        thread = (await self._stage.sinch.get(f"/_sim/handsets/{DIGITS}/messages"))["messages"]
        return next((one for one in thread if one["direction"] == "out" and text in (one["text"] or "")), None)

    async def _sinch_writes(self, text: str) -> Message:
        written: Message = await self._stage.sinch.post(
            f"/_sim/handsets/{DIGITS}/messages", {"type": "text", "text": text, "api": self._stage.api.split("_")[1]}
        )
        return written

    async def _inbound_event(self, message_id: str) -> bool:
        return any(one.get("status") == "inbound" and one["message_id"] == message_id for one in await self._events())

    async def _campaign_event(self, provider_id: str, status: str) -> bool:
        return status in await self._states_of(provider_id)

    async def _states_of(self, provider_id: str) -> list[str]:
        events = await self._events()
        ours = next((one["message_id"] for one in events if one.get("provider_message_id") == provider_id), None)
        return [one["status"] for one in events if ours is not None and one["message_id"] == ours]

    async def _events(self) -> list[dict[str, Any]]:
        wanted = {"customer_ids": CUSTOMER, "event_types": ["campaign"], "order": "asc", "limit": 1000}
        path = f"/data/v2/projects/{self._stage.project_token}/customers/events"
        return [one["properties"] for one in (await self._stage.shop.post(path, wanted))["data"]]

    async def _event(self, type_: str, properties: dict[str, Any]) -> None:
        await self._shop("customers/events", {"customer_ids": CUSTOMER, "event_type": type_, "properties": properties})

    async def _shop(self, what: str, content: dict[str, Any]) -> None:
        answer = await self._stage.shop.post(f"/track/v2/projects/{self._stage.project_token}/{what}", content)
        if not answer["success"]:
            raise DemoError(f"tracking {what} answered {answer}")

    async def _until(self, step: str, look: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + STEP_SECONDS
        while not (found := await look()):
            if time.monotonic() > deadline:
                raise DemoError(step)
            await asyncio.sleep(0.1)
        return found

    def _act(self, title: str) -> None:
        self._stage.console.print(f"\n[bold]{title}[/]")

    def _told(self, who: str, what: str) -> None:
        self.steps += 1
        self._stage.console.print(f"  {time.monotonic() - self._started:5.1f} s  {who:8} {what}", markup=False)
