"""Messages leave: claimed and judged again in one transaction, called with none open, recorded in another.

A claim ends as *sending* with a lease before the first byte goes out. Whatever then happens to this process, the
message is found again: by its outcome, by a delivery report, or by its lease, as *uncertain*; it is never sent again by
itself.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

import msgspec
import structlog

from parley.domain.clock import Clock
from parley.domain.http import HttpResponse
from parley.domain.message import Accepted, Kind, NotAccepted, Outcome, Remedy, State
from parley.presets import RenderedRequest, Renderer, meaning, shipped
from parley.providers.http import NotSentError, UnansweredError, Wire
from parley.providers.oauth2 import Credentials, LastLook, TokenSource
from parley.queue.backoff import delay
from parley.queue.steady import steady_clock, steady_seconds
from parley.services.claim_messages import Call, Claim, UnansweredClaimError, claim_messages
from parley.services.holding import AWAY, News, Silence, hold_by, pair_by
from parley.services.move_messages import Change, move_messages
from parley.services.patience import USUAL, Patience
from parley.services.record_outcomes import Outcomes, Recorder
from parley.services.secret_box import SecretBox
from parley.services.stopping import STOPPING, stop_by
from parley.services.turns import IN_FLIGHT, Outlook, Turns
from parley.store.database import Database, is_away
from parley.store.messages import MessageRow, lost_in_flight, still_claimed
from parley.store.stops import Stop

ATTEMPTS = 16
"""A message that meets so many passing faults (in half an hour, or as long as the provider asks) has failed. However
often it waits, for a provider that is away, say, it has not.
"""
_NOT_TO_A_CUSTOMER = frozenset({Kind.CONSENT, Kind.WEBHOOK})
"""These do not wait for a server that is away, but are tried as after a fault: templates wait for an upload."""
ENDED_AT_ONCE = 500
"""Leases."""
CLOCKS_APART = timedelta(seconds=5)
"""A lease of another machine, whose clock is ahead by less, is not taken for one from before the clock was set back."""
END_SECONDS = 3.0
"""For the last look of a worker that is told to end."""
CROWD = IN_FLIGHT * 3 // 4
"""A claim costs its statements and its commit however many messages it takes: while more calls than these are under
way, the next claim waits for room ..."""
CROWD_SECONDS = 0.05
"""... but not for long: calls to a slow server must not hold up the others."""


class NotLeft(NotAccepted, frozen=True, tag="not_left"):
    """No call was begun, or only one whose access token was refused as expired."""


STOOD_STILL = NotLeft(
    "stood_still",
    "The worker stood still after it had taken the message for sending, or the provider was late to refuse its access "
    "token, so it was not sent. It is decided anew.",
    Remedy.WAIT,
)


class Delivery:
    """One process's share of sending. `step` belongs in a Loop; `close` finishes what is in flight."""

    def __init__(  # noqa: PLR0913  what it works with, handed in
        self,
        database: Database,
        box: SecretBox,
        wire: Wire,
        clock: Clock,
        chance: Callable[[], float],
        patience: Patience = USUAL,
        *,
        steady: Callable[[], float] = steady_seconds,
    ) -> None:
        self._database = database
        self._box = box
        self._wire = wire
        self._clock = clock
        self._chance = chance
        self._patience = patience
        self._begin_seconds = patience.begin_seconds
        self._token_by_seconds = patience.begin_seconds + patience.token_seconds
        self._steady = steady
        self._tokens = TokenSource(wire, steady_clock, chance)
        self._renderer = Renderer()
        self._silence = Silence()
        self._recorder = Recorder(database, clock, chance, patience.record_seconds)
        self._turns = Turns(steady=steady)
        self._woken = asyncio.Event()
        self._crowd_is_gone = asyncio.Event()
        self._calls: set[asyncio.Task[None]] = set()
        self._unanswered: list[Claim] = []
        """Claims of which nobody knows whether they count."""
        self._over: list[Claim] = []
        """Those that were looked for after their lease."""
        self._log = structlog.get_logger()

    async def step(self) -> int:
        """Claims what there is room for and starts the calls; 0 when nothing is due."""
        self._recorder.begin()
        await self._wait_for_room()
        self._woken.clear()
        claimed_at = self._steady()
        calls, taken = await self._claim()
        for call in calls:
            self._begin(call, claimed_at)
        outlook = self._turns.outlook(taken)
        if outlook is Outlook.NOT_YET:
            await self._wait()
        return 0 if outlook is Outlook.NOTHING else max(1, taken)

    def wake(self) -> None:
        """Something may be due now, or there is room for more."""
        self._woken.set()

    async def recover(self) -> int:
        """Messages whose worker vanished become uncertain, those that this one claimed without an answer go back to the
        queue; says how many were lost. A loop of its own, and two transactions: nothing may hold up the end of a lease.
        """
        now = self._clock()
        try:
            await self._put_back(now)
        finally:
            lost = await self._end_leases(now)
        return lost

    async def _end_leases(self, now: datetime) -> int:
        async with self._database.transaction() as connection:
            lost = await lost_in_flight(connection, ENDED_AT_ONCE, now, now + self._patience.lease + CLOCKS_APART)
            sentence = "The process that was sending it vanished before it could record what the provider said."
            changes = [Change(ident, State.UNCERTAIN, now, code="lost_in_flight", sentence=sentence) for ident in lost]
            await move_messages(connection, changes, now)
        return len(lost)

    async def finish(self) -> None:
        """Waits for the calls under way and records them."""
        await asyncio.gather(*self._calls, return_exceptions=True)
        await self._recorder.finish()

    async def close(self) -> None:
        """Finishes, looks once more for claims without an answer, and stops recording."""
        await self.finish()
        await self._put_back_at_the_end()
        await self._recorder.close()

    async def _claim(self) -> tuple[list[Call], int]:
        try:
            return await claim_messages(
                self._database, self._box, self._renderer, self._turns, self._clock(), self._patience.lease
            )
        except UnansweredClaimError as error:
            self._unanswered.append(error.claim)
            raise

    async def _put_back(self, now: datetime) -> None:
        """A claim may still come to count: its commit may be on the way until a database that hung goes on. So it is
        looked for until its lease is over, then, and once more.
        """
        looked_for = tuple(self._unanswered)
        if not looked_for:
            return
        async with self._database.transaction() as connection:
            for claim in looked_for:
                ids = await still_claimed(connection, [row.id for row in claim.messages], claim.left_at)
                changes = [_not_begun(row, now) for row in claim.messages if row.id in ids]
                await move_messages(connection, changes, now)
        self._unanswered = [claim for claim in self._unanswered if claim not in self._over]
        self._over = [claim for claim in looked_for if claim.lease_until <= now]

    async def _put_back_at_the_end(self) -> None:
        try:
            async with asyncio.timeout(END_SECONDS):
                await self._put_back(self._clock())
        except Exception as error:  # noqa: BLE001  they become uncertain, and are not sent twice: the process must end
            told = {"claims": len(self._unanswered), "error": repr(error)}
            self._log.error("claims without an answer were not put back", exc_info=not is_away(error), **told)

    def _begin(self, call: Call, claimed_at: float) -> None:
        self._turns.begin(call.lane)
        task = asyncio.create_task(self._carry(call, claimed_at))
        self._calls.add(task)
        task.add_done_callback(lambda _: self._end(call, task))

    def _end(self, call: Call, task: asyncio.Task[None]) -> None:
        self._calls.discard(task)
        self._turns.end(call.lane)
        if len(self._calls) <= CROWD:
            self._crowd_is_gone.set()
        self.wake()

    async def _wait_for_room(self) -> None:
        if len(self._calls) > CROWD:
            self._crowd_is_gone.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._crowd_is_gone.wait(), CROWD_SECONDS)

    async def _wait(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), self._turns.patience)

    async def _carry(self, call: Call, claimed_at: float) -> None:
        look = partial(self._look, call, claimed_at)
        outcome = look(self._begin_seconds) or await self._outcome(call, partial(look, self._token_by_seconds))
        self._recorder.put(self._outcomes(call, outcome))

    def _look(self, call: Call, claimed_at: float, most_seconds: float) -> NotAccepted | None:
        """Is it too late for the call to begin? By the clock that has gone further: the machine's may have been set
        back meanwhile, and on some platforms the steady one sleeps with the machine.
        """
        passed = max((self._clock() - call.messages[0].changed_at).total_seconds(), self._steady() - claimed_at)
        return STOOD_STILL if passed > most_seconds else None

    async def _outcome(self, call: Call, last_look: LastLook) -> Outcome:
        try:
            answer = await self._send(call.rendered, last_look)
        except NotSentError as error:
            return NotLeft("unreachable", str(error), Remedy.WAIT)
        except (UnansweredError, TimeoutError) as error:
            sentence = (
                str(error) or f"Nothing was known {self._patience.send_seconds:.0f} s after the message was taken up."
            )
            return NotAccepted("unanswered", sentence, Remedy.ASK)
        if isinstance(answer, NotAccepted):  # there was no access token to send it with
            return NotLeft(*msgspec.structs.astuple(answer))
        return self._meaning(call, answer)

    async def _send(self, rendered: RenderedRequest, last_look: LastLook) -> HttpResponse | NotAccepted:
        """Without an access token nothing is waited for between the look at the beginning and the wire."""
        grant = rendered.oauth2
        if grant is None:
            return await self._wire.send(rendered.request, self._patience.call_seconds)
        credentials = Credentials(grant.token_url, grant.key_id, grant.key_secret)
        patience = self._patience
        async with asyncio.timeout(patience.send_seconds):  # an expired token makes it two calls
            return await self._tokens.send(
                rendered.request, credentials, patience.call_seconds, patience.token_seconds, last_look
            )  # fmt: skip

    def _meaning(self, call: Call, answer: HttpResponse) -> Outcome:
        return meaning(call.preset, answer, len(call.messages), self._clock())

    def _outcomes(self, call: Call, outcome: Outcome) -> Outcomes:
        now = self._clock()
        news = self._news(call, outcome)
        told = partial(
            Outcomes,
            call.messages,
            back=call.lane if news is News.BACK else None,
            asked=call.lane if call.asks else None,
        )
        if isinstance(outcome, Accepted):
            ids = outcome.message_ids or (None,) * len(call.messages)
            taken = zip(call.messages, ids, strict=True)
            return told(tuple(_accepted(row, ident, now) for row, ident in taken))
        first = call.messages[0]
        if outcome.code in AWAY and outcome.remedy is Remedy.WAIT and first.kind in _NOT_TO_A_CUSTOMER:
            outcome = msgspec.structs.replace(outcome, remedy=Remedy.RETRY)
        stopped = _stop(call, outcome)
        if outcome.remedy in STOPPING and stopped is None:
            outcome = msgspec.structs.replace(outcome, remedy=Remedy.REFUSE_PERSON)
        changes = tuple(self._not_accepted(row, outcome, now) for row in call.messages)
        hold = None if _is_elsewhere(call) else hold_by(first, outcome, is_away=news is News.AWAY)
        pair = pair_by(first, outcome.code)
        slow = (first.project_id, pair) if pair else None
        return told(changes, stopped=(first, stopped) if stopped else None, hold=hold, slow=slow)

    def _news(self, call: Call, outcome: Outcome) -> News:
        """Only of calls that send to customers, and that were made."""
        if _is_elsewhere(call) or call.messages[0].kind in _NOT_TO_A_CUSTOMER or outcome == STOOD_STILL:
            return News.NONE
        return self._silence.hear(call.lane, outcome, asks=call.asks)

    def _not_accepted(self, row: MessageRow, outcome: NotAccepted, now: datetime) -> Change:
        faults = row.faults + (outcome.remedy is Remedy.RETRY)
        state, wait = self._what_next(row, outcome, faults)
        again = now + timedelta(seconds=wait)
        due_at = min(again, row.expires_at or again) if state is State.QUEUED else None
        # A worker that stood still for longer than its lease may not speak of the try of another.
        return Change(
            row.id, state, now, due_at=due_at, code=outcome.code, sentence=outcome.sentence, attempt=row.attempts,
            faults=faults, left=not isinstance(outcome, NotLeft),
        )  # fmt: skip

    def _what_next(self, row: MessageRow, outcome: NotAccepted, faults: int) -> tuple[State, float]:
        pause = delay(faults if outcome.remedy is Remedy.RETRY else row.attempts, self._chance())
        asked = max(outcome.retry_after or 0.0, pause)
        match outcome.remedy:
            case Remedy.WAIT:
                return State.QUEUED, asked
            case Remedy.RETRY:
                return (State.QUEUED if faults < ATTEMPTS else State.FAILED), asked
            case Remedy.STOP_SENDER | Remedy.STOP_TEMPLATE:
                return State.QUEUED, pause  # kept: it leaves once somebody has released what is stopped
            case Remedy.ASK:
                return State.UNCERTAIN, 0.0
            case Remedy.REFUSE_PERSON:
                return State.FAILED, 0.0


def _stop(call: Call, outcome: NotAccepted) -> Stop | None:
    if outcome.remedy is Remedy.STOP_SENDER and _is_elsewhere(call):
        return None
    return stop_by(call.messages[0], outcome.remedy, outcome.code, outcome.sentence)


def _is_elsewhere(call: Call) -> bool:
    """Somebody else's server, called by a user's own preset, says nothing about our account at the provider."""
    return call.preset is not shipped().get(call.preset.name)


def _not_begun(row: MessageRow, now: datetime) -> Change:
    sentence = "The database did not say whether it was taken for sending, so no call was begun."
    return Change(
        row.id, State.QUEUED, now, due_at=now, code="not_begun", sentence=sentence, attempt=row.attempts, left=False
    )  # fmt: skip


def _accepted(row: MessageRow, provider_message_id: str | None, now: datetime) -> Change:
    return Change(row.id, State.ACCEPTED, now, provider_message_id=provider_message_id)
