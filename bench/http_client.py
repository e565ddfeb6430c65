"""How fast can one process send? The client we use against aiohttp, on the same loopback server, in the same run.

    python -m bench.http_client [seconds per round]

Prints requests per second at 1, 20 and 100 connections with the processor time of the sending process for one request,
each the median of three rounds that alternate between the two clients, and the ratio. The request is a text message of
Sinch's Conversation API; the answer is its 200. Needs `aiohttp`, which the product itself does not.
"""

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import aiohttp
import uvloop

from parley.domain.http import HttpRequest
from parley.providers.http import HttpClient

ROUNDS = 3
CONNECTIONS = (1, 20, 100)
READY_WITHIN = 10.0

BODY = (
    b'{"app_id":"01APP","recipient":{"identified_by":{"channel_identities":[{"channel":"WHATSAPP","identity":'
    b'"421900000001"}]}},"message":{"text_message":{"text":"Your cart is waiting: https://shop.example/cart"}},'
    b'"message_metadata":"0197f6a0-0000-7000-8000-000000000000","correlation_id":"0197f6a0-0000-7000-8000-000000000000"}'
)
ANSWER = b'{"message_id":"01HZZZZZZZZZZZZZZZZZZZZZZZ","accepted_time":"2026-05-01T10:00:00.123456Z"}'
HEADERS = (("authorization", "Bearer " + "x" * 800), ("content-type", "application/json"))


class Rate(NamedTuple):
    """What one round gave."""

    per_second: float
    cpu_micros: float
    """Processor time of this process for one request, all threads; the server is another process."""


Send = Callable[[], Awaitable[int]]
"""Sends one request and gives the length of the answer."""


async def answer(_scope: Any, protocol: Any) -> None:
    """The server: reads the body, answers as Sinch does."""
    await protocol()
    protocol.response_bytes(200, [("content-type", "application/json")], ANSWER)


async def main(seconds: float) -> None:
    """Starts the server, measures, prints, stops the server."""
    port = _free_port()
    server = subprocess.Popen(_server_command(port), stdout=subprocess.DEVNULL)  # noqa: ASYNC220, S603  our own command
    try:
        await _until_ready(port)
        for connections in CONNECTIONS:
            await _compare(f"http://127.0.0.1:{port}/v1/projects/p/messages:send", connections, seconds)
    finally:
        server.terminate()
        server.wait(READY_WITHIN)


async def _compare(url: str, connections: int, seconds: float) -> None:
    ours, theirs = [], []
    for _ in range(ROUNDS):
        async with _parley(url, connections) as send:
            ours.append(await _rate(send, connections, seconds))
        async with _aiohttp(url, connections) as send:
            theirs.append(await _rate(send, connections, seconds))
    mine, other = sorted(ours)[ROUNDS // 2], sorted(theirs)[ROUNDS // 2]
    ratio = mine.per_second / other.per_second
    print(
        f"{connections:>4} connections: parley {_words(mine)}  aiohttp {_words(other)}  ratio {ratio:.2f}", flush=True
    )


def _words(rate: Rate) -> str:
    return f"{rate.per_second:>7,.0f}/s {rate.cpu_micros:>4.0f} us cpu"


@asynccontextmanager
async def _parley(url: str, connections: int) -> Any:
    request = HttpRequest("POST", url, HEADERS, BODY)
    async with HttpClient(connections=connections) as client:

        async def send() -> int:
            return len((await client.send(request, 10)).body)

        yield send


@asynccontextmanager
async def _aiohttp(url: str, connections: int) -> Any:
    connector = aiohttp.TCPConnector(limit=connections)
    timeout = aiohttp.ClientTimeout(total=10)
    headers = dict(HEADERS)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:

        async def send() -> int:
            async with session.post(url, data=BODY, headers=headers, allow_redirects=False) as response:
                return len(await response.read())

        yield send


async def _rate(send: Send, connections: int, seconds: float) -> Rate:
    await asyncio.gather(*(_check(send) for _ in range(connections)))  # opens the connections
    started, cpu = time.perf_counter(), time.process_time()
    counts = await asyncio.gather(*(_send_until(send, started + seconds) for _ in range(connections)))
    sent = sum(counts)
    return Rate(sent / (time.perf_counter() - started), (time.process_time() - cpu) / sent * 1e6)


async def _send_until(send: Send, deadline: float) -> int:
    sent = 0
    while time.perf_counter() < deadline:
        await _check(send)
        sent += 1
    return sent


async def _check(send: Send) -> None:
    assert await send() == len(ANSWER)


async def _until_ready(port: int) -> None:
    async with asyncio.timeout(READY_WITHIN):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _server_command(port: int) -> list[str]:
    options = ["--interface", "rsgi", "--host", "127.0.0.1", "--port", str(port), "--workers", "1", "--no-log"]
    return [sys.executable, "-m", "granian", *options, "bench.http_client:answer"]


if __name__ == "__main__":
    uvloop.run(main(float(sys.argv[1]) if len(sys.argv) > 1 else 3.0))
