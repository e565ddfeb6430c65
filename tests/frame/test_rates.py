"""Two worker processes keep one account's rate, as the provider sees it."""

import asyncio
import json
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import msgspec

from parley.domain.http import HttpRequest, HttpResponse
from parley.queue.bucket import BURST_SECONDS
from tests.contracts.providers.loopback import http_server
from tests.frame.processes import HOLD, end, running, serving, until
from tests.frame.shop import KEY, limit, listeners, open_shop, remind, states, worker

RATE, CUSTOMERS = 20, 120
"""Six seconds for all of it; two workers that each kept the rate for itself would need three."""
STALL_SECONDS = 1.0
"""A busy machine may hold up everybody for so long, and then let through together what came meanwhile."""


class TimedSinch:
    """Notes when each call came."""

    def __init__(self) -> None:
        self.times: list[float] = []

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        (recipient,) = msgspec.json.decode(request.body)["to"]
        self.times.append(asyncio.get_running_loop().time())
        status = {"message_id": f"S-{recipient}", "recipient": recipient, "status": "success", "state": "queued"}
        return HttpResponse(201, (("Content-Type", "application/json"),), json.dumps({"statuses": [status]}).encode())

    def most_in(self, seconds: float) -> int:
        """The most calls of any span that long."""
        return max(sum(at <= other < at + seconds for other in self.times) for at in self.times)


async def test_two_processes_keep_one_rate(tmp_path: Path) -> None:
    sinch = TimedSinch()
    async with http_server(sinch) as url, AsyncExitStack() as stack:
        _, database = await stack.enter_async_context(running("-c", HOLD, str(tmp_path / "held")))
        more: dict[str, Any] = {"PARLEY_DATABASE_URL": database, "PARLEY_SECRET_KEY": KEY}
        shop = await open_shop(tmp_path / "files", tmp_path / "own", url, {"messages_per_second": 0.001}, **more)
        _, address = await stack.enter_async_context(serving(tmp_path / "own", "--workers", "0", **more))
        workers = [await stack.enter_async_context(worker(tmp_path / "own", more)) for _ in range(2)]
        await until(lambda: listeners(database) == 2, "both are at work")
        await asyncio.to_thread(remind, address, shop, range(CUSTOMERS))
        await until(lambda: states(database) == {"accepted": 1, "queued": CUSTOMERS - 1}, "all but one wait")

        sinch.times.clear()  # before the limit counts, which is at once
        await limit(tmp_path / "files", tmp_path / "own", shop, {"messages_per_second": RATE}, **more)
        await until(lambda: states(database) == {"accepted": CUSTOMERS}, "all are accepted")
        for process in workers:
            assert await end(process) == 0
    burst = RATE * BURST_SECONDS
    assert len(sinch.times) == CUSTOMERS - 1
    assert max(sinch.times) - min(sinch.times) > (CUSTOMERS - 1 - burst) / RATE - STALL_SECONDS
    assert sinch.most_in(2.0) <= burst + RATE * (2.0 + STALL_SECONDS)
