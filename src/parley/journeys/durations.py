"""Durations as an author writes them: `1 hour`, `3 days`, `1 month`, `1 day 12 hours`. Months are calendar months."""

import calendar
import re
from datetime import datetime, timedelta

import msgspec

MAX_DURATION = timedelta(days=3 * 366)
_UNITS = {
    "second": timedelta(seconds=1),
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
}
_PIECE = r"(\d{1,8}) (second|minute|hour|day|week|month)s?"
_WHOLE = re.compile(rf"{_PIECE}( {_PIECE})*\Z", re.ASCII)
_PIECES = re.compile(_PIECE, re.ASCII)


class Duration(msgspec.Struct, frozen=True):
    """A length of time that begins at some moment: a month has no length of its own."""

    months: int
    rest: timedelta

    def after(self, moment: datetime) -> datetime:
        """The end when it begins at `moment`: first the months (31 January + 1 month = 28 February), then the rest."""
        month = moment.month - 1 + self.months
        year, month = moment.year + month // 12, month % 12 + 1
        day = min(moment.day, calendar.monthrange(year, month)[1])
        return moment.replace(year=year, month=month, day=day) + self.rest


def parse_duration(text: object) -> Duration | str:
    """The duration, or the sentence that says what is wrong with the text."""
    if not isinstance(text, str) or not _WHOLE.match(text):
        return "must be a duration such as `30 minutes`, `1 hour`, `3 days` or `1 month`."
    duration = _sum(_PIECES.findall(text))
    if duration is None:
        return f"must be longer than nothing and no longer than {MAX_DURATION.days} days."
    return duration


def _sum(pieces: list[tuple[str, str]]) -> Duration | None:
    months = sum(int(count) for count, unit in pieces if unit == "month")
    rest = sum((int(count) * _UNITS[unit] for count, unit in pieces if unit != "month"), timedelta())
    length = rest + timedelta(days=30) * months
    return Duration(months, rest) if timedelta() < length <= MAX_DURATION else None
