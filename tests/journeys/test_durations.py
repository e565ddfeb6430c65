"""Durations as authors write them."""

from datetime import UTC, datetime

import pytest

from parley.journeys.durations import Duration, parse_duration

NOW = datetime(2024, 1, 31, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("90 seconds", "2024-01-31T10:01:30+00:00"),
        ("1 day 12 hours", "2024-02-01T22:00:00+00:00"),
        ("2 weeks", "2024-02-14T10:00:00+00:00"),
        ("1 month", "2024-02-29T10:00:00+00:00"),
        ("1 month 1 day", "2024-03-01T10:00:00+00:00"),
        ("13 months", "2025-02-28T10:00:00+00:00"),
    ],
)
def test_a_duration_ends_when_a_person_expects(text: str, end: str) -> None:
    duration = parse_duration(text)
    assert isinstance(duration, Duration)
    assert duration.after(NOW).isoformat() == end


@pytest.mark.parametrize("text", ["", "1", "hour", "1.5 hours", "1 hour ", "-1 hour", "١ hour", "1 fortnight", 5, None])
def test_it_refuses_what_is_no_duration(text: object) -> None:
    assert parse_duration(text) == "must be a duration such as `30 minutes`, `1 hour`, `3 days` or `1 month`."


@pytest.mark.parametrize("text", ["0 seconds", "0 months", "1099 days", "37 months", "99999999 weeks"])
def test_it_refuses_nothing_and_for_ever(text: str) -> None:
    assert parse_duration(text) == "must be longer than nothing and no longer than 1098 days."
