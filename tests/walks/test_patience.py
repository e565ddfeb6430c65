"""The waits of a send fit into each other, whatever lease the operator sets."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from parley.policy.window_open import MARGIN
from parley.services.patience import Patience

PATIENCE = st.floats(1, 3600).map(lambda seconds: Patience(timedelta(seconds=seconds)))


@given(PATIENCE)
def test_a_call_begins_within_the_margin_of_the_window_that_was_judged(patience: Patience) -> None:
    parts = patience.begin_seconds + patience.token_seconds + patience.turn_seconds
    assert parts < MARGIN.total_seconds()


@given(PATIENCE)
def test_a_send_ends_before_its_lease(patience: Patience) -> None:
    parts = patience.token_seconds + patience.turn_seconds + patience.call_seconds
    assert parts < patience.send_seconds + patience.record_seconds < patience.lease.total_seconds()


@given(PATIENCE)
def test_a_send_that_begins_late_ends_before_its_lease_too(patience: Patience) -> None:
    assert patience.begin_seconds + patience.send_seconds <= patience.lease.total_seconds()
