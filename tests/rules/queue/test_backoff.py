"""Tries that failed together come again apart, ever later, but never later than the ceiling."""

from hypothesis import given
from hypothesis import strategies as st

from parley.queue.backoff import BASE_SECONDS, CEILING_SECONDS, delay

ATTEMPTS = st.integers(1, 10_000)
CHANCES = st.floats(0, 1, exclude_max=True)


def test_it_doubles_from_a_second_to_five_minutes() -> None:
    assert [delay(attempt, 1) for attempt in range(1, 12)] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


@given(ATTEMPTS, CHANCES, st.floats(BASE_SECONDS, CEILING_SECONDS))
def test_it_is_never_beyond_the_ceiling_and_never_nothing(attempt: int, chance: float, ceiling: float) -> None:
    assert BASE_SECONDS / 2 <= delay(attempt, chance) <= CEILING_SECONDS
    assert BASE_SECONDS / 2 <= delay(attempt, chance, ceiling) <= ceiling
    assert delay(attempt, chance, ceiling) <= delay(attempt, chance)


@given(ATTEMPTS)
def test_chance_spreads_it_over_half_of_the_step(attempt: int) -> None:
    assert delay(attempt, 0) == delay(attempt, 1) / 2
    assert delay(attempt, 0) < delay(attempt, 0.5) < delay(attempt, 1)
