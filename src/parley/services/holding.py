"""Whom the provider finds too fast slows down, alone: a sender, or a sender towards one person. So does a sender whose
provider is away. In all processes.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime
from enum import Enum, auto
from operator import itemgetter
from uuid import UUID

import msgspec

from parley.domain.message import Accepted, NotAccepted, Outcome, Remedy
from parley.policy.pair_rate import BURST, EACH, MOST_OWED
from parley.queue.backoff import BASE_SECONDS, CEILING_SECONDS
from parley.store.database import Connection
from parley.store.holds import Hold, end_asking, end_away, hold_lane
from parley.store.lanes import Lane
from parley.store.messages import MessageRow
from parley.store.pairs import Pair, pay

OF_THE_SENDER = frozenset({"rate_limited", "token_rate_limited", "maintenance"})
"""Codes (parley.providers.errors) that concern all messages of a sender. Others concern one person or one template."""
AWAY = frozenset({"unreachable", "provider_unavailable", "token_unreachable", "token_failed", "token_unreadable"})
"""Codes of a provider that is away. So are answers that leave open whether it has accepted the message: once either may
be chance, or this one call's.
"""
IN_A_ROW = 5
"""So often, with no other answer between, it is not: else each message that waits would be tried, and could be one more
of which nobody knows whether it was accepted.
"""


class News(Enum):
    """Of a sender's provider, by what came of a call."""

    NONE = auto()
    AWAY = auto()
    BACK = auto()


class Silence:
    """How often in a row a sender's provider was away, as far as this process has seen."""

    def __init__(self) -> None:
        self._times: Counter[Lane] = Counter()

    def hear(self, lane: Lane, outcome: Outcome, *, asks: bool) -> News:
        """What came of a call that did, or did not, ask whether a provider that is away is back."""
        if isinstance(outcome, Accepted) or not (outcome.remedy is Remedy.ASK or outcome.code in AWAY):
            self._times.pop(lane, None)
            return News.BACK if asks else News.NONE
        self._times[lane] += 1
        told = outcome.remedy is Remedy.WAIT and bool(outcome.retry_after)
        if asks or told or self._times[lane] >= IN_A_ROW:
            self._times.pop(lane)  # all processes know now; this one may not hear when it is over
            return News.AWAY
        return News.NONE


def hold_by(row: MessageRow, outcome: NotAccepted, *, is_away: bool = False) -> Hold | None:
    """What has to be held for what was said of this message, as long as the provider asked."""
    if row.integration is None or not (is_away or outcome.code in OF_THE_SENDER):
        return None
    return Hold(row.lane, outcome.code, outcome.sentence, outcome.retry_after or 0.0, is_away=is_away)


class LaneNews(msgspec.Struct):
    """What a batch of calls told of one sender, in their order."""

    is_back: bool = False
    hold: Hold | None = None
    """For the longest time."""
    asked: bool = False
    """One of the calls asked whether the provider is back, and has ended."""

    def back(self) -> None:
        """What was told before is over."""
        self.is_back, self.hold = True, None

    def wait(self, hold: Hold) -> None:
        """Many calls of a sender are told the same at the same time."""
        self.hold = hold if self.hold is None else max(hold, self.hold, key=lambda one: one.seconds)


async def note_news(connection: Connection, news: Mapping[Lane, LaneNews], now: datetime) -> None:
    """In one order for all who record."""
    for lane, told in sorted(news.items(), key=itemgetter(0)):
        if told.is_back:
            await end_away(connection, lane, now)
        if told.hold is not None:
            await hold_lane(connection, told.hold, BASE_SECONDS, CEILING_SECONDS, now)
        if told.asked:
            await end_asking(connection, lane)


TO_ONE_PERSON = "pair_rate_limited"


def pair_by(row: MessageRow, code: str) -> Pair | None:
    """The pair that was too fast, when that is what was said of this message."""
    if code != TO_ONE_PERSON or row.account is None or row.recipient is None:
        return None
    return Pair(row.account, row.recipient)


async def slow_pairs(connection: Connection, project_id: UUID, pairs: Collection[Pair], now: datetime) -> None:
    """Their burst counts as used up: WhatsApp counts what others sent by this number, too."""
    if pairs:
        await pay(connection, project_id, dict.fromkeys(sorted(pairs), BURST), EACH, MOST_OWED, now)
