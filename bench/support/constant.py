"""The floor of everything that comes in: the server and the framework of Parley, answering a constant.

    python -m bench.support.constant PORT

Started the way `parley serve` starts its own: Granian embedded in the process's loop, a Litestar handler that reads the
body. What Parley takes longer than this is Parley's.
"""

import asyncio
import signal
import sys
from typing import Any

from granian.constants import Interfaces
from granian.server.embed import Server
from litestar import Litestar, Request, Response, post
from litestar.params import FromPath


@post("/callbacks/sinch/{token:str}", status_code=200)
async def take(request: Request[Any, Any, Any], token: FromPath[str]) -> Response[dict[str, bool]]:
    """What the real door answers, without the reason for it."""
    assert token
    assert await request.body()
    return Response({"success": True}, status_code=200)


async def serve(port: int) -> None:
    """Until SIGTERM."""
    app = Litestar([take], openapi_config=None)
    server = Server(
        app, "127.0.0.1", port, interface=Interfaces.ASGI, log_enabled=False, websockets=False, backlog=1024
    )  # fmt: skip
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    serving = asyncio.create_task(server.serve())
    await asyncio.wait([serving, asyncio.create_task(stopping.wait())], return_when=asyncio.FIRST_COMPLETED)
    server.stop()  # type: ignore[no-untyped-call]
    await serving


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
