"""When quiet hours end: wall clocks of the customer's zones turned into moments, where the clocks change, too.

A span begins when the clock first shows its begin or later, and ends when it shows its end or later for good: an hour
that comes twice in autumn is quiet until its second end, and one that is skipped in spring counts as over at the moment
of the change.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from parley.domain.quiet_hours import DAYS, QuietSpan
from parley.domain.zones import zone_named

FARTHEST = timedelta(days=8)
"""A week has a minute that is not quiet (domain.quiet_hours). Zones far apart may still never have one together."""
MOMENTS_KEPT = 4_096
"""Answers in memory: all messages of one claim ask about one moment, and most of a shop's customers share a zone."""
_ONE_DAY = timedelta(days=1)
_ONE_SECOND = timedelta(seconds=1)


@lru_cache(maxsize=MOMENTS_KEPT)
def quiet_until(spans: tuple[QuietSpan, ...], zones: tuple[str, ...], now: datetime) -> datetime | None:
    """The first moment from now on that is outside the quiet hours in all of these zones: `now` when nothing is quiet.

    None when there is none for more than a week. Zones that do not exist count for nothing.
    """
    known = [zone for name in zones if (zone := zone_named(name)) is not None]
    moment, before = now, None
    while moment != before and moment - now <= FARTHEST:
        before = moment
        for zone in known:
            moment = _free_from(spans, zone, moment)
    return moment if moment == before else None


def _free_from(spans: Sequence[QuietSpan], zone: ZoneInfo, moment: datetime) -> datetime:
    ends = (end for begin, end in _around(spans, zone, moment) if begin <= moment < end)
    return max(ends, default=moment)


def _around(spans: Sequence[QuietSpan], zone: ZoneInfo, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The spans that may hold the moment: begun on its day or on one of the two before (one may be skipped)."""
    today = moment.astimezone(zone).date()
    for day in (today - 2 * _ONE_DAY, today - _ONE_DAY, today):
        for span in spans:
            if DAYS[day.weekday()] in span.days:
                yield _moments(span, zone, day)


def _moments(span: QuietSpan, zone: ZoneInfo, day: date) -> tuple[datetime, datetime]:
    last_day = day + _ONE_DAY if span.ends_next_day else day
    return first_moment(zone, day, span.first), _last_moment(zone, last_day, span.last)


def first_moment(zone: ZoneInfo, day: date, of_the_day: time) -> datetime:
    """When the clock first shows that time or a later one of that day."""
    earlier, later = _both(zone, day, of_the_day)
    return earlier if earlier <= later else _change(zone, later, earlier)


def _last_moment(zone: ZoneInfo, day: date, of_the_day: time) -> datetime:
    """When the clock shows that time or a later one for good."""
    earlier, later = _both(zone, day, of_the_day)
    return later if earlier <= later else _change(zone, later, earlier)


def _both(zone: ZoneInfo, day: date, of_the_day: time) -> tuple[datetime, datetime]:
    """By the offset before a change of the clocks, and by the one after it; usually there is none (PEP 495)."""
    wall = datetime.combine(day, of_the_day, zone)
    return wall.astimezone(UTC), wall.replace(fold=1).astimezone(UTC)


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The first second after `before` that has another offset: there the wall time in between was skipped."""
    offset = before.astimezone(zone).utcoffset()
    while after - before > _ONE_SECOND:
        middle = before + timedelta(seconds=(after - before) // _ONE_SECOND // 2)
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after
