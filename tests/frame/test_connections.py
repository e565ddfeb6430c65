"""A worker process has a connection for every call under way: whoever waits for a silent provider delays nobody."""

import asyncio
import json
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import msgspec

from parley.domain.http import HttpRequest, HttpResponse
from parley.providers.http import CONNECTIONS
from tests.contracts.providers.loopback import http_server
from tests.frame.processes import HOLD, end, running, serving, until
from tests.frame.shop import KEY, limit, listeners, open_shop, remind, states, worker

CUSTOMERS = CONNECTIONS + 20
"""More than the client keeps connections when nobody says how many; fewer than one sender may have calls."""
ONE_MORE = CUSTOMERS
"""The customer of the other shop."""
ENDS = ("accepted", "uncertain")
"""Uncertain are those whose calls had to end before the other's could begin."""


class SilentSinch:
    """Once it is told so it answers nobody but the other shop's customer, and notes how many calls waited beside."""

    def __init__(self) -> None:
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.silent = 0
        self.beside: int | None = None

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        (recipient,) = msgspec.json.decode(request.body)["to"]
        if recipient.endswith(f"{ONE_MORE:06}"):
            self.beside = self.silent
        else:
            self.silent += 1
            await self.may_answer.wait()
            self.silent -= 1
        status = {"message_id": f"S-{recipient}", "recipient": recipient, "status": "success", "state": "queued"}
        return HttpResponse(201, (("Content-Type", "application/json"),), json.dumps({"statuses": [status]}).encode())


async def test_a_hundred_calls_without_an_answer_leave_room_for_another_sender(tmp_path: Path) -> None:
    sinch = SilentSinch()
    async with http_server(sinch) as url, AsyncExitStack() as stack:
        _, database = await stack.enter_async_context(running("-c", HOLD, str(tmp_path / "held")))
        more: dict[str, Any] = {"PARLEY_DATABASE_URL": database, "PARLEY_SECRET_KEY": KEY}
        own, files = tmp_path / "own", tmp_path / "files"
        shop = await open_shop(files, own, url, {"messages_per_second": 0.001}, **more)
        other = await open_shop(tmp_path / "other", own, url, {"messages_per_second": None}, **more)
        _, address = await stack.enter_async_context(serving(own, "--workers", "0", **more))
        process = await stack.enter_async_context(worker(own, more))
        await until(lambda: listeners(database) == 1, "it is at work")
        await asyncio.to_thread(remind, address, shop, range(CUSTOMERS))
        await until(lambda: states(database) == {"accepted": 1, "queued": CUSTOMERS - 1}, "all but one wait")

        sinch.may_answer.clear()
        await limit(files, own, shop, {"messages_per_second": None}, **more)
        await until(lambda: sinch.silent == CUSTOMERS - 1, "all but one are called")
        await asyncio.to_thread(remind, address, other, [ONE_MORE])
        await until(lambda: sinch.beside is not None, "the other's message has come")
        assert sinch.beside == CUSTOMERS - 1
        sinch.may_answer.set()
        await until(lambda: sum(states(database)[one] for one in ENDS) == CUSTOMERS + 1, "every call has ended")
        assert states(database) == {"accepted": CUSTOMERS + 1}
        assert await end(process) == 0
