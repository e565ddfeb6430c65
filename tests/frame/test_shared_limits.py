"""What one account, one person, one portfolio and one project at Sinch bear, two worker processes keep together.

Counted in the simulator's journal, by its own clock.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from itertools import combinations
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
import requests

from parley.policy.pair_rate import BURST, EACH
from parley.queue.bucket import BURST_SECONDS
from tests.frame.processes import HOLD, end, running, serving, until
from tests.frame.shop import KEY, Shop, listeners, open_shop_with, remind, worker
from tests.simulator.desk import Desk, open_desk

WORKERS = 2
SMALL = 40
"""Messages a second: a worker gets permits for a few at a time, so both have a part in everything."""
STALL_SECONDS = 1.0
"""A busy machine may hold up everybody for so long, and then let through together what came meanwhile."""
HARDLY_ANY = 0.001
"""A second: one message leaves, and the next in a quarter of an hour."""
JOURNAL = 20_000
SENDS = ("conversation.send", "legacy.messages")
_NO_LIMITS: dict[str, Any] = {
    "kind": "integration",
    "name": "shop-whatsapp",
    "api": "sinch_conversation",
    "limits": {"messages_per_second": None, "requests_per_second": None},
}


class Arrival(msgspec.Struct, frozen=True):
    """A request to send, as the simulator noted it."""

    at: datetime
    numbers: tuple[str, ...]
    body: str


class Crew:
    """A simulator, a database, a server and two workers that listen."""

    def __init__(self, desk: Desk, folder: Path, database: str, address: str, more: dict[str, Any]) -> None:
        self.desk = desk
        self.folder = folder
        self.data_dir = folder / "own"
        self.database = database
        self.address = address
        self.more = more

    async def open_shop(self, name: str, **limits: Any) -> Shop:
        """A project with the simulator's app as its account: no limits but these, and WhatsApp's for a person."""
        account = {**_NO_LIMITS, "account": self._app(), "limits": _NO_LIMITS["limits"] | limits}
        return await open_shop_with(self.folder / name, self.data_dir, account, **self.more)

    async def open_old_shop(self, name: str, **limits: Any) -> Shop:
        """A project with the simulator's bot as its account."""
        bot = self.desk.legacy
        at = {"base_url": self.desk.url, "account": bot["bot_id"], "bearer_token": bot["bearer_token"]}
        account = {**_NO_LIMITS, "api": "sinch_legacy", "account": at, "limits": _NO_LIMITS["limits"] | limits}
        return await open_shop_with(self.folder / name, self.data_dir, account, **self.more)

    def hold(self, shops: Sequence[Shop]) -> None:
        """As if the provider had asked their senders to slow down, for a long time."""
        with psycopg.connect(self.database) as connection:
            connection.execute(
                "INSERT INTO holds (project_id, sender, code, sentence, times, since, until) "
                "SELECT id, %s, 'rate_limited', '', 1, now(), now() + interval '1 hour' "
                "FROM projects WHERE token = ANY(%s)",
                [_NO_LIMITS["name"], [token for token, _ in shops]],
            )

    def let_go(self) -> None:
        """All in one moment."""
        with psycopg.connect(self.database) as connection:
            connection.execute("DELETE FROM holds")
            connection.execute("NOTIFY parley_work")

    async def remind(self, shop: Shop, customers: Sequence[int]) -> None:
        await asyncio.to_thread(remind, self.address, shop, customers)

    def states(self, shop: Shop) -> Counter[tuple[str, str | None]]:
        """How many of the project's messages stand at each, and why."""
        with psycopg.connect(self.database) as connection:
            rows = connection.execute(
                "SELECT m.state, CASE WHEN m.state = 'planned' THEN m.outcome_code END FROM messages m "
                "JOIN projects p ON p.id = m.project_id WHERE p.token = %s",
                [shop[0]],
            )
            return Counter((state, code) for state, code in rows)

    def arrivals(self, customers: Sequence[int]) -> list[Arrival]:
        """Requests to write to them, in the order in which they came. Each was accepted."""
        told = self.desk.sim(f"journal?kind=request&limit={JOURNAL}")["entries"]
        numbers = {phone(number) for number in customers}
        sends = [one for one in told if one["name"] in SENDS and numbers & {*one["numbers"]}]
        assert {one["outcome"] for one in sends} <= {"accepted"}
        return sorted((msgspec.convert(one, Arrival) for one in sends), key=lambda one: one.at)

    def _app(self) -> dict[str, Any]:
        keys = {name: self.desk.app[name] for name in ("project_id", "app_id", "key_id", "key_secret")}
        return {"base_url": self.desk.url, "auth_url": f"{self.desk.url}/oauth2/token", **keys}


def phone(customer: int) -> str:
    """As tests.frame.shop gives it."""
    return f"421901{customer:06}"


@pytest.fixture(scope="module")
async def crew(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Crew]:
    folder = tmp_path_factory.mktemp("crew")
    with open_desk("--chaos", "off") as desk:
        desk.sim("settings", {"requests_per_second": 0, "drain_per_second": 0})
        async with AsyncExitStack() as stack:
            _, database = await stack.enter_async_context(running("-c", HOLD, str(folder / "held")))
            more: dict[str, Any] = {"PARLEY_DATABASE_URL": database, "PARLEY_SECRET_KEY": KEY}
            _, address = await stack.enter_async_context(serving(folder / "own", "--workers", "0", **more))
            workers = [await stack.enter_async_context(worker(folder / "own", more)) for _ in range(WORKERS)]
            await until(lambda: listeners(database) == WORKERS, "both are at work")
            yield Crew(desk, folder, database, address, more)
            for process in workers:
                assert await end(process) == 0


def most_in(times: Sequence[datetime], seconds: float) -> int:
    """The most of any span that long."""
    return max(sum(0 <= (other - at).total_seconds() < seconds for other in times) for at in times)


async def test_one_account_writes_to_one_person_no_more_often_than_whatsapp_takes(crew: Crew) -> None:
    person, wanted = 1_000, 3 * BURST
    shop = await crew.open_shop("pair", messages_per_second=SMALL)
    await crew.remind(shop, [person])
    await asyncio.to_thread(remind_again, crew.address, shop, person, wanted - 1)

    def all_decided() -> bool:
        standing = crew.states(shop)
        return standing["accepted", None] + standing["planned", "pair_rate"] == wanted

    await until(all_decided, "a burst is accepted, and the others wait")
    times = [one.at for one in crew.arrivals([person])]
    assert len(times) >= BURST
    for first, last in combinations(range(len(times)), 2):
        paid = (times[last] - times[first]).total_seconds() + STALL_SECONDS
        assert last - first + 1 <= BURST + 1 + paid / EACH.total_seconds()


def remind_again(address: str, shop: Shop, customer: int, times: int) -> None:
    """The same customer, once more and once more."""
    token, key = shop
    ids = {"registered": f"c{customer}"}
    events = [{"customer_ids": ids, "event_type": "remind", "properties": {"number": one}} for one in range(times)]
    for start in range(0, times, 50):
        commands = [{"name": "customers/events", "data": one} for one in events[start : start + 50]]
        body = {"commands": commands}
        answer = requests.post(f"{address}/track/v2/projects/{token}/batch", json=body, auth=key, timeout=30)
        assert answer.json()["success"], answer.text


async def test_one_portfolio_reaches_no_more_people_than_its_tier(crew: Crew) -> None:
    tier, each = 30, 40
    names = ("tier-one", "tier-two")
    shops = [await crew.open_shop(name, messages_per_second=SMALL, tier=tier, portfolio="P") for name in names]
    strangers = [range(2_000, 2_000 + each), range(2_500, 2_500 + each)]
    for shop, people in zip(shops, strangers, strict=True):
        await crew.remind(shop, people)

    def all_decided() -> bool:
        standing = crew.states(shops[0]) + crew.states(shops[1])
        return standing["accepted", None] + standing["planned", "recipient_tier"] == 2 * each

    await until(all_decided, "everybody was written to, or waits for a place")
    reached = {number for one in crew.arrivals([*strangers[0], *strangers[1]]) for number in one.numbers}
    assert len(reached) == tier


async def test_projects_that_share_one_at_the_provider_share_its_requests_evenly(crew: Crew) -> None:
    rate, each = 20, 60
    shops = [await crew.open_shop(name, requests_per_second=rate) for name in ("requests-one", "requests-two")]
    customers = [range(3_000, 3_000 + each), range(3_500, 3_500 + each)]
    crew.hold(shops)
    for shop, people in zip(shops, customers, strict=True):
        await crew.remind(shop, people)
    await until(lambda: all(crew.states(shop) == {("queued", None): each} for shop in shops), "all wait")
    crew.let_go()
    await until(lambda: all(crew.states(shop) == {("accepted", None): each} for shop in shops), "all are accepted")

    arrivals = crew.arrivals([*customers[0], *customers[1]])
    times, burst = [one.at for one in arrivals], rate * BURST_SECONDS
    assert len(times) == 2 * each
    assert (times[-1] - times[0]).total_seconds() > (len(times) - burst) / rate - STALL_SECONDS
    assert most_in(times, 2.0) <= burst + rate * (2.0 + STALL_SECONDS)
    of_the_first = {phone(number) for number in customers[0]}
    in_the_first_half = sum(one.numbers[0] in of_the_first for one in arrivals[:each])
    assert each / 4 <= in_the_first_half <= each * 3 / 4, "neither waits until the other has sent all"


async def test_a_throttled_sender_delays_no_other(crew: Crew) -> None:
    slow = await crew.open_old_shop("slow", messages_per_second=HARDLY_ANY)
    free = await crew.open_shop("free")
    await crew.remind(slow, range(4_000, 4_080))
    await crew.remind(free, range(4_500, 4_560))
    await until(lambda: crew.states(free) == {("accepted", None): 60}, "all of the other's are accepted")
    assert len(crew.arrivals(range(4_000, 4_080))) <= 1
