"""The simulator from behind: what it is to do wrong, and what it knows at the end."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Any

import aiohttp
import msgspec

PAGE = 10_000
SIGNING_KEY = "chaos-signing-key"
"""Of the legacy API's callbacks; the other API has its own."""
TEXT = "Dear {{1}}, your order is on its way while everything breaks today."
_SETTINGS = {
    "drain_per_second": 0,
    "callbacks_per_second": 0,
    "requests_per_second": 0,
    "read_seconds": [2, 20],
    "legacy_batch": "random",
}
"""No rate of Sinch's may set the pace: who breaks is to be seen, not who waits."""


class Send(msgspec.Struct, frozen=True):
    """One message that Sinch accepted, and the states of it that we acknowledged."""

    id: str
    our_id: str
    number: str
    heard: tuple[str, ...]


class Tally(msgspec.Struct, frozen=True):
    """Alike exchanges in the simulator's journal."""

    kind: str
    name: str
    status: int
    outcome: str
    fault: str
    count: int


class Ledger(msgspec.Struct, frozen=True):
    """What the simulator knows of the whole run."""

    sends: tuple[Send, ...]
    callbacks: frozenset[str]
    """SHA-256, in hex, of every genuine body that we acknowledged."""
    forged: frozenset[str]
    """The same of every body that came with a wrong signature."""
    tallies: tuple[Tally, ...]

    def callbacks_by(self, field: str) -> Counter[str]:
        """Tries to call us, by outcome or by fault."""
        counts: Counter[str] = Counter()
        for tally in self.tallies:
            if tally.kind == "callback":
                counts[getattr(tally, field)] += tally.count
        return counts


class Sinch:
    """The running simulator."""

    def __init__(self, http: aiohttp.ClientSession, url: str, api: str) -> None:
        self.url = url
        self._http = http
        self._api = api

    async def prepare(self) -> None:
        """No rates, and the template as WhatsApp has approved it."""
        await self._call("POST", "settings", _SETTINGS)
        approved = {"name": "chaos", "language": "en", "status": "APPROVED", "body": TEXT}
        await self._call("POST", "templates", approved)

    async def call_back_at(self, url: str) -> None:
        """Where it tells what becomes of messages."""
        if self._api == "sinch_legacy":
            await self._call("POST", "legacy", {"callback_url": url, "signing_key": SIGNING_KEY})
        else:
            await self._call("POST", "webhooks", {"url": url})

    async def order(self, wanted: Sequence[dict[str, Any]]) -> None:
        """These faults from now on, before those that were ordered earlier: the first that fits strikes."""
        earlier = (await self._call("GET", "faults"))["faults"]
        await self.behave()
        await self._call("POST", "faults", {"faults": [*wanted, *earlier]})

    async def storms(self) -> bool:
        """Is a fault left that strikes only so often?"""
        return any(fault["times"] for fault in (await self._call("GET", "faults"))["faults"])

    async def end_storm(self) -> None:
        """Those that last go on."""
        lasting = [fault for fault in (await self._call("GET", "faults"))["faults"] if not fault["times"]]
        await self.behave()
        await self._call("POST", "faults", {"faults": lasting})

    async def behave(self) -> None:
        """No faults any more."""
        await self._call("DELETE", "faults")

    async def accepted(self) -> int:
        """Sends, so far."""
        count: int = (await self._call("GET", "ledger"))["sends"]
        return count

    async def is_quiet(self) -> bool:
        """Nothing more will be told."""
        state = await self._call("GET", "state")
        return not any(state[name] for name in ("queued", "planned", "callbacks_waiting", "callbacks_in_flight"))

    async def ledger(self) -> Ledger:
        """Everything; raises ValueError when the simulator had to leave something out."""
        told = await self._call("GET", "ledger")
        if not told["is_whole"]:
            raise ValueError("the simulator's ledger is full: the run was too long for it")
        return Ledger(
            tuple(msgspec.convert([one async for one in self._pages("sends", told)], list[Send])),
            frozenset([one async for one in self._pages("callbacks", told)]),
            frozenset([one async for one in self._pages("forged", told)]),
            tuple(msgspec.convert(told["tallies"], list[Tally])),
        )

    async def _pages(self, name: str, totals: dict[str, int]) -> AsyncIterator[Any]:
        for after in range(0, totals[name], PAGE):
            for one in (await self._call("GET", f"ledger/{name}?after={after}&limit={PAGE}"))[name]:
                yield one

    async def _call(self, method: str, path: str, body: object = None) -> Any:
        async with self._http.request(method, f"{self.url}/_sim/{path}", json=body) as answer:
            answer.raise_for_status()
            return await answer.json()
