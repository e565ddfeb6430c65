"""A worker stands still (stopped, swapped out, asleep) between its claim and the calls: none is made late."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from parley.domain.http import HttpRequest, HttpResponse
from parley.providers.http import NotSentError
from parley.services.deliver_messages import Delivery
from parley.services.patience import BEGIN_SECONDS, LEASE, TOKEN_SECONDS
from parley.store.database import Connection, Database
from tests.support.builders import Cast
from tests.walks.walk import ScriptedSinch, Walk, inbound

LONG = LEASE + timedelta(seconds=1)
HOUR = 3600.0
SEND, TOKEN = "messages:send", "/token"
CONVERSATION: dict[str, Any] = {
    "kind": "integration",
    "name": "shop-whatsapp",
    "api": "sinch_conversation",
    "account": {
        "project_id": "p1", "app_id": "01APPAPPAPPAPPAPPAPPAPPAPP", "key_id": "k", "key_secret": "s",
        "base_url": "https://sinch.test", "auth_url": f"https://auth.test{TOKEN}",
    },
    "limits": {"messages_per_second": None},
}  # fmt: skip
EXPIRED = HttpResponse(401, (("www-authenticate", 'Bearer error="invalid_token", error_description="expired"'),))
"""Of a token that Sinch took for good until now."""


class _StillDatabase(Database):
    """After a claim its worker stands still: only claims work by a connection of their own."""

    def __init__(self, walk: Walk, seconds: float, said: str | None, set_by: float) -> None:
        self._walk = walk
        self._seconds = seconds
        self._said = said
        self._set_by = set_by
        self.steady = 0.0
        """Of the clock that never steps."""

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        async with self._walk.database.connection() as connection:
            yield connection
        self.steady += self._seconds
        self._walk.now += timedelta(seconds=self._seconds + self._set_by)
        await self._walk.delivery.recover()
        if self._said is not None:
            await self._walk.call_back(inbound("421901000001", self._said, self._walk.now))
        self._seconds, self._said, self._set_by = 0, None, 0

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        async with self._walk.database.transaction() as connection:
            yield connection


class SlowSinch(ScriptedSinch):
    """By the Conversation API. While it answers a request to an address that ends so, its caller stands still."""

    def __init__(self, walk: Walk, slow: str, seconds: float) -> None:
        super().__init__()
        self._walk = walk
        self._slow = slow
        self._seconds = seconds
        self.steady = 0.0
        """Of the clock that never steps."""

    async def send(self, request: HttpRequest, timeout: float) -> HttpResponse:  # noqa: ASYNC109  the protocol's word
        answer = await super().send(request, timeout)
        if request.url.endswith(self._slow):
            self.steady += self._seconds
            self._walk.now += timedelta(seconds=self._seconds)
        return answer

    def _accepted(self, request: HttpRequest) -> HttpResponse:
        if request.url.endswith(TOKEN):
            return HttpResponse(200, body=msgspec.json.encode({"access_token": "t", "expires_in": 3600}))
        return HttpResponse(200, body=b'{"message_id": "M-1"}')


async def _sent(walk: Walk, people: Cast, sinch: SlowSinch) -> list[str]:
    """What a worker that stands still while Sinch answers makes of a message."""
    await walk.apply(CONVERSATION)
    await walk.track(people.alice, "back_in_stock", product_url="https://shop.test/p/7")
    await walk.plan()
    worker = Delivery(walk.database, walk.box, sinch, lambda: walk.now, lambda: 0.5, steady=lambda: sinch.steady)
    await worker.step()
    await worker.close()
    return await walk.states(people.alice, "template")


async def _left(walk: Walk, people: Cast) -> list[bool]:
    """Of each state of the message: whether it says when the try left that ended so."""
    events = [one for one in await walk.events(people.alice) if one.get("kind") == "template"]
    return ["sent_timestamp" in one for one in events]


async def _stand_still(walk: Walk, people: Cast, seconds: float, said: str | None = None, set_by: float = 0) -> None:
    """A worker that claimed a message, and what was done and said before it went on; its machine's clock was set."""
    await walk.track(people.alice, "back_in_stock", product_url="https://shop.test/p/7")
    await walk.plan()
    still = _StillDatabase(walk, seconds, said, set_by)
    worker = Delivery(still, walk.box, walk.sinch, lambda: walk.now, lambda: 0.5, steady=lambda: still.steady)
    await worker.step()
    await worker.close()


@pytest.mark.parametrize(
    ("seconds", "between"),
    [(BEGIN_SECONDS + 1, []), (LONG.total_seconds(), ["uncertain"])],
    ids=["a little too long", "a lease"],
)
async def test_it_makes_no_call_and_the_message_leaves_once(
    walk: Walk, people: Cast, seconds: float, between: list[str]
) -> None:
    await _stand_still(walk, people, seconds)
    assert walk.sinch.requests == []
    await walk.later(minutes=1)
    assert len(walk.sinch.bodies()) == 1
    expected = ["queued", *between, "queued", "accepted"]
    assert await walk.states(people.alice, "template") == expected


async def test_a_try_without_a_call_did_not_leave(walk: Walk, people: Cast) -> None:
    await _stand_still(walk, people, BEGIN_SECONDS + 1)
    await walk.later(minutes=1)
    assert await _left(walk, people) == [False, False, True]


async def test_a_moment_is_no_standing_still(walk: Walk, people: Cast) -> None:
    await _stand_still(walk, people, BEGIN_SECONDS - 1)
    assert len(walk.sinch.bodies()) == 1


async def test_a_stop_that_was_said_meanwhile_counts(walk: Walk, people: Cast) -> None:
    await _stand_still(walk, people, LONG.total_seconds(), "STOP")
    await walk.later(minutes=1)
    assert [body for body in walk.sinch.bodies() if body["message"]["type"] == "template"] == []
    assert (await walk.states(people.alice, "template"))[-1] == "refused"


@pytest.mark.parametrize("set_by", [-HOUR, -LONG.total_seconds()], ids=["by an hour", "by as much"])
async def test_it_makes_no_call_though_the_clock_was_set_back_meanwhile(
    walk: Walk, people: Cast, set_by: float
) -> None:
    await _stand_still(walk, people, LONG.total_seconds(), "STOP", set_by)
    await walk.later(seconds=HOUR)
    assert [body for body in walk.sinch.bodies() if body["message"]["type"] == "template"] == []
    assert (await walk.states(people.alice, "template"))[-1] == "refused"


async def test_it_makes_no_call_though_the_steady_clock_slept_with_the_machine(walk: Walk, people: Cast) -> None:
    await _stand_still(walk, people, 0, set_by=LONG.total_seconds())
    assert walk.sinch.requests == []


async def test_it_makes_no_call_when_it_stood_still_while_it_waited_for_its_token(walk: Walk, people: Cast) -> None:
    sinch = SlowSinch(walk, TOKEN, BEGIN_SECONDS + TOKEN_SECONDS + 1)
    assert (await _sent(walk, people, sinch))[-1] == "queued"
    assert sinch.bodies(SEND) == []
    assert await _left(walk, people) == [False, False]


async def test_a_try_whose_token_endpoint_is_not_reached_did_not_leave(walk: Walk, people: Cast) -> None:
    sinch = SlowSinch(walk, TOKEN, 0)
    sinch.script.append(NotSentError("no connection"))
    assert (await _sent(walk, people, sinch))[-1] == "queued"
    assert await _left(walk, people) == [False, False]


async def test_a_token_that_was_only_slow_is_used(walk: Walk, people: Cast) -> None:
    sinch = SlowSinch(walk, TOKEN, BEGIN_SECONDS + TOKEN_SECONDS - 1)
    assert (await _sent(walk, people, sinch))[-1] == "accepted"
    assert len(sinch.bodies(SEND)) == 1


@pytest.mark.parametrize(
    ("seconds", "state", "calls"),
    [(BEGIN_SECONDS + TOKEN_SECONDS - 1, "accepted", 2), (BEGIN_SECONDS + TOKEN_SECONDS + 1, "queued", 1)],
    ids=["in time", "late"],
)
async def test_a_call_whose_token_was_refused_late_is_not_made_again_on_the_old_decision(
    walk: Walk, people: Cast, seconds: float, state: str, calls: int
) -> None:
    sinch = SlowSinch(walk, SEND, seconds)
    token = HttpResponse(200, body=msgspec.json.encode({"access_token": "old", "expires_in": 3600}))
    sinch.script.extend([token, EXPIRED])
    assert (await _sent(walk, people, sinch))[-1] == state
    assert len(sinch.bodies(SEND)) == calls
