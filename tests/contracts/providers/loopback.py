"""Real servers on 127.0.0.1 that end with the test: one speaks HTTP, one does with the socket as it is told."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from ssl import SSLContext

from parley.domain.http import HttpRequest, HttpResponse

Converse = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Answer = Callable[[HttpRequest], Awaitable[HttpResponse]]


@asynccontextmanager
async def socket_server(converse: Converse, ssl: SSLContext | None = None) -> AsyncIterator[str]:
    """Gives `127.0.0.1:port`. `converse` has each connection; it is closed afterwards."""
    talks: set[asyncio.Task[None]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await converse(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client went away, which is its right
        finally:
            writer.close()

    def start(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(talk(reader, writer))
        talks.add(task)
        task.add_done_callback(talks.discard)

    server = await asyncio.start_server(start, "127.0.0.1", 0, ssl=ssl, backlog=1000)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in tuple(talks):
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)


@asynccontextmanager
async def http_server(answer: Answer) -> AsyncIterator[str]:
    """Gives `http://127.0.0.1:port`. Connections are kept open between requests."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            write_answer(writer, await answer(await read_request(reader)))
            await writer.drain()

    async with socket_server(converse) as host:
        yield f"http://{host}"


async def read_request(reader: asyncio.StreamReader) -> HttpRequest:
    """One whole request; `url` is what stood in the request line, header names are as they came."""
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, url, _ = lines[0].split(" ")
    headers = tuple((name, value.strip()) for name, _, value in (line.partition(":") for line in lines[1:] if line))
    length = next((int(value) for name, value in headers if name.lower() == "content-length"), 0)
    return HttpRequest(method, url, headers, await reader.readexactly(length))


def write_answer(writer: asyncio.StreamWriter, answer: HttpResponse) -> None:
    """The answer as bytes, with its length."""
    headers = (*answer.headers, ("Content-Length", str(len(answer.body))))
    head = "".join(f"{name}: {value}\r\n" for name, value in headers)
    writer.write(f"HTTP/1.1 {answer.status} X\r\n{head}\r\n".encode("latin-1") + answer.body)


def header_of(request: HttpRequest, name: str) -> str | None:
    """The first header of that name, in any case."""
    return next((value for key, value in request.headers if key.lower() == name.lower()), None)


def closed_port() -> int:
    """A port on which nobody listens."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
