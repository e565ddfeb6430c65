"""Quiet hours, as a project writes them in its settings (docs/reference/settings.md)."""

from collections.abc import Iterator
from datetime import time
from typing import Annotated, Literal

import msgspec

from parley.domain.errors import Problem
from parley.domain.exemption import Exemption
from parley.domain.zones import zone_named

Day = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
DAYS: tuple[Day, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
"""In the order of `date.weekday`."""
QuietKind = Literal["template", "text", "media"]
OfTheDay = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(?:[01][0-9]|2[0-3]):[0-5][0-9]$",
        extra={"sentence": "must be a time of the day from `00:00` to `23:59`, such as `21:30`"},
    ),
]
"""`21:30`"""
_A_DAY = 24 * 60
_A_WEEK = 7 * _A_DAY


class QuietSpan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From a time of the day to the next time that the clock shows `to`: the same day, or the day after."""

    begins: OfTheDay = msgspec.field(name="from")
    ends: OfTheDay = msgspec.field(name="to")
    days: tuple[Day, ...] = DAYS
    """On which it begins."""

    @property
    def first(self) -> time:
        """When it begins."""
        return time.fromisoformat(self.begins)

    @property
    def last(self) -> time:
        """When it ends, which is no part of it."""
        return time.fromisoformat(self.ends)

    @property
    def ends_next_day(self) -> bool:
        """From 21:00 to 08:00 does; from 09:00 to 09:00 is a whole day."""
        return self.last <= self.first


class QuietHours(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"exemption": "except"}):
    """When nobody is written to, by the customer's own clock."""

    spans: Annotated[tuple[QuietSpan, ...], msgspec.Meta(min_length=1, max_length=20)]
    kinds: tuple[QuietKind, ...] = ("template", "text", "media")
    exemption: Exemption = Exemption()


class TimeZones(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the project is, and which attribute says where a customer is."""

    project: str = "UTC"
    """Counts for customers of whom nothing better is known, and for calendar days."""
    attribute: Annotated[str, msgspec.Meta(min_length=1, max_length=128)] = "timezone"


def quiet_problems(hours: QuietHours | None, zones: TimeZones) -> Iterator[Problem]:
    """What the types do not say."""
    if zone_named(zones.project) is None:
        sentence = f"there is no time zone {zones.project}: give an IANA name such as Europe/Bratislava."
        yield Problem("time_zone.project", sentence)
    if hours is None:
        return
    for place, span in enumerate(hours.spans):
        if not span.days:
            yield Problem(f"quiet_hours.spans[{place}].days", "must name a day; left out, it is every day.")
    if len(_quiet_minutes(hours)) == _A_WEEK:
        yield Problem("quiet_hours.spans", "leave no minute of the week in which anything could be sent.")


def _quiet_minutes(hours: QuietHours) -> set[int]:
    """Of an ordinary week."""
    quiet: set[int] = set()
    for span in hours.spans:
        length = (_minute(span.last) - _minute(span.first) - 1) % _A_DAY + 1
        for day in span.days:
            begins = DAYS.index(day) * _A_DAY + _minute(span.first)
            quiet |= {minute % _A_WEEK for minute in range(begins, begins + length)}
    return quiet


def _minute(of_the_day: time) -> int:
    return of_the_day.hour * 60 + of_the_day.minute
