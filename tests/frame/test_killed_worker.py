"""A worker that is killed in the middle of its calls: its messages wait for their lease, then others take over."""

import asyncio
import json
import os
import signal
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import psycopg

from parley.domain.http import HttpRequest, HttpResponse
from tests.contracts.providers.loopback import http_server
from tests.frame.processes import HOLD, end, running, serving, until
from tests.frame.shop import KEY, listeners, open_shop, remind, states, worker

LEASE_SECONDS = 12
FIRST, LATER = 12, 8


class DeadlySinch:
    """Answers nothing before it has struck: the first call is the last thing that its caller does."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.strike: Callable[[], None] | None = None

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        (recipient,) = msgspec.json.decode(request.body)["to"]
        self.asked[recipient] += 1
        if self.strike is not None:
            self.strike()
            await asyncio.sleep(3600)
        status = {"message_id": f"S-{recipient}", "recipient": recipient, "status": "success", "state": "queued"}
        return HttpResponse(201, (("Content-Type", "application/json"),), json.dumps({"statuses": [status]}).encode())


def _histories(url: str) -> list[tuple[datetime, datetime]]:
    """Of each message that was lost: when its try began, and when somebody found that nobody had it any more."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT to_timestamp(max((properties->>'sent_timestamp')::float8)), "
            "max(occurred_at) FILTER (WHERE properties->>'code' = 'lost_in_flight') "
            "FROM events WHERE type = 'campaign' GROUP BY properties->>'message_id' "
            "HAVING bool_or(properties->>'code' = 'lost_in_flight')"
        ).fetchall()
        return [(began, found) for began, found in rows]


async def test_its_messages_sit_out_their_lease_and_another_worker_takes_over(tmp_path: Path) -> None:
    sinch = DeadlySinch()
    async with http_server(sinch) as url, AsyncExitStack() as stack:
        _, database = await stack.enter_async_context(running("-c", HOLD, str(tmp_path / "held")))
        more: dict[str, Any] = {"PARLEY_DATABASE_URL": database, "PARLEY_SECRET_KEY": KEY}
        more["PARLEY_LEASE_SECONDS"] = str(LEASE_SECONDS)
        shop = await open_shop(tmp_path / "files", tmp_path / "own", url, **more)
        _, address = await stack.enter_async_context(serving(tmp_path / "own", "--workers", "0", **more))
        await asyncio.to_thread(remind, address, shop, range(FIRST))

        victim = await stack.enter_async_context(worker(tmp_path / "own", more))
        sinch.strike = lambda: os.kill(victim.pid, signal.SIGKILL)
        assert await asyncio.wait_for(victim.wait(), 60) == -signal.SIGKILL
        sinch.strike = None
        lost = states(database)["sending"]
        assert lost > 0

        heir = await stack.enter_async_context(worker(tmp_path / "own", more))
        await until(lambda: listeners(database) == 1, "the other worker is at work")
        await asyncio.to_thread(remind, address, shop, range(FIRST, FIRST + LATER))
        await until(
            lambda: states(database) == {"uncertain": lost, "accepted": FIRST + LATER - lost},
            "what was lost is uncertain, and the others are sent",
        )
        assert await end(heir) == 0
        histories = _histories(database)
    assert len(histories) == lost
    assert all(found - began >= timedelta(seconds=LEASE_SECONDS) for began, found in histories)
    assert set(sinch.asked.values()) == {1}
