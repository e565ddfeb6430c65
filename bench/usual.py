"""Is Parley faster than what one usually builds of public parts: a job for each message, in a queue on PostgreSQL?

    python bench/usual.py [--messages 5000] [--rounds 3] [--api sinch_legacy]

One worker of Parley (as outbound.py has it) against one of usual_sender.py by Procrastinate, and one by PgQueuer: the
same client, the same provider that only answers, the same PostgreSQL with fsync, the same request. Parley does all its
work for each message; the usual sender looks whether the customer has opted in, calls, and writes down the provider's
id. The ratio is Parley's to each of them. The bare pump of the same run is told, too.
"""

import argparse
import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # so that the script finds its neighbours however it is started

from bench.support.figures import print_ratio
from bench.support.folders import data_folder
from bench.support.programs import provider
from bench.support.requests import form_of
from bench.support.rounds import pump
from bench.support.shop import Shop, check_accepted, deliver_all, delivery, open_shop, plan
from bench.support.usual_sender import OPEN, Usual, usual_sender
from parley.cli.event_loop import run_to_end
from parley.providers.http import HttpClient

CUSTOMERS = 5000
"""As outbound.py has."""


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
            ours, floor = [], []
            theirs: dict[str, list[float]] = {name: [] for name in usual}
            for _ in range(rounds):
                ours.append(await _by_parley(shop, client, messages))
                for name, sender in usual.items():
                    theirs[name].append(await _by_usual(sender, messages))
                floor.append((await pump(client, form, messages)).per_second)
    for name, rates in theirs.items():
        print_ratio(f"Parley against the usual sender by {name}, {api}", "messages/s", ours, rates)
    for name, rates in (("Parley", ours), *theirs.items()):
        print_ratio(f"{name} against the bare pump", "messages/s", rates, floor)


async def _by_parley(shop: Shop, client: HttpClient, messages: int) -> float:
    planned = await plan(shop, messages)
    worker, started = delivery(shop, client), time.perf_counter()
    await deliver_all(worker)
    seconds = time.perf_counter() - started
    await worker.close()
    await check_accepted(shop, planned)
    return messages / seconds


async def _by_usual(sender: Usual, messages: int) -> float:
    await sender.plan(messages)
    started = time.perf_counter()
    await sender.send_all()
    seconds = time.perf_counter() - started
    await sender.check_accepted()
    return messages / seconds


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--api", choices=("sinch_legacy", "sinch_conversation"), default="sinch_legacy")
    asked = parser.parse_args()
    run_to_end(main(asked.messages, asked.rounds, asked.api))
