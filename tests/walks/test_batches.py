"""Many callbacks at once are stored together: each is taken as if it had come alone."""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Collection
from datetime import timedelta
from itertools import cycle
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from parley.providers.signature import NotGenuine
from parley.services.callback_doors import Doors, KnownDoor
from parley.services.callback_spool import Arrival
from parley.services.doctor import Releaser, diagnose
from parley.services.read_callbacks import BATCH, FRESH, GIVE_WAY_SECONDS, CallbackReader, read_callbacks
from parley.services.receive_callbacks import (
    Admitted,
    Callback,
    UnknownDoor,
    receive_arrivals,
)
from parley.store.database import Connection
from parley.store.doctor import What
from tests.support.builders import Cast
from tests.walks.walk import LEGACY, Walk, inbound, kept_headers, status

ALICE, STRANGER = "421901000001", "421901999999"


def _signed(body: bytes, secret: str) -> dict[str, str]:
    hashed = hmac.new(secret.encode(), body + b".nonce", hashlib.sha256).digest()
    return {
        "sinch-whatsapp-callback-signature": base64.b64encode(hashed).decode(),
        "sinch-whatsapp-callback-signature-algorithm": "HMAC_SHA_256",
        "sinch-whatsapp-callback-signature-nonce": "nonce",
    }


def _arrival(walk: Walk, told: dict[str, Any] | bytes, secret: str = "shared", token: str | None = None) -> Arrival:
    body = told if isinstance(told, bytes) else msgspec.json.encode(told)
    return Arrival(walk.now, walk.token if token is None else token, kept_headers(_signed(body, secret)), body)


async def _receive(walk: Walk, doors: Doors, *arrivals: Arrival) -> list[type[Admitted]]:
    told = [type(one) for one in await receive_arrivals(walk.database, doors, arrivals, walk.now)]
    while await read_callbacks(walk.database):
        pass
    return told


async def test_each_of_a_batch_is_told_what_it_would_be_told_alone(walk: Walk, people: Cast) -> None:
    await walk.apply({**LEGACY, "signing_secret": "shared"})
    wrote = inbound(ALICE, "CART", walk.now)
    batch = [
        _arrival(walk, wrote),
        _arrival(walk, wrote),
        _arrival(walk, {**wrote, **status("SINCH-9", "sent", walk.now)}),
        _arrival(walk, inbound(ALICE, "forged", walk.now, "IN-2"), "guess"),
        _arrival(walk, inbound(ALICE, "lost", walk.now, "IN-3"), token="nobody"),
        _arrival(walk, b"no JSON"),
        _arrival(walk, inbound(STRANGER, "hello", walk.now, "IN-4")),
    ]
    alone = [type(await walk.judged(one.headers, one.body, one.token)) for one in batch]
    assert await _receive(walk, Doors(walk.box), *batch) == alone
    assert alone == [Callback, Callback, Callback, NotGenuine, UnknownDoor, Callback, Callback]
    assert [one["message"] for one in await walk.events(people.alice)] == ["CART"]
    async with walk.database.connection() as connection:
        assert await connection.fetchval("SELECT array_agg(times_seen ORDER BY times_seen) FROM callbacks") == [
            1, 1, 1, 1,
        ]  # fmt: skip


async def test_what_was_kept_is_read_once_though_several_read_and_doctor_tells_of_it_before(
    walk: Walk, people: Cast
) -> None:
    arrivals = [_arrival(walk, inbound(ALICE, f"{number}", walk.now, f"IN-{number}")) for number in range(500)]
    await receive_arrivals(walk.database, Doors(walk.box), arrivals, walk.now)
    (found,) = await diagnose(walk.database, None, walk.now + timedelta(minutes=2))
    assert (found.what, found.waits_for, found.waiting.count) == (What.CALLBACKS_UNREAD, Releaser.OPERATOR, 500)
    while any(await asyncio.gather(*(read_callbacks(walk.database) for _ in range(3)))):
        pass
    assert sorted((one["message"] for one in await walk.events(people.alice)), key=int) == [
        str(number) for number in range(500)
    ]
    assert await diagnose(walk.database, None, walk.now + timedelta(minutes=2)) == []


async def test_a_definition_that_changes_in_between_is_asked_for_again(walk: Walk, people: Cast) -> None:
    doors = Doors(walk.box)
    await walk.apply({**LEGACY, "signing_secret": "shared"})
    assert await _receive(walk, doors, _arrival(walk, inbound(ALICE, "one", walk.now, "one"))) == [Callback]
    async with walk.database.connection() as connection:
        await connection.execute("UPDATE projects SET definitions_stamp = definitions_stamp + 1")
    forged = _arrival(walk, inbound(ALICE, "forged", walk.now, "forged"), "guess")
    two = _arrival(walk, inbound(ALICE, "two", walk.now, "two"))
    assert await _receive(walk, doors, forged, two) == [NotGenuine, Callback]
    assert [one["message"] for one in await walk.events(people.alice)] == ["one", "two"]


class _Restless(Doors):
    """Whenever somebody has looked, somebody else applies a file."""

    async def find(self, connection: Connection, tokens: Collection[str]) -> dict[str, KnownDoor]:
        found = await super().find(connection, tokens)
        await connection.execute("UPDATE projects SET definitions_stamp = definitions_stamp + 1")
        return found


async def test_definitions_that_change_without_end_hold_up_no_callback(walk: Walk, people: Cast) -> None:
    await walk.apply({**LEGACY, "signing_secret": "shared"})
    forged = _arrival(walk, inbound(ALICE, "forged", walk.now, "forged"), "guess")
    one = _arrival(walk, inbound(ALICE, "one", walk.now, "one"))
    async with asyncio.timeout(10):
        assert await _receive(walk, _Restless(walk.box), forged, one) == [NotGenuine, Callback]
    assert [one["message"] for one in await walk.events(people.alice)] == ["one"]


async def test_a_changed_secret_counts_from_the_next_callback_on(walk: Walk, people: Cast) -> None:
    doors = Doors(walk.box)
    await walk.apply({**LEGACY, "signing_secret": "old"})
    first, second = (_arrival(walk, inbound(ALICE, name, walk.now, name), "old") for name in ("one", "two"))
    assert await _receive(walk, doors, first) == [Callback]
    await walk.apply({**LEGACY, "signing_secret": "new"})
    third = _arrival(walk, inbound(ALICE, "three", walk.now, "three"), "new")
    assert await _receive(walk, doors, second, third) == [NotGenuine, Callback]
    assert [one["message"] for one in await walk.events(people.alice)] == ["one", "three"]


async def test_what_was_remembered_of_a_door_goes_with_it(walk: Walk) -> None:
    doors = Doors(walk.box)
    await walk.apply({**LEGACY, "signing_secret": "shared"})
    one = _arrival(walk, inbound(ALICE, "hello", walk.now))
    assert await _receive(walk, doors, one) == [Callback]
    assert doors.remembered(walk.token) is not None
    async with walk.database.connection() as connection:
        await connection.execute("DELETE FROM definitions")
    assert await _receive(walk, doors, one) == [UnknownDoor]
    assert doors.remembered(walk.token) is None


@pytest.mark.parametrize("passes", [None, FRESH, -timedelta(hours=1)], ids=["rest", "a second", "a clock set back"])
async def test_who_waits_for_an_answer_goes_first_while_what_is_unread_is_fresh(
    walk: Walk, people: Cast, passes: timedelta | None
) -> None:
    arrivals = [_arrival(walk, inbound(ALICE, f"{number}", walk.now, f"IN-{number}")) for number in range(BATCH + 1)]
    await receive_arrivals(walk.database, Doors(walk.box), arrivals, walk.now)
    are_waiting, looks = True, cycle([True, False])  # who got an answer has the next callback a moment later
    reading = asyncio.create_task(
        CallbackReader(walk.database, lambda: walk.now, lambda: are_waiting and next(looks)).run()
    )
    await _until_unread(walk, 1)
    await asyncio.sleep(20 * GIVE_WAY_SECONDS)
    await _until_unread(walk, 1)
    if passes is None:
        are_waiting = False
    else:
        walk.now += passes
    await _until_unread(walk, 0)
    reading.cancel()
    assert len(await walk.events(people.alice)) == BATCH + 1


async def _serve(walk: Walk) -> None:
    while True:
        await read_callbacks(walk.database)


async def _until_unread(walk: Walk, count: int) -> None:
    async with asyncio.timeout(10), walk.database.connection() as connection:
        while await connection.fetchval("SELECT count(*) FROM callbacks_unread") != count:  # noqa: ASYNC110  a table
            await asyncio.sleep(GIVE_WAY_SECONDS)


async def test_only_what_cannot_be_read_is_marked_though_several_servers_read(walk: Walk, people: Cast) -> None:
    """Whoever fails at one must not put the blame on its neighbour, when another server has that one a moment later."""
    words = {f"{number}" for number in range(90)}
    bad = {word for word in words if word.endswith(("2", "5", "8"))}
    async with walk.database.connection() as connection:
        await connection.execute("ALTER TABLE events ADD CHECK (properties ->> 'message' !~ '[258]$')")
    arrivals = [_arrival(walk, inbound(ALICE, word, walk.now, f"IN-{word}")) for word in sorted(words, key=int)]
    await receive_arrivals(walk.database, Doors(walk.box), arrivals, walk.now)
    servers = [asyncio.create_task(_serve(walk)) for _ in range(3)]
    await _until_unread(walk, 0)
    for server in servers:
        server.cancel()
    assert {one["message"] for one in await walk.events(people.alice)} == words - bad
    async with walk.database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM callbacks WHERE unknown > 0") == len(bad)


async def test_no_error_ends_the_reading(walk: Walk, people: Cast) -> None:
    await receive_arrivals(walk.database, Doors(walk.box), [_arrival(walk, inbound(ALICE, "hi", walk.now))], walk.now)
    reader = CallbackReader(walk.database, lambda: walk.now, lambda: False)
    async with walk.database.connection() as connection:
        await connection.execute("ALTER TABLE callbacks RENAME TO gone")
        with capture_logs() as said:
            reading = asyncio.create_task(reader.run())
            async with asyncio.timeout(10):
                while not reading.done() and "callbacks were not read" not in {one["event"] for one in said}:  # noqa: ASYNC110  a log
                    await asyncio.sleep(GIVE_WAY_SECONDS)
        await connection.execute("ALTER TABLE gone RENAME TO callbacks")
    reader.wake()
    await _until_unread(walk, 0)
    reading.cancel()
    assert [one["message"] for one in await walk.events(people.alice)] == ["hi"]
