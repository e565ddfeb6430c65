"""What breaks, and when: a pure function of the seed.

A kill waits for a number of accepted messages, not for a time: so all of them fall into the campaign on any machine.
The seed repeats the schedule and the simulator's dice; what exactly a kill hits is up to real processes.
"""

from collections.abc import Iterator
from enum import StrEnum
from itertools import cycle, islice
from random import Random
from typing import Any

import msgspec

from parley.store.database import STATEMENT_SECONDS

LAST_PART = 0.9
"""Of the campaign: what is killed later than this has nothing left to send."""
FIRST_PART = 0.05
"""Of the kills come at once, one after another."""
LONGEST_PAUSE = 1.5
"""Seconds. A kill comes up to this long after the message that it waits for."""
HANG_EVERY = 10
"""Of so many victims one stands still before it is killed; and as many as those stand still and then go on."""
HANG_SECONDS = 1.0, 15.0
"""A worker that goes on may stand still for longer by a lease: others have its messages by then. The first time that
PostgreSQL goes on it has stood still for longer than a statement may take.
"""
STORM_EVERY = 0.05
"""Of the campaign: a storm is a burst of one fault, every request in a row."""
STORM_STRIKES = 5, 40
STORM_SECONDS = 5.0
"""Then it is over, however often it has struck: while a provider is away one message at a time asks."""


class Victim(StrEnum):
    """Who is struck: killed with -9, stopped with -STOP, or both."""

    WORKER = "worker"
    """One of all worker processes."""
    SERVER = "server"
    """`parley serve`, and with it the workers that it started."""
    DATABASE = "database"
    """PostgreSQL, every process of it."""
    CONNECTION = "connection"
    """One process of PostgreSQL that serves a connection: it then restarts itself."""


class Kill(msgspec.Struct, frozen=True):
    """One kill -9, or a victim that only hangs."""

    after: int
    """Accepted messages."""
    pause: float
    """Seconds."""
    victim: Victim
    pick: float
    """Which of several, in [0, 1)."""
    hangs: float = 0.0
    """Seconds for which it stands still first."""
    wakes: bool = False
    """It goes on then, and is not killed."""

    @property
    def outlasts_statements(self) -> bool:
        """Whoever asks PostgreSQL gives up, and it goes on after that."""
        return self.victim is Victim.DATABASE and self.hangs > STATEMENT_SECONDS


class Storm(msgspec.Struct, frozen=True):
    """So many requests in a row go wrong."""

    after: int
    """Accepted messages."""
    fault: dict[str, Any]


SENDS = {"sinch_legacy": "legacy.messages", "sinch_conversation": "conversation.send"}
"""What a send is called in the simulator's faults."""
_ALWAYS: tuple[dict[str, Any], ...] = (
    {"kind": "status", "status": 500, "percent": 1},
    {"kind": "throttle", "retry_after": 1, "percent": 1},
    {"kind": "html502", "percent": 0.5},
    {"kind": "cut", "percent": 0.5},
    {"kind": "accept_then_timeout", "seconds": 0.3, "percent": 0.5},
    {"kind": "accept_then_timeout", "seconds": 25, "percent": 0.02},  # longer than a call may take
    {"kind": "accept_then_html503", "percent": 0.5},
    {"kind": "slow", "seconds": 1, "percent": 1},
    {"kind": "report_first", "percent": 2},
    {"kind": "silence", "percent": 1},
    {"kind": "read_without_delivered", "percent": 1},
    {"kind": "disorder", "percent": 2},
    {"kind": "fail", "percent": 1},
)
_ON_CALLBACKS: tuple[dict[str, Any], ...] = (
    {"kind": "duplicate", "percent": 4},
    {"kind": "shuffle", "percent": 4},
    {"kind": "drop", "percent": 1},
    {"kind": "bad_signature", "percent": 0.2},
)
_ON_TOKENS: tuple[dict[str, Any], ...] = (
    {"kind": "status", "status": 500, "percent": 5},
    {"kind": "html502", "percent": 5},
    {"kind": "cut", "percent": 5},
)
_STORMS: tuple[dict[str, Any], ...] = (
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 503},
    {"kind": "throttle", "retry_after": 1},
    {"kind": "html502"},
    {"kind": "cut"},
    {"kind": "accept_then_timeout", "seconds": 0.3},
    {"kind": "accept_then_html503"},
)


def faults(api: str) -> list[dict[str, Any]]:
    """Those that last for the whole campaign, a few per cent of everything."""
    callbacks = f"callback.{api.removeprefix('sinch_')}"
    lasting = [one | {"endpoint": SENDS[api]} for one in _ALWAYS]
    lasting += [one | {"endpoint": callbacks} for one in _ON_CALLBACKS]
    lasting += [one | {"endpoint": "token"} for one in _ON_TOKENS]
    return [one | {"times": 0} for one in lasting]


def storms(seed: int, api: str, messages: int) -> list[Storm]:
    """In the order in which they come."""
    dice = Random(f"storms {seed}")  # noqa: S311  a schedule, not a secret
    places = [int(messages * STORM_EVERY * number) for number in range(1, int(LAST_PART / STORM_EVERY))]
    return [
        Storm(place, dice.choice(_STORMS) | {"endpoint": SENDS[api], "times": dice.randint(*_strikes(messages))})
        for place in places
    ]


def _strikes(messages: int) -> tuple[int, int]:
    """A short campaign has short storms: else nothing would be left of it."""
    least, most = STORM_STRIKES
    return min(least, max(1, messages // 500)), min(most, max(1, messages // 100))


def kills(seed: int, messages: int, count: int, lease: float) -> list[Kill]:
    """In the order in which they come; every kind of victim as often as the others. Those that wake are not counted."""
    dice = Random(f"kills {seed}")  # noqa: S311  a schedule, not a secret
    waking = count // HANG_EVERY
    early = int(count * FIRST_PART)  # while workers still plan what will be sent
    last = int(messages * LAST_PART) or 1
    places = [0] * early + sorted(dice.randrange(last) for _ in range(count + waking - early))
    struck = [*_hanging_first(dice, _victims(dice, count), waking), *_waking(dice, _victims(dice, waking), lease)]
    dice.shuffle(struck)
    return [msgspec.structs.replace(kill, after=place) for kill, place in zip(struck, places, strict=True)]


def _victims(dice: Random, count: int) -> list[Victim]:
    victims = list(islice(cycle(dice.sample(list(Victim), len(Victim))), count))
    dice.shuffle(victims)
    return victims


def _hanging_first(dice: Random, victims: list[Victim], hanging: int) -> Iterator[Kill]:
    for number, victim in enumerate(victims):
        hangs = dice.uniform(*HANG_SECONDS) if number < hanging else 0.0
        yield Kill(0, dice.uniform(0, LONGEST_PAUSE), victim, dice.random(), hangs)


def _waking(dice: Random, victims: list[Victim], lease: float) -> Iterator[Kill]:
    longest = {Victim.DATABASE: float(STATEMENT_SECONDS)}
    for victim in victims:
        longer = dice.choice((0.0, lease)) if victim is Victim.WORKER else longest.pop(victim, 0.0)
        hangs = dice.uniform(*HANG_SECONDS) + longer
        yield Kill(0, dice.uniform(0, LONGEST_PAUSE), victim, dice.random(), hangs, wakes=True)
