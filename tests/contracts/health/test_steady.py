"""The clock for lifetimes goes on with the machine's and never back."""

from datetime import timedelta

from parley.domain.clock import system_clock
from parley.queue.steady import steady_clock


def test_it_says_about_the_same_and_never_less() -> None:
    said = [steady_clock() for _ in range(1_000)]
    assert said == sorted(said)
    assert abs(said[-1] - system_clock()) < timedelta(minutes=1)
