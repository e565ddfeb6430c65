"""Starting the simulator: `python -m parley_simulator`, or `run(options)` from another command."""

import argparse
import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Literal

import msgspec
from granian.constants import Interfaces
from granian.server.embed import Server
from pyreqwest.client import ClientBuilder

from parley_simulator.accounts import Region
from parley_simulator.app import build
from parley_simulator.chance import Chance
from parley_simulator.clock import FASTEST, Clock, machine_time
from parley_simulator.control.knobs import NewTarget, add_webhook
from parley_simulator.settings import Mode
from parley_simulator.world import World

CONNECT_SECONDS = 5
READY_SECONDS = 30
KNOCK_SECONDS = 0.01


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How to start. `port` 0 picks a free one; `chaos` few shows Sinch's surprises, off none."""

    host: str = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 0
    json: bool = False
    seed: int = 1
    chaos: Literal["off", "few"] = "few"
    speed: Annotated[float, msgspec.Meta(gt=0, le=FASTEST)] = 1.0
    delays: Annotated[float, msgspec.Meta(ge=0, le=FASTEST)] = 1.0
    region: Region = "eu"
    mode: Mode = "DISPATCH"
    webhooks: tuple[str, ...] = ()
    legacy_callback: str = ""


def main() -> None:
    """The command line."""
    run(parse(sys.argv[1:]))
    # The threads of granian and pyreqwest outlive the loop; when one of them wakes while the interpreter is being
    # taken down, Rust aborts the process. All our own work is done and told: leave without the taking down.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def run(options: Options) -> None:
    """Serve until SIGTERM or SIGINT. A process of its own should leave as `main` does."""
    asyncio.run(serve(options))


async def serve(options: Options) -> None:
    """Serve until asked to stop, then leave nothing running."""
    clock = Clock(machine_time(), speed=options.speed, delays=options.delays)
    chance = Chance(options.seed, calm=options.chaos == "off")
    async with ClientBuilder().connect_timeout(timedelta(seconds=CONNECT_SECONDS)).no_proxy().build() as client:
        world = World(clock, chance, client, options.region)
        _prepare(world, options)
        await _serve(world, options)


def _prepare(world: World, options: Options) -> None:
    world.settings = msgspec.structs.replace(world.settings, mode=options.mode)
    world.bot = msgspec.structs.replace(world.bot, callback_url=options.legacy_callback)
    for url in options.webhooks:
        add_webhook(world, NewTarget(url=url))
    world.remember_start()


async def _serve(world: World, options: Options) -> None:
    port = _port(options.host, options.port)
    world.base_url = f"http://{options.host}:{port}"
    app, line = build(world)
    server = Server(app, options.host, port, interface=Interfaces.ASGI, log_enabled=False, websockets=False)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # Windows has no signal handlers on a loop
            loop.add_signal_handler(number, server.stop)
    playing = loop.create_task(world.agenda.play())
    announcing = loop.create_task(_announce_when_heard(world, options, port))
    stop: Callable[[], None] = server.stop
    playing.add_done_callback(lambda _: stop())  # a simulator whose time stands still must not go on
    try:
        await server.serve()
    finally:
        playing.cancel()
        announcing.cancel()
        ended = await asyncio.gather(playing, announcing, line.stop(), world.courier.stop(), return_exceptions=True)
    for error in ended:
        if isinstance(error, Exception):
            raise error


async def _announce_when_heard(world: World, options: Options, port: int) -> None:
    """Granian tells nobody when it listens: knock until somebody opens."""
    async with asyncio.timeout(READY_SECONDS):
        while not await _opens(options.host, port):  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(KNOCK_SECONDS)
    _announce(world, as_json=options.json)


async def _opens(host: str, port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True


def _port(host: str, wanted: int) -> int:
    """Asked here: the server would share a port with another simulator, and requests would go to either."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, wanted))
        except OSError as error:
            sys.exit(f"{host}:{wanted} cannot be served on ({error.strerror}). Choose another with --port.")
        port: int = probe.getsockname()[1]
        return port


def credentials(world: World) -> dict[str, object]:
    """What a caller needs to know; the only place where the secrets are told."""
    app = world.app
    return {
        "base_url": world.base_url,
        "legacy": {"bot_id": world.bot.bot_id, "bearer_token": world.bot.bearer_token},
        "conversation": {
            "project_id": app.project_id,
            "app_id": app.app_id,
            "key_id": app.key_id,
            "key_secret": app.key_secret,
            "webhook_secret": app.webhook_secret,
        },
    }


def _announce(world: World, *, as_json: bool) -> None:
    told = credentials(world)
    if as_json:
        text = msgspec.json.encode(told).decode()
    else:
        text = f"A Sinch on your desk: {world.base_url}/\n{msgspec.json.format(msgspec.json.encode(told)).decode()}"
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def parse(arguments: list[str]) -> Options:
    """Options from words; leaves with a usage line when they make no sense."""
    usage = "parley simulator [OPTION …]   --help tells them"
    parser = argparse.ArgumentParser(prog="parley simulator", usage=usage, description="A Sinch on your desk.")
    defaults = Options()
    parser.add_argument("--host", default=defaults.host, help="address to listen on")
    parser.add_argument("--port", type=_whole_number, default=defaults.port, help="0 picks a free one")
    parser.add_argument("--json", action="store_true", help="one line of JSON when ready")
    parser.add_argument("--seed", type=_whole_number, default=defaults.seed, help="same seed: same keys, same dice")
    parser.add_argument(
        "--chaos",
        choices=("off", "few"),
        default=defaults.chaos,
        help="few: a few per cent of what the real one does wrong; off: no surprises",
    )
    parser.add_argument("--speed", type=_number, default=defaults.speed, help="virtual seconds per second")
    parser.add_argument("--delays", type=_number, default=defaults.delays, help="scale of all pauses")
    parser.add_argument(
        "--region", choices=("eu", "us", "br"), default=defaults.region, help="other regions answer 401 or 404"
    )
    parser.add_argument(
        "--mode", choices=("DISPATCH", "CONVERSATION"), default=defaults.mode, help="the app's processing mode"
    )
    parser.add_argument(
        "--webhook",
        dest="webhooks",
        action="append",
        default=[],
        metavar="URL",
        help="where Conversation callbacks go; may be given again",
    )
    parser.add_argument(
        "--legacy-callback", default=defaults.legacy_callback, metavar="URL", help="where legacy callbacks go"
    )
    given = vars(parser.parse_args(arguments))
    try:
        return msgspec.convert(given, Options)
    except msgspec.ValidationError as error:
        parser.error(_must_be(given, error))


def _whole_number(word: str) -> int:
    try:
        return int(word)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"must be a whole number; it is {word}") from error


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"must be a number; it is {word}") from error


def _must_be(given: dict[str, object], error: msgspec.ValidationError) -> str:
    """`--speed must be more than 0.0; it is -1.0`"""
    said, _, name = str(error).rstrip("`").partition(" - at `$.")
    _, bound, limit = said.rsplit(" ", 2)
    return f"--{name.replace('_', '-')} must be {_BOUNDS[bound]} {limit}; it is {given[name]}"


_BOUNDS = {">=": "at least", "<=": "at most", ">": "more than", "<": "less than"}
