"""The line to WhatsApp: an app's queue drained at its rate, then each message's reports one after another."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

from parley_simulator.fate import FINE, Facts, Step, Verdict, judge, steps
from parley_simulator.faults import FATE_KINDS
from parley_simulator.handsets import window_is_open
from parley_simulator.media import inspect
from parley_simulator.messages import Api, Content, Failure, Message, State
from parley_simulator.whatsapp_account import REACHES
from parley_simulator.world import World

FIRST_REPORT_DEADLINE = 2.0  # real seconds an answer waits for a report that overtakes it
ENDPOINTS: dict[Api, str] = {"legacy": "legacy.messages", "conversation": "conversation.send"}

Report = Callable[[World, Message, State, Failure | None, datetime], "asyncio.Future[None]"]


class Line:
    """Takes accepted messages. `report` tells the shop, in its API's own form, and resolves when it was tried."""

    def __init__(self, world: World, report: dict[Api, Report]) -> None:
        self._world = world
        self._report = report
        self._urgent: deque[Message] = deque()
        self._normal: deque[Message] = deque()
        self._draining = False
        self._tasks: set[asyncio.Task[None]] = set()
        world.on_reset.append(self.clear)

    def __len__(self) -> int:
        return len(self._urgent) + len(self._normal)

    def is_full(self) -> bool:
        """Sinch holds half a million messages for an app (sinch.md 2.4)."""
        return len(self) >= self._world.settings.queue_ceiling

    def put(self, message: Message) -> None:
        """Queue an accepted message. The legacy API names no rate: its messages leave at once."""
        now = self._world.now()
        if message.api == "legacy" or not self._world.settings.drain_per_second:
            self._leave(message, now)
            return
        (self._urgent if message.urgent else self._normal).append(message)
        if not self._draining:
            self._draining = True
            self._world.agenda.at(now, self._drain)

    async def overtake(self, message: Message) -> None:
        """Let the message's first report arrive before the answer that accepts it."""
        now = self._world.now()
        path = self._path(message, self._verdict(message, now))
        told = self._tell(message, path[0], now)
        self._plan(message, path[1:], now)
        with contextlib.suppress(TimeoutError):  # a deaf shop must not hold up its own answer for ever
            await asyncio.wait_for(told, FIRST_REPORT_DEADLINE)

    def clear(self) -> None:
        """Nothing waits."""
        self._urgent.clear()
        self._normal.clear()
        self._draining = False
        for task in self._tasks:
            task.cancel()

    async def stop(self) -> None:
        """Drop the looks at media still under way."""
        self.clear()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _drain(self, due: datetime) -> None:
        queue = self._urgent or self._normal
        self._draining = bool(queue)
        if not queue:
            return
        self._leave(queue.popleft(), due)
        rate = self._world.settings.drain_per_second
        self._world.agenda.at(due + timedelta(seconds=1 / rate if rate else 0), self._drain)

    def _leave(self, message: Message, due: datetime) -> None:
        verdict = self._verdict(message, due)
        media = message.content.media
        if verdict is FINE and media is not None and self._world.settings.check_media:
            task = asyncio.get_running_loop().create_task(self._look_at_media(message, due))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            return
        self._plan(message, self._path(message, verdict), due)

    async def _look_at_media(self, message: Message, due: datetime) -> None:
        media = message.content.media
        found = await inspect(self._world.client, media.url, media.kind) if media is not None else None
        self._plan(message, self._path(message, found or FINE), due)

    def _verdict(self, message: Message, now: datetime) -> Verdict:
        """What goes out is shown as it reads now; to somebody whose window is shut, the sender's tier counts it."""
        facts = self._facts(message, now)
        verdict = judge(facts)
        if verdict is FINE:
            self._show(message)
            if not window_is_open(facts.handset, now):
                self._world.reach.note(message.number, now)
        return verdict

    def _show(self, message: Message) -> None:
        call = message.content.template
        filled = self._world.templates.check(call) if call is not None else message.content
        if isinstance(filled, Content):
            self._world.messages.show(message, filled)

    def _facts(self, message: Message, now: datetime) -> Facts:
        world = self._world
        return Facts(
            message=message,
            handset=world.handsets.find(message.number),
            settings=world.settings,
            templates=world.templates,
            consents=world.consents,
            is_within_tier=world.reach.admits(message.number, REACHES.get(world.account.daily_limit), now),
            now=now,
        )

    def _path(self, message: Message, verdict: Verdict) -> list[Step]:
        world = self._world
        if isinstance(verdict, Failure):
            return [Step(world.chance.between(0.2, 1.5), "failed", verdict)]
        fault = world.faults.take(FATE_KINDS - {"report_first"}, ENDPOINTS[message.api], (message.number,))
        return steps(message, world.handsets.find(message.number), world.settings, world.chance, fault)

    def _plan(self, message: Message, path: list[Step], since: datetime) -> None:
        """Only the next step is planned; it plans the one after it."""
        if not path:
            self._plan_expiry(message)
            return
        due = since + self._world.clock.gap(path[0].seconds)
        self._world.agenda.at(due, lambda at: self._play(message, path, at))

    def _play(self, message: Message, path: list[Step], at: datetime) -> None:
        self._tell(message, path[0], at)
        self._plan(message, path[1:], at)

    def _plan_expiry(self, message: Message) -> None:
        """A phone that never came online lets the message run out of time."""
        if message.expires_at is not None:
            self._world.agenda.at(message.expires_at, lambda at: self._expire(message, at))

    def _expire(self, message: Message, at: datetime) -> None:
        known = self._world.messages.find(message.id)
        if known is not None and known.state == "sent":
            timed_out = Failure("DELIVERY_TIMED_OUT", "The message's time to live is over.")
            self._tell(message, Step(0, "failed", timed_out), at)

    def _tell(self, message: Message, step: Step, at: datetime) -> "asyncio.Future[None]":
        self._world.messages.move(message, step.state, step.reason)
        return self._report[message.api](self._world, message, step.state, step.reason, at)

    def read_now(self, number: str) -> None:
        """The person opens the chat: what was delivered is read, and reported so."""
        for message in self._world.messages.thread(number):
            if message.direction == "out" and message.state == "delivered":
                self._tell(message, Step(0, "read"), self._world.now())
