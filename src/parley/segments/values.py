"""Reads a shop's values as what they mean: numbers sent as text, times in three shapes, `"true"`.

Every function returns None when the value cannot be read so: a comparison with it then does not hold.
"""

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

MAX_NUMBER_LENGTH = 40
"""A longer text of digits is an identifier, not an amount."""
MAX_SPAN = timedelta(days=36_500)
_MAX_BITS = 256
"""A longer whole number is nothing a shop means, and Python refuses to write out the longest."""
_MILLISECONDS_FROM = 1e11
"""A UNIX time above this (year 5138) is in milliseconds, as browsers send it."""

_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?\Z")
_WHOLE = re.compile(r"[+-]?[0-9]+\Z")
_SPAN = re.compile(r"(?P<count>[0-9]{1,6}) (?P<unit>second|minute|hour|day|week)s?\Z")
_BOOLEANS: dict[str, bool] = {"true": True, "1": True, "false": False, "0": False}


def as_number(value: Any) -> int | float | None:
    """A finite number, also from its text: `"12.50"`. A boolean is not a number, and neither is `"12,50"`."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value if isinstance(value, int) or math.isfinite(value) else None
    if isinstance(value, str) and len(value) <= MAX_NUMBER_LENGTH:
        return _number_of_text(value.strip())
    return None


def _number_of_text(text: str) -> int | float | None:
    if _WHOLE.match(text):
        return int(text)
    if not _NUMBER.match(text):
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def as_text(value: Any) -> str | None:
    """Text, also of a number (`42` reads `"42"`, `42.0` too) and of a boolean (`"true"`)."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, int):
        return str(value) if value.bit_length() <= _MAX_BITS else None
    return str(value) if isinstance(value, float) else None


def as_boolean(value: Any) -> bool | None:
    """True or false, also from 1, 0 and the texts true, false, 1, 0 in any case."""
    text = as_text(value)
    return None if text is None else _BOOLEANS.get(text.strip().casefold())


def as_time(value: Any) -> datetime | None:
    """An aware time from UNIX seconds or milliseconds (also as text) or ISO 8601; without a zone it is UTC."""
    number = as_number(value)
    if number is not None:
        return _time_of_number(number)
    return _time_of_text(value.strip()) if isinstance(value, str) else None


def _time_of_number(number: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(number / 1000 if abs(number) >= _MILLISECONDS_FROM else number, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _time_of_text(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def as_span(text: str) -> timedelta | None:
    """`"7 days"`: whole seconds, minutes, hours, days or weeks."""
    match = _SPAN.match(text)
    span = None if match is None else timedelta(**{f"{match['unit']}s": int(match["count"])})
    return span if span is not None and span <= MAX_SPAN else None


def as_moment(value: Any) -> Callable[[datetime], datetime] | None:
    """A moment as an author writes it: a time, `now`, `3 days ago`, `2 hours from now`. Call it with the present."""
    if isinstance(value, str):
        for ending, sign in (("ago", -1), ("from now", 1)):
            span = as_span(value.removesuffix(ending).rstrip()) if value.endswith(ending) else None
            if span is not None:
                return lambda now: now + sign * span
        if value == "now":
            return lambda now: now
    moment = as_time(value)
    return None if moment is None else lambda _: moment
