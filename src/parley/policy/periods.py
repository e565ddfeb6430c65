"""For how long a message that left counts: `7 days` from then, or until the `calendar day`, `week` or `month` ends."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from parley.domain.zones import zone_named
from parley.policy.quiet_time import first_moment

SPAN = r"[0-9]{1,4} (?:minute|hour|day|week)s?"
PERIOD = rf"^(?:{SPAN}|calendar (?:day|week|month))$"
LONGEST_MONTH = timedelta(days=31, hours=25)
"""With the change of the clocks, wherever."""
_CALENDAR = "calendar "


@lru_cache(maxsize=1_000)
def span_of(text: str) -> timedelta | None:
    """`7 days`; None of a calendar's period."""
    if text.startswith(_CALENDAR):
        return None
    count, unit = text.split(" ")
    return timedelta(**{f"{unit.removesuffix('s')}s": int(count)})


def counts_until(per: str, left_at: datetime, zone: str) -> datetime:
    """From when on a message that left then does not count any more. Weeks begin on Monday."""
    span = span_of(per)
    return _end_of(per, left_at, zone) if span is None else left_at + span


@lru_cache(maxsize=4_096)
def _end_of(per: str, left_at: datetime, zone: str) -> datetime:
    clock = zone_named(zone) or ZoneInfo("UTC")
    today = left_at.astimezone(clock).date()
    return first_moment(clock, _NEXT[per.removeprefix(_CALENDAR)](today), time())


_NEXT: dict[str, Callable[[date], date]] = {
    "day": lambda today: today + timedelta(days=1),
    "week": lambda today: today + timedelta(days=7 - today.weekday()),
    "month": lambda today: (date(today.year, today.month, 28) + timedelta(days=4)).replace(day=1),
}
"""The first day of the next one."""
