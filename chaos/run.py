"""One run: the stage is set, everything breaks on schedule, everything comes to rest, and the account is made."""

import asyncio
import socket
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import aiohttp
import msgspec
from msgspec import json

from chaos import books
from chaos.account import WAITING, Account, Books, account_of
from chaos.crew import Crew, open_crew
from chaos.later import Later
from chaos.logs import summary
from chaos.schedule import STORM_SECONDS, Kill, Storm, Victim, faults, kills, storms
from chaos.shop import Shop, enrol, launch, open_shop, track
from chaos.sinch import Sinch
from parley.config import Config
from parley.domain.settings import Then
from parley.house import House, open_house
from parley.providers.http import HttpClient
from parley.services.patience import LEASE
from parley.services.turns import IN_FLIGHT
from parley.store.database import AWAY

LOOK_SECONDS = 0.25
STILL_LOOKS = 2
READ_SECONDS = 120
"""For the last callbacks, and for reports that crossed the answer to their send; what is left then is told."""
STUCK_SECONDS = 15.0
"""A kill does not wait longer for its message: nothing may be sent any more because of the kills before it."""
CONTROL_SECONDS = aiohttp.ClientTimeout(total=60)
AGAIN_EVERY = 6
"""Where the rule sends again, one of so many kills waits for that."""
Tell = Callable[[str], None]


class Wanted(msgspec.Struct, frozen=True):
    """What was asked for on the command line."""

    api: str
    messages: int
    kills: int
    seed: int
    by: Literal["campaign", "events"] = "campaign"
    """What plans the messages: a campaign, or an event of each customer that starts a scenario."""
    rule: Then = Then.GIVE_UP
    """What the project does with messages that stay uncertain."""
    mode: str = "CONVERSATION"
    deadline: float = 7200.0
    """Seconds for everything."""
    lease: int = int(LEASE.total_seconds())
    """Seconds, of the processes."""
    spool: int | None = None
    """The most bytes of callbacks that are kept while the database is away; it must be full then. None: the usual."""

    @property
    def late_kills(self) -> int:
        """Of the kills: while messages leave again that the rule has sent again."""
        return self.kills // AGAIN_EVERY if self.rule is Then.RESEND else 0

    @property
    def early_kills(self) -> int:
        """The others: while the messages leave for the first time."""
        return self.kills - self.late_kills


async def run(wanted: Wanted, folder: Path, tell: Tell) -> Account:
    """Raises TimeoutError past the deadline; whatever happens, no process is left."""
    variables = {"PARLEY_LEASE_SECONDS": str(wanted.lease)}
    if wanted.spool is not None:
        variables["PARLEY_SPOOL_BYTES"] = str(wanted.spool)
    opening = open_crew(folder, wanted.seed, wanted.mode, _free_port(), variables)
    async with asyncio.timeout(wanted.deadline), opening as crew:
        account = json.decode(await crew.sinch.start())
        async with aiohttp.ClientSession(timeout=CONTROL_SECONDS) as http:
            sinch = Sinch(http, account["base_url"], wanted.api)
            await sinch.prepare()
            url = (await crew.server.start()).split()[-1]
            await crew.worker.start()
            shop = await open_shop(crew.data_dir, folder / "files", url, wanted.api, account, wanted.rule)
            await sinch.call_back_at(url + shop.callback_path)
            async with open_house(Config(crew.data_dir, None, None)) as house:
                return await Run(wanted, crew, sinch, shop, house, tell).play()


class Run:
    """The parts of one run, at work."""

    def __init__(self, wanted: Wanted, crew: Crew, sinch: Sinch, shop: Shop, house: House, tell: Tell) -> None:
        self._wanted = wanted
        self._crew = crew
        self._sinch = sinch
        self._shop = shop
        self._house = house
        self._tell = tell
        self._began = time.monotonic()
        self._exits: dict[str, int | None] = {}
        self._before: int | None = None

    async def play(self) -> Account:
        """From the first customer to the account."""
        wanted = self._wanted
        await enrol(self._shop, wanted.messages)
        self._say(f"{wanted.messages} customers have opted in")
        await self._sinch.order(faults(wanted.api))
        async with asyncio.TaskGroup() as group:
            group.create_task(self._plan())
            group.create_task(self._strike(kills(wanted.seed, wanted.messages, wanted.early_kills, wanted.lease)))
            group.create_task(self._storm(storms(wanted.seed, wanted.api, wanted.messages)))
        await self._sinch.behave()
        self._say(
            "everything is well again; waits until nothing moves: "
            f"up to {wanted.lease} s for leases to end, and then for what Sinch still tells"
        )
        await self._come_to_rest()
        account = account_of(await self._books())
        return msgspec.structs.replace(account, lines=(*account.lines, *self._kill_lines(), *summary(self._crew.logs)))

    async def _plan(self) -> None:
        if self._wanted.by == "campaign":
            await launch(self._shop)
        else:
            await track(self._shop, self._wanted.messages)

    async def _strike(self, planned: Sequence[Kill]) -> None:
        """A victim that hangs holds up nobody: others are killed meanwhile. But if it is to outlast a statement it must
        not be killed, too.
        """
        async with asyncio.TaskGroup() as hanging:
            for number, kill in enumerate(planned, 1):
                await self._reached(kill.after)
                await asyncio.sleep(kill.pause)
                struck = hanging.create_task(self._crew.strike(kill))
                if not kill.hangs or kill.outlasts_statements:
                    await struck
                so_far = f"accepted {await self._sinch.accepted()} of {self._wanted.messages}"
                self._say(f"{so_far}; {number} of {len(planned)}: {_told(kill)}")

    async def _storm(self, planned: Sequence[Storm]) -> None:
        for storm in planned:
            await self._reached(storm.after)
            await self._sinch.order([storm.fault])
            until = time.monotonic() + STORM_SECONDS
            while await self._sinch.storms() and time.monotonic() < until:  # noqa: ASYNC110  another process
                await asyncio.sleep(LOOK_SECONDS)
            await self._sinch.end_storm()

    async def _reached(self, accepted: int) -> None:
        seen, since = -1, time.monotonic()
        while (now := await self._sinch.accepted()) < accepted and time.monotonic() - since < STUCK_SECONDS:
            if now != seen:
                seen, since = now, time.monotonic()
            await asyncio.sleep(LOOK_SECONDS)

    async def _come_to_rest(self) -> None:
        await self._until_nothing_moves()
        if self._wanted.rule is Then.RESEND:
            await self._send_again_while_it_breaks()
            await self._until_nothing_moves()
        await self._settle_as_if_later()
        await self._until_nothing_moves()
        await self._until_all_is_read_and_joined()
        for program in (self._crew.worker, self._crew.server):
            code = self._exits[program.name] = await program.stop()
            self._say(f"{program.name} was told to stop: {code}")

    async def _send_again_while_it_breaks(self) -> None:
        """As the rule has it. What is uncertain after that is settled once more, and may not be sent again."""
        wanted = self._wanted
        before = self._before = await self._sinch.accepted()
        again = await self._settle_as_if_later(faults(wanted.api))
        self._say(f"the rule has {again} sent again")
        await self._crew.worker.start()
        late = kills(wanted.seed, again, wanted.late_kills, wanted.lease)
        await self._strike([msgspec.structs.replace(kill, after=before + kill.after, pause=0.0) for kill in late])
        await self._sinch.behave()

    async def _until_nothing_moves(self) -> None:
        """Twice in a row, because what Sinch tells may set something going here."""
        still = 0
        while still < STILL_LOOKS:
            await asyncio.sleep(1)
            still = still + 1 if await self._nothing_moves() else 0

    async def _until_all_is_read_and_joined(self) -> None:
        database = self._house.database
        for _ in range(READ_SECONDS):
            if not await books.count_unread(database) and not await books.count_unjoined(database):
                return
            await asyncio.sleep(1)

    async def _nothing_moves(self) -> bool:
        try:
            standing = await books.standing(self._house.database)
            under_way = await books.count_under_way(self._house.database)
        except AWAY:
            return False
        waiting = {state: count for state, count in standing.items() if state in WAITING}
        spooled = len(list((self._crew.data_dir / "spool").glob("*.spool")))
        quiet = await self._sinch.is_quiet()
        self._say(f"waiting: {waiting or 'nothing'}, under way {under_way}, spooled {spooled}, Sinch quiet: {quiet}")
        return not waiting and under_way == 0 and spooled == 0 and quiet

    async def _settle_as_if_later(self, ordered: Sequence[dict[str, Any]] = ()) -> int:
        """What a worker does that starts when leases are over, then when looks and the project's rule are due. Says how
        many the rule settled; what was ordered goes wrong from then on.
        """
        await self._crew.worker.stop()
        async with HttpClient() as wire:
            later = Later(self._house, wire)
            await later.recover()
            await later.look()
            await self._sinch.order(ordered)
            return await later.settle()

    async def _books(self) -> Books:
        database = self._house.database
        return Books(
            api=self._wanted.api,
            customers=self._wanted.messages,
            rows=await books.rows(database),
            callbacks=await books.callback_hashes(database),
            untold=await books.count_untold(database),
            under_way=await books.count_under_way(database),
            early_reports=await books.count_early_reports(database),
            unjoined=await books.count_unjoined(database),
            unread=await books.count_unread(database),
            lost_calls=lost_calls(self._crew.killed, self._crew.hung),
            kills_missed=self._wanted.kills - self._crew.killed.total(),
            exits=self._exits,
            ledger=await self._sinch.ledger(),
            resends=int(self._wanted.rule is Then.RESEND),
            before=self._before,
            spool=self._wanted.spool,
            away=self._crew.killed[Victim.DATABASE],
        )

    def _kill_lines(self) -> list[str]:
        crew = self._crew
        return [
            f"killed with -9  {_counted(crew.killed)}; hung {_counted(crew.hung)}",
            f"simulator       {crew.sinch.usage()}",
            f"took            {self._elapsed():.0f} s",
        ]

    def _elapsed(self) -> float:
        return time.monotonic() - self._began

    def _say(self, sentence: str) -> None:
        self._tell(f"{self._elapsed():6.0f} s  {sentence}")


def lost_calls(killed: Mapping[Victim, int], hung: Mapping[Victim, int]) -> int:
    """Of the worker that was killed, by itself or with its server. Who stands still, or holds up the workers, may let
    leases end.
    """
    return (killed[Victim.WORKER] + killed[Victim.SERVER] + sum(hung.values())) * IN_FLIGHT


def _told(kill: Kill) -> str:
    hangs = f" hangs for {kill.hangs:.0f} s" if kill.hangs else ""
    return f"{kill.victim}{hangs}{'' if kill.wakes else ' is killed'}"


def _counted(struck: Counter[Victim]) -> str:
    return f"{struck.total()}: {', '.join(f'{victim} {struck[victim]}' for victim in Victim)}"


def _free_port() -> int:
    """Fixed for the run: a server that was killed comes back where Sinch calls it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
