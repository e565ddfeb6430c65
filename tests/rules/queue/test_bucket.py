"""A bucket never gives more than its rate and one burst, and no clock that steps makes it give more or nothing."""

from datetime import UTC, datetime, timedelta
from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from parley.queue.bucket import Level, Limit, seconds_until_one, take

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR = 3600.0
LIMITS = st.builds(Limit, name=st.just("sender:shop"), per_second=st.floats(0.1, 1000))
ASKS = st.lists(st.tuples(st.floats(0, 3), st.integers(0, 400)), min_size=1, max_size=40)
"""Seconds since the ask before, and how many are wanted."""
STEPS = st.lists(st.sampled_from((0.0, 0.0, 0.0, HOUR, -HOUR)), min_size=40, max_size=40)


def _full(limit: Limit) -> Level:
    return Level(limit.burst, NOW)


def _granted(limit: Limit, asks: list[tuple[float, int]], steps: list[float] | None = None) -> list[tuple[float, int]]:
    """When, by a clock that does not step, and how many."""
    level, told = _full(limit), []
    for at, offset, (_, wanted) in zip(
        accumulate(gap for gap, _ in asks), accumulate(steps or [0.0] * len(asks)), asks, strict=False
    ):
        level, granted = take(level, limit, wanted, 0, NOW + timedelta(seconds=at + offset))
        told.append((at, granted))
    return told


@given(LIMITS, ASKS)
def test_it_never_gives_more_than_the_rate_and_a_burst_in_any_span(limit: Limit, asks: list[tuple[float, int]]) -> None:
    told = _granted(limit, asks)
    for first, (since, _) in enumerate(told):
        given_since = 0
        for at, count in told[first:]:
            given_since += count
            assert given_since <= limit.burst + limit.per_second * (at - since) + 1e-3


@given(LIMITS, ASKS, STEPS)
def test_a_clock_that_steps_forward_gives_one_burst_more_and_no_other(
    limit: Limit, asks: list[tuple[float, int]], steps: list[float]
) -> None:
    told = _granted(limit, asks, steps)
    forward = sum(1 for step in steps[: len(asks)] if step > 0)
    assert sum(count for _, count in told) <= limit.burst * (1 + forward) + limit.per_second * told[-1][0] + 1e-3


@given(LIMITS, st.integers(0, 400), st.sampled_from((0.0, HOUR, -HOUR)))
def test_after_a_step_the_next_comes_when_it_would_have_come(limit: Limit, wanted: int, step: float) -> None:
    level, _ = take(_full(limit), limit, wanted, 0, NOW)
    level, _ = take(level, limit, 0, 0, NOW + timedelta(seconds=step))
    wait = timedelta(seconds=step + seconds_until_one(level.permits, limit) + 1e-3)
    assert take(level, limit, 1, 0, NOW + wait)[1] == 1


@given(LIMITS, st.integers(0, 400), st.data())
def test_what_comes_back_unused_counts_as_never_taken(limit: Limit, wanted: int, data: st.DataObject) -> None:
    level, granted = take(_full(limit), limit, wanted, 0, NOW)
    returned = data.draw(st.integers(0, granted))
    level, again = take(level, limit, 400, returned, NOW)
    assert granted - returned + again == int(limit.burst) or granted - returned + again <= limit.burst
