"""Quiet hours against a slow clock that is read minute by minute, above all where the clocks change."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from parley.domain.quiet_hours import DAYS, QuietSpan
from parley.policy.quiet_time import quiet_until

MINUTE, SECOND, DAY = timedelta(minutes=1), timedelta(seconds=1), timedelta(days=1)
CHANGES = {
    "Europe/Bratislava": (datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)),
    "America/New_York": (datetime(2026, 3, 8, 7, tzinfo=UTC), datetime(2026, 11, 1, 6, tzinfo=UTC)),
    "Australia/Lord_Howe": (datetime(2026, 4, 4, 15, tzinfo=UTC), datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),
    "America/Santiago": (datetime(2026, 4, 5, 3, tzinfo=UTC), datetime(2026, 9, 6, 4, tzinfo=UTC)),
    "Pacific/Apia": (datetime(2011, 12, 30, 10, tzinfo=UTC),),
    "Asia/Kathmandu": (datetime(2026, 6, 1, 12, tzinfo=UTC),),
}
"""When clocks change: by half an hour, at midnight, over a whole day that was left out; and where they never do."""
AROUND = st.sampled_from([(zone, change) for zone, changes in CHANGES.items() for change in changes])
OF_THE_DAY = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.sampled_from([0, 1, 15, 30, 59]))
SPANS = st.builds(
    QuietSpan,
    begins=OF_THE_DAY,
    ends=OF_THE_DAY,
    days=st.lists(st.sampled_from(DAYS), min_size=1, max_size=3).map(tuple),
)


def span(begins: str, ends: str, *days: str) -> QuietSpan:
    return msgspec.convert({"from": begins, "to": ends, **({"days": days} if days else {})}, QuietSpan)


@cache
def _minutes(zone: str, change: datetime) -> list[tuple[datetime, datetime]]:
    """Each minute of some days around the change, with what the clock on the wall shows."""
    clock = ZoneInfo(zone)
    begin = change - 8 * DAY
    moments = (begin + number * MINUTE for number in range(20 * 24 * 60))
    return [(moment, moment.astimezone(clock).replace(tzinfo=None)) for moment in moments]


def _slowly(one: QuietSpan, zone: str, change: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The clock first shows the begin or later; it shows the end or later for good."""
    minutes = _minutes(zone, change)
    for day in (change.date() + number * DAY for number in range(-5, 8)):
        if DAYS[day.weekday()] not in one.days:
            continue
        begins = datetime.combine(day, one.first)
        ends = datetime.combine(day + DAY if one.ends_next_day else day, one.last)
        begin = next(moment for moment, wall in minutes if wall >= begins)
        end = next(moment for moment, wall in reversed(minutes) if wall < ends) + MINUTE
        yield begin, end


@settings(deadline=None)  # the slow clock is read once for each change
@given(AROUND, SPANS, st.timedeltas(-2 * DAY, 2 * DAY))
def test_it_agrees_with_a_clock_that_is_read_minute_by_minute(
    around: tuple[str, datetime], one: QuietSpan, away: timedelta
) -> None:
    zone, change = around
    spans = sorted(_slowly(one, zone, change))
    expected = now = change + away
    while ends := [end for begin, end in spans if begin <= expected < end]:
        expected = max(ends)
    assert quiet_until((one,), (zone,), now) == expected


@settings(deadline=None)  # as above
@given(AROUND, SPANS)
def test_every_edge_is_kept_to_the_second(around: tuple[str, datetime], one: QuietSpan) -> None:
    zone, change = around
    edges = [(begin, end) for begin, end in _slowly(one, zone, change) if begin < end]
    for begin, end in (one for one in edges if abs(one[0] - change) < 3 * DAY):
        assert quiet_until((one,), (zone,), begin) != begin
        assert quiet_until((one,), (zone,), end - SECOND) != end - SECOND
        if not any(other <= begin - SECOND < until for other, until in edges):
            assert quiet_until((one,), (zone,), begin - SECOND) == begin - SECOND
        if not any(other <= end < until for other, until in edges):
            assert quiet_until((one,), (zone,), end) == end


def test_the_night_of_spring_is_an_hour_shorter_and_that_of_autumn_an_hour_longer() -> None:
    nights = {date(2026, 3, 28): 10, date(2026, 10, 24): 12, date(2026, 6, 1): 11}
    for day, hours in nights.items():
        begin = datetime(day.year, day.month, day.day, 21, tzinfo=ZoneInfo("Europe/Bratislava")).astimezone(UTC)
        assert quiet_until((span("21:00", "08:00"),), ("Europe/Bratislava",), begin) == begin + timedelta(hours=hours)


def test_days_that_follow_each_other_are_one_quiet_time() -> None:
    weekend = (span("00:00", "00:00", "saturday", "sunday"),)
    saturday = datetime(2026, 11, 28, 9, tzinfo=UTC)
    assert quiet_until(weekend, ("UTC",), saturday) == datetime(2026, 11, 30, tzinfo=UTC)
    assert quiet_until(weekend, ("UTC",), saturday - DAY) == saturday - DAY


@given(st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 20), timezones=st.just(UTC)))  # noqa: DTZ001  see timezones
def test_several_zones_must_all_be_awake(now: datetime) -> None:
    night, zones = (span("21:00", "08:00"),), ("America/New_York", "America/Los_Angeles")
    until = quiet_until(night, zones, now)
    assert until is not None
    assert all(quiet_until(night, (zone,), until) == until for zone in zones)
    assert until == now or any(quiet_until(night, (zone,), until - SECOND) != until - SECOND for zone in zones)


def test_zones_that_are_never_awake_together_have_no_answer() -> None:
    night = (span("19:00", "10:00"),)
    assert quiet_until(night, ("Asia/Tokyo", "America/New_York"), datetime(2026, 11, 26, tzinfo=UTC)) is None
