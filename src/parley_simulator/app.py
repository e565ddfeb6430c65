"""All doors of the simulator on one Litestar application."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from litestar import Litestar, Request, Response, Router, get
from litestar.exceptions import MethodNotAllowedException, NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.static_files import create_static_files_router

from parley_simulator.control import answers, handsets, journal, knobs, whatsapp
from parley_simulator.conversation import gate, reports, tokens
from parley_simulator.conversation import routes as conversation
from parley_simulator.conversation.errors import refuse as refusal_of
from parley_simulator.exchange import Answer, open_door
from parley_simulator.legacy import routes as legacy
from parley_simulator.legacy.callbacks import Outbox
from parley_simulator.legacy.errors import refuse as legacy_refusal
from parley_simulator.line import Line
from parley_simulator.provisioning import gate as provisioning_gate
from parley_simulator.provisioning import routes as provisioning
from parley_simulator.provisioning.errors import refuse as provisioning_refusal
from parley_simulator.world import World

PAGE = Path(__file__).parent / "page"

NOTHING_HERE = "There is nothing here"

Nowhere = Callable[[Request[Any, Any, Any], Any], Response[Any]]

WORDS: dict[str, Callable[[World, int], Answer]] = {
    "/whatsapp/": lambda world, status: legacy_refusal(world, status, NOTHING_HERE),
    "/provisioning/": lambda _world, _status: provisioning_refusal("not_found"),
    "/_sim/": lambda _world, status: answers.refused(NOTHING_HERE, status),
}


def build(world: World) -> tuple[Litestar, Line]:
    """The application and its line to WhatsApp."""
    outbox = Outbox(world)
    line = Line(world, {"legacy": outbox.report, "conversation": reports.report})
    control = (*handsets.routes(line, outbox), *knobs.routes(line), *whatsapp.routes(), *journal.routes())
    handlers: list[HTTPRouteHandler | Router] = [
        *open_door(world, legacy.door(), legacy.routes(line)),
        *open_door(world, tokens.door(), tokens.routes()),
        *open_door(world, gate.door(), conversation.routes(line)),
        *open_door(world, provisioning_gate.door(), provisioning.routes()),
        *open_door(world, answers.door(), control),
        _media(world),
        create_static_files_router(path="/", directories=[PAGE], html_mode=True),
    ]
    lost: dict[int | type[Exception], Nowhere] = dict.fromkeys(
        (NotFoundException, MethodNotAllowedException), _nowhere(world)
    )
    return Litestar(handlers, openapi_config=None, exception_handlers=lost), line


def _nowhere(world: World) -> Nowhere:
    """An address that nothing has, or not by this method, is refused in the words of the API it looks like."""

    def refuse(request: Request[Any, Any, Any], _: Any) -> Response[Any]:
        words = (word for prefix, word in WORDS.items() if request.url.path.startswith(prefix))
        refusal = next(words, refusal_of)(world, 404)
        return Response(refusal.body, status_code=refusal.status, media_type=refusal.media_type)

    return refuse


def _media(world: World) -> HTTPRouteHandler:
    @get("/media/{file_id:str}/{name:str}")
    async def media(request: Request[Any, Any, Any]) -> Response[bytes]:
        """A file the customer sent, until it expires."""
        file = world.shelf.find(str(request.path_params["file_id"]), world.now())
        if file is None:
            return Response(b'{"error":"unknown or expired"}', status_code=404, media_type="application/json")
        return Response(file.content, media_type=file.mime_type)

    return media
