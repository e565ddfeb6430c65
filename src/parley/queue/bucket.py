"""A bucket of permits that fills at a steady rate up to its burst. Pure.

The buckets are the store's, shared by all processes; its statement `take_permits` is `take` below in SQL, for one round
trip, and a test holds that they agree.
"""

from datetime import datetime
from math import floor

import msgspec

BURST_SECONDS = 0.25
"""A bucket holds the permits of so long: what may leave at once after a silence, beyond the rate of any second."""


class Limit(msgspec.Struct, frozen=True):
    """How many a second of something."""

    name: str
    per_second: float

    @property
    def burst(self) -> float:
        """At least one, or nothing would ever leave."""
        return max(1.0, self.per_second * BURST_SECONDS)


class Level(msgspec.Struct, frozen=True):
    """What is in a bucket."""

    permits: float
    at: datetime


def take(level: Level, limit: Limit, wanted: int, returned: int, now: datetime) -> tuple[Level, int]:
    """As many of `wanted` as there are; `returned` were taken before and not used.

    A clock that steps back fills nothing, one that steps forward fills up to the burst; either way the next step counts
    from there.
    """
    passed = max(0.0, (now - level.at).total_seconds())
    filled = min(limit.burst, level.permits + returned + limit.per_second * passed)
    granted = min(wanted, floor(filled))
    return Level(filled - granted, now), granted


def seconds_until_one(permits: float, limit: Limit) -> float:
    """0 when there is one."""
    return max(0.0, (1.0 - permits) / limit.per_second)
