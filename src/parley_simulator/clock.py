"""The simulator's time: starts at the machine's, and can be moved and sped up."""

import time
from datetime import UTC, datetime, timedelta

FARTHEST = 10 * 365 * 86_400  # seconds of one jump: ten years, past every window, review and deletion
FASTEST = 1_000_000.0  # virtual seconds per second, or times a pause: much more, and the calendar ends within hours


class Clock:
    """Virtual time. `speed` is virtual seconds per real second; `delays` scales every pause the simulator makes."""

    def __init__(self, start: datetime, *, speed: float = 1.0, delays: float = 1.0) -> None:
        self._base = start
        self._mark = time.monotonic()
        self.speed = speed
        self.delays = delays

    def now(self) -> datetime:
        """The virtual time, in UTC."""
        return self._base + timedelta(seconds=(time.monotonic() - self._mark) * self.speed)

    def advance(self, seconds: float) -> None:
        """Jump forward; nothing in between is skipped, the agenda plays it in order."""
        self._base += timedelta(seconds=seconds)

    def set_speed(self, speed: float) -> None:
        """Change the flow without a jump."""
        self._base, self._mark = self.now(), time.monotonic()
        self.speed = speed

    def gap(self, seconds: float) -> timedelta:
        """A pause of the simulator's own making, scaled by `delays`."""
        return timedelta(seconds=seconds * self.delays)

    def real_seconds_until(self, due: datetime) -> float:
        """How long to sleep, in real seconds, never negative."""
        return max(0.0, (due - self.now()).total_seconds() / self.speed)


def machine_time() -> datetime:
    """The one place where the simulator looks at the machine's clock."""
    return datetime.now(UTC)  # noqa: TID251 - this is the clock module


def written(moment: datetime, digits: int = 3) -> str:
    """ISO-8601 with `Z` and 0 to 9 digits after the second, the forms Sinch is seen to send (sinch.md 2.10)."""
    stem = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f"{moment.microsecond:06d}000"[:digits]
    return f"{stem}.{fraction}Z" if digits else f"{stem}Z"
