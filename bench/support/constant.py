"""The floor of everything that comes in: the server of Parley, answering a constant.

    python -m bench.support.constant PORT

Started the way `parley serve` starts its own: Granian embedded in the process's loop, and, as for Parley's own door for
callbacks, an ASGI application without a framework that reads the body. What Parley takes longer than this is Parley's.
"""

import asyncio
import signal
import sys
from typing import Any

from granian.constants import Interfaces
from granian.server.embed import Server

from parley.cli.event_loop import run_to_end

_START = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]}
_BODY = {"type": "http.response.body", "body": b'{"success":true}', "more_body": False}


async def answer(scope: Any, receive: Any, send: Any) -> None:
    """What the real door answers, without the reason for it."""
    assert scope["type"] == "http"
    while (await receive()).get("more_body"):
        pass
    await send(_START)
    await send(_BODY)


async def serve(port: int) -> None:
    """Until SIGTERM."""
    server = Server(
        answer, "127.0.0.1", port, interface=Interfaces.ASGINL, log_enabled=False, websockets=False, backlog=1024
    )  # fmt: skip
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    serving = asyncio.create_task(server.serve())
    await asyncio.wait([serving, asyncio.create_task(stopping.wait())], return_when=asyncio.FIRST_COMPLETED)
    server.stop()  # type: ignore[no-untyped-call]
    await serving


if __name__ == "__main__":
    run_to_end(serve(int(sys.argv[1])))
