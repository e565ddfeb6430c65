"""Callbacks out: paced, signed, journalled, retried the way Sinch does (sinch.md 1.8, 2.13)."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal

import msgspec
from pyreqwest.client import Client
from pyreqwest.exceptions import RequestError

from parley_simulator.agenda import Agenda
from parley_simulator.callback_tokens import CallbackTokens, ClientCredentials, NoToken
from parley_simulator.chance import Chance
from parley_simulator.clock import Clock
from parley_simulator.faults import CALLBACK_KINDS, Fault, FaultBook
from parley_simulator.journal import Entry, Journal
from parley_simulator.settings import Settings
from parley_simulator.signatures import Seal, headers_for

# Seconds after the first failure: 5, 10, 20 … 81 920; then Sinch gives up.
RETRY_OFFSETS = tuple(5 * 2**n for n in range(15))
PARALLEL_CEILING = 64
IN_FLIGHT_CEILING = 1_000_000
FORGER = "a key that nobody gave out"
STALE = 86_400  # seconds by which a stale timestamp is off
DUPLICATES_PERCENT = 3.0
DETOUR_SECONDS = 2.0  # how late a shuffled callback is
REPLAY_SECONDS = 3_600.0


Caller = Literal["legacy", "conversation", "provisioning"]


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """One callback on its way. `headers` is empty until it is sealed; `done` resolves when it was tried first."""

    api: Caller
    kind: str
    url: str
    body: bytes
    seal: Seal
    credentials: ClientCredentials | None = None
    number: str = ""
    message_ids: tuple[str, ...] = ()
    states: tuple[str, ...] = ()  # what is told of each of them, if this is a report
    our_id: str = ""
    headers: dict[str, str] = {}
    attempt: int = 0
    first_failed_at: datetime | None = None
    fault: str = ""


class Courier:
    """Delivers parcels. `settings` is asked anew each time, for a knob may have been turned."""

    def __init__(  # noqa: PLR0913, PLR0917 - everything a callback touches, handed in
        self,
        client: Client,
        clock: Clock,
        chance: Chance,
        agenda: Agenda,
        journal: Journal,
        faults: FaultBook,
        settings: Callable[[], Settings],
    ) -> None:
        self._client = client
        self._clock = clock
        self._chance = chance
        self._agenda = agenda
        self._journal = journal
        self._faults = faults
        self._settings = settings
        self._free_at = clock.now()
        self._tokens = CallbackTokens(client, clock)
        self._tasks: set[asyncio.Task[None]] = set()
        self._door = asyncio.Semaphore(PARALLEL_CEILING)
        self.waiting = 0

    @property
    def in_flight(self) -> int:
        """POSTs being made right now."""
        return len(self._tasks)

    def hand_over(self, parcel: Parcel, at: datetime) -> "asyncio.Future[None]":
        """Send a new callback at its due time or later; the future resolves after the first attempt."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        fault = self._faults.take(CALLBACK_KINDS, f"callback.{parcel.api}", (parcel.number,))
        kind = fault.kind if isinstance(fault, Fault) else self._surprise()
        PLANS.get(kind, _plainly)(self, parcel, at, done)
        return done

    def enqueue(self, parcel: Parcel, at: datetime, done: "asyncio.Future[None]") -> None:
        """Take the next slot of the app's callback rate; the other APIs name none."""
        if self.waiting >= IN_FLIGHT_CEILING:
            self._note(parcel, 0, "thrown away: too many callbacks wait")
            resolve(done)
            return
        self.waiting += 1
        if at > self._clock.now():  # its slot is taken when its time has come: those before it must not wait for it
            self._agenda.at(at, lambda due: self._line_up(parcel, due, done))
        else:
            self._line_up(parcel, at, done)

    def sealed(self, parcel: Parcel, at: datetime, *, wrong: bool = False, age: int = 0) -> Parcel:
        """Sign the body as of a time."""
        seal = msgspec.structs.replace(parcel.seal, secret=FORGER) if wrong else parcel.seal
        signed = headers_for(seal, parcel.body, self._chance.ulid(at), int(at.timestamp()) - age)
        return msgspec.structs.replace(parcel, headers=signed)

    def copy_of(self, parcel: Parcel) -> Parcel:
        """To the byte, or with a signature of its own; when calm to the byte."""
        return self._chance.pick((parcel, msgspec.structs.replace(parcel, headers={})))

    def later(self, at: datetime, seconds: float) -> datetime:
        """A scaled pause after a time."""
        return at + self._clock.gap(seconds)

    def clear(self) -> None:
        """Forget what was waiting (the agenda is cleared with it) and what is in the air."""
        self._cancel_all()
        self.waiting = 0
        self._free_at = self._clock.now()
        self._tokens.clear()

    async def stop(self) -> None:
        """Drop what is in the air."""
        self._cancel_all()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _cancel_all(self) -> None:
        for task in self._tasks:
            task.cancel()

    def _surprise(self) -> str:
        if self._chance.happens(DUPLICATES_PERCENT):
            return "duplicate"
        return "shuffle" if self._chance.happens(DUPLICATES_PERCENT) else "plain"

    def _line_up(self, parcel: Parcel, at: datetime, done: "asyncio.Future[None]") -> None:
        self._agenda.at(self._slot(parcel.api, at), lambda due: self._depart(parcel, due, done))

    def _slot(self, api: Caller, at: datetime) -> datetime:
        rate = self._settings().callbacks_per_second
        if api != "conversation" or rate == 0:
            return at
        slot = max(at, self._free_at)
        self._free_at = slot + timedelta(seconds=1 / rate)
        return slot

    def _depart(self, parcel: Parcel, due: datetime, done: "asyncio.Future[None]") -> None:
        self.waiting -= 1
        ready = parcel if parcel.headers else self.sealed(parcel, due)
        task = asyncio.get_running_loop().create_task(self._carry(ready, due))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: resolve(done))

    async def _carry(self, parcel: Parcel, due: datetime) -> None:
        async with self._door:
            status, outcome = await self._post(parcel)
        self._note(parcel, status, outcome)
        if outcome == "retry":
            self._plan_retry(parcel, due)

    async def _post(self, parcel: Parcel) -> tuple[int, str]:
        authorized = await self._authorization(parcel)
        if isinstance(authorized, NoToken):
            return 0, "retry"
        headers = {"content-type": "application/json", **parcel.headers, **authorized}
        deadline = timedelta(seconds=self._settings().callback_timeout_seconds)
        try:
            request = self._client.post(parcel.url).headers(headers).timeout(deadline).body_bytes(parcel.body).build()
            status = (await request.send()).status
        except ValueError:
            return 0, "dropped"  # the address is no address: no retry will change that
        except RequestError:
            return 0, "retry"
        return status, _verdict(status)

    async def _authorization(self, parcel: Parcel) -> dict[str, str] | NoToken:
        if parcel.credentials is None:
            return {}
        bearer = await self._tokens.bearer(parcel.credentials)
        return bearer if isinstance(bearer, NoToken) else {"authorization": f"Bearer {bearer.token}"}

    def _plan_retry(self, parcel: Parcel, due: datetime) -> None:
        first = parcel.first_failed_at or due
        if parcel.attempt >= len(RETRY_OFFSETS):
            return
        again = msgspec.structs.replace(parcel, attempt=parcel.attempt + 1, first_failed_at=first)
        if self._settings().sign_retries_again:
            again = msgspec.structs.replace(again, headers={})
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.enqueue(again, self.later(first, RETRY_OFFSETS[parcel.attempt]), done)

    def _note(self, parcel: Parcel, status: int, outcome: str) -> None:
        self._journal.write(
            Entry(
                seq=0,
                at=self._clock.now(),
                kind="callback",
                api=parcel.api,
                name=parcel.kind,
                method="POST",
                url=parcel.url,
                status=status,
                outcome=outcome,
                our_id=parcel.our_id,
                numbers=(parcel.number,) if parcel.number else (),
                message_ids=parcel.message_ids,
                states=parcel.states,
                body=parcel.body.decode(),
                fault=parcel.fault,
                attempt=parcel.attempt,
            )
        )

    def drop(self, parcel: Parcel, at: datetime, done: "asyncio.Future[None]") -> None:  # noqa: ARG002 - a plan's shape
        """Lose it, and say so in the journal only."""
        self._note(parcel, 0, "lost on purpose")
        resolve(done)


Plan = Callable[[Courier, Parcel, datetime, "asyncio.Future[None]"], None]


def _plainly(courier: Courier, parcel: Parcel, at: datetime, done: "asyncio.Future[None]") -> None:
    courier.enqueue(parcel, at, done)


def _twice(courier: Courier, parcel: Parcel, at: datetime, done: "asyncio.Future[None]") -> None:
    """In parallel, the copy signed alike or anew."""
    first = courier.sealed(msgspec.structs.replace(parcel, fault="duplicate"), at)
    courier.enqueue(first, at, done)
    courier.enqueue(courier.copy_of(first), at, asyncio.get_running_loop().create_future())


def _late(courier: Courier, parcel: Parcel, at: datetime, done: "asyncio.Future[None]") -> None:
    courier.enqueue(msgspec.structs.replace(parcel, fault="shuffle"), courier.later(at, DETOUR_SECONDS), done)


def _badly_signed(courier: Courier, parcel: Parcel, at: datetime, done: "asyncio.Future[None]") -> None:
    forged = courier.sealed(msgspec.structs.replace(parcel, fault="bad_signature"), at, wrong=True)
    courier.enqueue(forged, at, done)


def _stale(courier: Courier, parcel: Parcel, at: datetime, done: "asyncio.Future[None]") -> None:
    old = courier.sealed(msgspec.structs.replace(parcel, fault="stale_timestamp"), at, age=STALE)
    courier.enqueue(old, at, done)


def _replayed(courier: Courier, parcel: Parcel, at: datetime, done: "asyncio.Future[None]") -> None:
    """Much later once more, to the byte."""
    copy = courier.sealed(msgspec.structs.replace(parcel, fault="replay"), at)
    courier.enqueue(copy, at, done)
    courier.enqueue(copy, courier.later(at, REPLAY_SECONDS), asyncio.get_running_loop().create_future())


PLANS: dict[str, Plan] = {
    "drop": Courier.drop,
    "duplicate": _twice,
    "shuffle": _late,
    "bad_signature": _badly_signed,
    "stale_timestamp": _stale,
    "replay": _replayed,
}


def _verdict(status: int) -> str:
    """Any 2xx is done; 5xx and 429 come again; every other answer loses the callback for good."""
    if 200 <= status < 300:
        return "delivered"
    return "retry" if status >= 500 or status == 429 else "dropped"


def resolve(done: "asyncio.Future[None]") -> None:
    """Once is enough."""
    if not done.done():
        done.set_result(None)
