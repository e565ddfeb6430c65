"""What the legacy API posts back: statuses and notifications, now and then several in one POST (sinch.md 1.8)."""

import asyncio
from datetime import datetime
from typing import Any, Literal

import msgspec

from parley_simulator.callbacks import Parcel, resolve
from parley_simulator.clock import written
from parley_simulator.messages import Failure, Message, State
from parley_simulator.signatures import Seal
from parley_simulator.world import World

BATCH_CEILING = 50
BATCH_SECONDS = 0.3
BATCH_PERCENT = 30.0
ODD_KEY_PERCENT = 5.0

# The legacy words for what cannot be delivered; everything else is plainly `failed`.
FAILED_STATES = {"NO_OPT_IN": "no_opt_in", "RECIPIENT_NOT_REACHABLE": "no_capability", "DELIVERY_TIMED_OUT": "deleted"}


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One status or notification; `contact` goes beside some notifications."""

    kind: Literal["statuses", "notifications"]
    element: dict[str, object]
    message: Message
    contact: dict[str, object] | None = None
    state: str = ""  # what a status tells of the message


class Outbox:
    """Items by address; some wait a moment for company."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._waiting: dict[str, list[tuple[Item, asyncio.Future[None]]]] = {}
        world.on_reset.append(self._waiting.clear)

    def report(
        self, world: World, message: Message, state: State, reason: Failure | None, at: datetime
    ) -> "asyncio.Future[None]":
        """Tell of a state; to the message's own callback address if it has one."""
        item = Item(kind="statuses", element=_status(message, state, reason, at), message=message, state=state)
        return self.put(item, message.callback_url or world.bot.callback_url, at)

    def put(self, item: Item, url: str, at: datetime) -> "asyncio.Future[None]":
        """Send, alone or in company; with no address nothing is sent."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if not url:
            done.set_result(None)
            return done
        queue = self._waiting.setdefault(url, [])
        queue.append((item, done))
        if len(queue) == 1 and self._waits():
            self._world.agenda.at(at + self._world.clock.gap(BATCH_SECONDS), lambda due: self._flush(url, due))
        elif len(queue) == 1 or len(queue) >= BATCH_CEILING:
            self._flush(url, at)
        return done

    def _waits(self) -> bool:
        mode = self._world.settings.legacy_batch
        return mode == "always" or (mode == "random" and self._world.chance.happens(BATCH_PERCENT))

    def _flush(self, url: str, at: datetime) -> None:
        together = self._waiting.pop(url, [])
        if not together:
            return
        tried = self._world.courier.hand_over(self._parcel([item for item, _ in together], url), at)
        tried.add_done_callback(lambda _: _resolve_all([done for _, done in together]))

    def _parcel(self, items: list[Item], url: str) -> Parcel:
        bot = self._world.bot
        first = items[0].message
        return Parcel(
            api="legacy",
            kind="+".join(sorted({item.kind for item in items})),
            url=url,
            body=msgspec.json.encode(self._envelope(items)),
            seal=Seal(scheme="legacy", secret=bot.signing_key, digest=bot.digest),
            number=first.number,
            our_id=first.our_id,
            message_ids=tuple(item.message.id for item in items),
            states=tuple(item.state for item in items),
        )

    def _envelope(self, items: list[Item]) -> dict[str, object]:
        envelope: dict[str, Any] = {"type": "whatsapp"}
        for item in items:
            envelope.setdefault(item.kind, []).append(item.element)
            if item.contact is not None:
                envelope.setdefault("contacts", []).append(item.contact)
        if self._world.chance.happens(ODD_KEY_PERCENT):
            # Sinch added conversation data in January 2022 under names we do not know: parsers must step over them.
            envelope["conversation_data"] = {"origin": "business_initiated"}
        return envelope


def _status(message: Message, state: State, reason: Failure | None, at: datetime) -> dict[str, object]:
    element: dict[str, object] = {
        "status": "failure" if reason else "success",
        "state": FAILED_STATES.get(reason.code, "failed") if reason else state,
        "message_id": message.id,
        "recipient": f"+{message.number}",
        "timestamp": written(at, 0),
    }
    if reason:
        element["details"] = reason.description
    return element


def _resolve_all(waiting: "list[asyncio.Future[None]]") -> None:
    for done in waiting:
        resolve(done)
