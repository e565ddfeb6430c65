"""How a tier is counted: by slices, late by one at most, and each place told of to one message."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from parley.policy.recipient_tier import SLICE, SPAN, free_after, next_free, slice_of

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  see timezones
COUNTS = st.lists(st.tuples(st.integers(1, 5), st.integers(0, 5)), min_size=1, max_size=12)


@given(MOMENTS)
def test_a_place_is_free_24_hours_later_and_by_a_slice_at_most_too_late(moment: datetime) -> None:
    assert SPAN < free_after(slice_of(moment)) - moment <= SPAN + SLICE


@given(COUNTS, st.integers(1, 20))
def test_the_next_free_place_is_the_first_that_is_not_spoken_for(counts: list[tuple[int, int]], most: int) -> None:
    slices = [NOW + SLICE * place for place in range(len(counts))]
    recipients = {one: count for one, (count, _) in zip(slices, counts, strict=True)}
    expected = {one: count for one, (_, count) in zip(slices, counts, strict=True)}
    found = next_free(recipients, expected, most)

    def used_after(last: datetime) -> int:
        left = sum(count for one, count in recipients.items() if one > last)
        return left + sum(count for one, count in expected.items() if one <= last)

    assert all(used_after(one) >= most for one in slices if one < found)
    assert used_after(found) < most or found == slices[-1]


def test_slices_begin_alike_for_all() -> None:
    assert {slice_of(NOW + timedelta(seconds=second)) for second in (0, 1, 299)} == {NOW}
    assert slice_of(NOW + timedelta(seconds=300)) == NOW + SLICE
