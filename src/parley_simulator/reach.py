"""Whom the shop has written to first within 24 hours: what WhatsApp's tiers count (sinch.md 1.9)."""

from collections import OrderedDict
from datetime import datetime, timedelta

COUNTED = timedelta(hours=24)


class Reach:
    """People by the time of the last template outside their window, oldest first."""

    def __init__(self) -> None:
        self._last: OrderedDict[str, datetime] = OrderedDict()

    def admits(self, number: str, limit: int | None, now: datetime) -> bool:
        """Is there room for this person? One who was written to already takes no more of it."""
        return limit is None or self.counted(now) < limit or number in self._last

    def counted(self, now: datetime) -> int:
        """How many people there are."""
        self._forget(now)
        return len(self._last)

    def note(self, number: str, now: datetime) -> None:
        """A template goes out."""
        self._forget(now)
        self._last[number] = now
        self._last.move_to_end(number)

    def clear(self) -> None:
        """Nobody was written to."""
        self._last.clear()

    def _forget(self, now: datetime) -> None:
        while self._last and next(iter(self._last.values())) + COUNTED <= now:
            self._last.popitem(last=False)
