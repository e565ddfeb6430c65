"""Is Parley faster than what one usually builds of public parts: a job for each message, in a queue on PostgreSQL?

    python bench/usual.py [--messages 5000] [--rounds 3] [--api sinch_legacy]

One worker of Parley (as outbound.py has it) against usual_sender.py by Procrastinate, and by PgQueuer, each with as
many workers as it is fastest with, in one process: the same client, the same provider that only answers, the same
PostgreSQL with fsync, the same request. Parley does all its work for each message; the usual sender looks whether the
customer has opted in, calls, and writes down the provider's id. The ratio is Parley's to each of them. Told besides:
the ratio of all to the bare pump of the same run, and how busy the processors were.
"""

import argparse
import sys
import time
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # so that the script finds its neighbours however it is started

from bench.support.cpu import Processors
from bench.support.figures import print_busy, print_ratio
from bench.support.folders import data_folder
from bench.support.programs import provider
from bench.support.requests import form_of
from bench.support.rounds import Round, pump
from bench.support.shop import Shop, check_accepted, deliver_all, delivery, open_shop, plan
from bench.support.usual_sender import OPEN, Usual, usual_sender
from parley.cli.event_loop import run_to_end
from parley.providers.http import HttpClient

CUSTOMERS = 5000
"""As outbound.py has."""
PARLEY, PUMP = "Parley", "bare pump"


async def main(messages: int, rounds: int, api: str) -> None:
    """Measures and prints."""
    with data_folder() as folder:
        async with (
            provider() as url,
            open_shop(folder, api, url, CUSTOMERS) as shop,
            HttpClient() as client,
            AsyncExitStack() as stack,
        ):
            form = await form_of(shop, client)
            usual = {
                name: await stack.enter_async_context(
                    usual_sender(name, shop.house.database_url, client, form, CUSTOMERS)
                )
                for name in OPEN
            }
            await _by_parley(shop, client, messages // 10)  # opens connections, fills caches
            for sender in usual.values():
                await _by_usual(sender, messages // 10)
            found: dict[str, list[Round]] = {name: [] for name in (PARLEY, *usual, PUMP)}
            for _ in range(rounds):
                found[PARLEY].append(await _by_parley(shop, client, messages))
                for name, sender in usual.items():
                    found[name].append(await _by_usual(sender, messages))
                found[PUMP].append(await pump(client, form, messages))
    rates = {name: [one.per_second for one in rounds_of_it] for name, rounds_of_it in found.items()}
    for name in usual:
        print_ratio(f"{PARLEY} against the usual sender by {name}, {api}", "messages/s", rates[PARLEY], rates[name])
    for name in (PARLEY, *usual):
        print_ratio(f"{name} against the {PUMP}", "messages/s", rates[name], rates[PUMP])
    print_busy({f"by {name}": [one.busy for one in rounds_of_it] for name, rounds_of_it in found.items()})


async def _by_parley(shop: Shop, client: HttpClient, messages: int) -> Round:
    planned = await plan(shop, messages)
    worker = delivery(shop, client)
    told = await _timed(messages, deliver_all(worker))
    await worker.close()
    await check_accepted(shop, planned)
    return told


async def _by_usual(sender: Usual, messages: int) -> Round:
    await sender.plan(messages)
    told = await _timed(messages, sender.send_all())
    await sender.check_accepted()
    return told


async def _timed(messages: int, sent: Awaitable[None]) -> Round:
    processors, started = Processors(), time.perf_counter()
    await sent
    return Round(messages / (time.perf_counter() - started), processors.busy())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--api", choices=("sinch_legacy", "sinch_conversation"), default="sinch_legacy")
    asked = parser.parse_args()
    run_to_end(main(asked.messages, asked.rounds, asked.api))
