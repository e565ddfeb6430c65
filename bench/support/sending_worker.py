"""A worker's sending half, in a process of its own.

    python -m bench.support.sending_worker DATA_DIR [--instant]

Says `ready`, waits for a line, sends until nothing is due, says `done`, and ends when its input closes. With --instant
its provider costs nothing: it answers in the same process, at once.
"""

import os
import sys
from itertools import count
from pathlib import Path

from bench.support.shop import deliver_all
from parley.cli.event_loop import run_to_end
from parley.config import Config
from parley.domain.http import HttpRequest, HttpResponse
from parley.house import open_house
from parley.providers.http import HttpClient, Wire
from parley.services.deliver_messages import Delivery
from parley.wiring import CONNECTIONS


class InstantWire:
    """Takes every message of Sinch's WhatsApp API, under an id of its own."""

    def __init__(self) -> None:
        self._numbers = count(1)

    async def send(self, _: HttpRequest, timeout: float) -> HttpResponse:  # noqa: ASYNC109  the protocol's word
        """At once."""
        assert timeout > 0
        ident = f"01INSTANT{os.getpid():08d}{next(self._numbers):09d}"
        status = f'{{"message_id":"{ident}","recipient":"421901000000","status":"success","state":"queued"}}'
        return HttpResponse(201, (), f'{{"type":"whatsapp","statuses":[{status}]}}'.encode())


async def _main(data_dir: Path, *, instant: bool) -> None:
    if instant:
        await _work(data_dir, InstantWire())
        return
    async with HttpClient(connections=CONNECTIONS) as client:
        await _work(data_dir, client)


async def _work(data_dir: Path, wire: Wire) -> None:
    async with open_house(Config(data_dir, None, None)) as house:
        worker = Delivery(house.database, house.box, wire, house.clock, house.chance)
        print("ready", flush=True)
        while sys.stdin.readline():
            await deliver_all(worker)
            print("done", flush=True)
        await worker.close()


if __name__ == "__main__":
    run_to_end(_main(Path(sys.argv[1]), instant="--instant" in sys.argv[2:]))
