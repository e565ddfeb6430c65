"""Are callbacks lost while the database is away? They come at an even rate; in the middle PostgreSQL is killed with -9.

    python bench/outage.py [--seconds 60] [--rate 500]

One second with the database, `--seconds` without it, one more with it. They go to `parley serve --workers 0` over HTTP,
signed, each different; the server is given an outside database, so that nobody starts it again but this script. At the
end every one must have been answered with 200 and be in the table `callbacks`, once.
"""

import argparse
import asyncio
import sys
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

import aiohttp
from cryptography.fernet import Fernet

sys.path.insert(0, str(Path(__file__).parents[1]))  # so that the script finds its neighbours however it is started

from parley.store.embedded import embedded_server
from tests.frame.processes import serving
from tests.walks.outage import Outage, message, open_outage, signed

REPLAY_SECONDS = 600
ANSWER_SECONDS = aiohttp.ClientTimeout(total=30)


async def main(seconds: int, rate: int) -> None:
    """Runs it and prints what came of it."""
    key = Fernet.generate_key().decode()
    with TemporaryDirectory() as folder, embedded_server(Path(folder) / "outside") as server:
        async with open_outage(server, Path(folder) / "own", key) as outage:
            variables = {"PARLEY_DATABASE_URL": outage.url, "PARLEY_SECRET_KEY": key}
            async with serving(outage.folder, "--workers", "0", log=None, **variables) as (_, url):
                await _play(outage, url, seconds, rate)


async def _play(outage: Outage, url: str, seconds: int, rate: int) -> None:
    loop = asyncio.get_running_loop()
    posts: list[asyncio.Task[tuple[int, float]]] = []
    async with aiohttp.ClientSession(timeout=ANSWER_SECONDS) as sinch:
        began = loop.time()
        for number in range((seconds + 2) * rate):
            if number == rate:
                outage.kill()
            if number == (seconds + 1) * rate:
                reviving = asyncio.create_task(outage.revive())
            await asyncio.sleep(began + number / rate - loop.time())
            posts.append(asyncio.create_task(_post(sinch, f"{url}/callbacks/sinch/{outage.token}", number)))
        answers = await asyncio.gather(*posts)
        sent_in = loop.time() - began
    await reviving
    back = loop.time()
    await _replayed(outage)
    await _print(outage, answers, sent_in, loop.time() - back)


async def _post(sinch: aiohttp.ClientSession, url: str, number: int) -> tuple[int, float]:
    """Status, and seconds until it came."""
    body, began = message(number), asyncio.get_running_loop().time()
    async with sinch.post(url, headers=signed(body), data=body) as answer:
        await answer.read()
        return answer.status, asyncio.get_running_loop().time() - began


async def _replayed(outage: Outage) -> None:
    for _ in range(REPLAY_SECONDS):
        if not list((outage.folder / "spool").glob("*.spool")):
            return
        await asyncio.sleep(1)
    raise AssertionError("the spool was not replayed in time")


async def _print(outage: Outage, answers: list[tuple[int, float]], sent_in: float, replay: float) -> None:
    async with outage.database.connection() as connection:
        stored = await connection.fetchval("SELECT count(*) FROM callbacks")
    waits = [1000 * wait for _, wait in answers]
    taken = sum(status == 200 for status, _ in answers)
    print(f"sent {len(answers)} in {sent_in:.1f} s, answered 200: {taken}, stored: {stored}, lost: {taken - stored}")
    print(f"answer p50 {median(waits):.1f} ms, p99 {quantiles(waits, n=100)[-1]:.1f} ms, max {max(waits):.0f} ms")
    print(f"replayed within {replay:.0f} s after the database was back", flush=True)
    assert taken == stored == len(answers)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--rate", type=int, default=500)
    asked = parser.parse_args()
    asyncio.run(main(asked.seconds, asked.rate))
