"""Frequency policies: what their files may say, what they cover, and when a message counts no more."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley import segments
from parley.domain.errors import InvalidInputError
from parley.domain.message import Kind
from parley.policy import FrequencyPolicy, parse_frequency_policy
from parley.policy.periods import counts_until

SECOND = timedelta(seconds=1)
ZONES = st.sampled_from(["UTC", "Europe/Bratislava", "America/New_York", "America/Santiago", "Asia/Kathmandu"])
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  see timezones
LIMITS = [{"at_most": 2, "per": "7 days"}]


def _parse(**fields: Any) -> FrequencyPolicy:
    file = {"kind": "frequency_policy", "name": "gentle", "segments": [{"limits": LIMITS}], **fields}
    return parse_frequency_policy(msgspec.json.encode(file), segments)


@given(MOMENTS, ZONES)
def test_a_calendar_period_ends_with_the_clock_on_the_wall(left_at: datetime, zone: str) -> None:
    clock = ZoneInfo(zone)
    for per, name in (("calendar day", "%Y-%m-%d"), ("calendar week", "%G-%V"), ("calendar month", "%Y-%m")):
        end = counts_until(per, left_at, zone)
        assert end > left_at
        assert f"{(end - SECOND).astimezone(clock):{name}}" == f"{left_at.astimezone(clock):{name}}"
        assert f"{end.astimezone(clock):{name}}" != f"{left_at.astimezone(clock):{name}}"


@given(MOMENTS, ZONES, st.integers(1, 90))
def test_a_rolling_period_ends_so_much_later(left_at: datetime, zone: str, days: int) -> None:
    assert counts_until(f"{days} days", left_at, zone) == left_at + timedelta(days=days)


@pytest.mark.parametrize(
    ("fields", "covered"),
    [
        ({}, True),
        ({"kinds": ["text"]}, False),
        ({"consent_categories": ["news"]}, True),
        ({"consent_categories": ["orders"]}, False),
        ({"consent_categories": []}, False),
        ({"template_categories": ["MARKETING"]}, True),
        ({"template_categories": ["UTILITY"]}, False),
        ({"except": {"consent_categories": ["news"]}}, False),
        ({"except": {"template_categories": ["MARKETING"]}}, False),
        ({"except": {"consent_categories": ["orders"], "template_categories": ["UTILITY"]}}, True),
    ],
)
def test_a_policy_covers_what_its_file_says(fields: dict[str, Any], covered: bool) -> None:
    assert _parse(**fields).covers(Kind.TEMPLATE, "news", "MARKETING") is covered


VIP = {"attribute": "vip", "is": "true"}


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"name": "Very Gentle"}, "name"),
        ({"segments": []}, "segments"),
        ({"segments": [{"limits": []}]}, "segments[0].limits"),
        ({"segments": [{"limits": [{"at_most": 0, "per": "1 day"}]}]}, "segments[0].limits[0].at_most"),
        ({"segments": [{"limits": [{"at_most": 1, "per": "a day"}]}]}, "segments[0].limits[0].per"),
        ({"segments": [{"limits": [{"at_most": 1, "per": "0 days"}]}]}, "segments[0].limits[0].per"),
        ({"segments": [{"limits": [{"at_most": 1, "per": "93 days"}]}]}, "segments[0].limits[0].per"),
        ({"segments": [{"limits": [{"at_most": 1, "per": "calendar year"}]}]}, "segments[0].limits[0].per"),
        ({"segments": [{"limits": LIMITS, "condition": {"nobody": 1}}]}, "segments[0].condition"),
        ({"segments": [{"limits": LIMITS}, {"limits": LIMITS, "name": "late"}]}, "segments[0]"),
        ({"kinds": ["webhook"]}, "kinds[0]"),
        ({"kinds": []}, "kinds"),
        ({"wait_at_most": "long"}, "wait_at_most"),
        ({"except": {"replies_minutes": -1}}, "except.replies_minutes"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, Any], place: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        _parse(**fields)
    assert caught.value.problems[0].field.startswith(place) or place in caught.value.problems[0].sentence
