"""What a `consent` event says. When in doubt, it revokes."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.domain.consent import (
    Action,
    ConsentCategory,
    ConsentEntry,
    as_heard,
    is_granted,
    read_consent,
    standing,
)

NOW = datetime(2026, 11, 23, tzinfo=UTC)
LATER = NOW + timedelta(hours=2)
CATEGORY = ConsentCategory(name="whatsapp")


def said(action: str = "accept", hours: float = 0, **changes: Any) -> ConsentEntry:
    properties = {"action": action, "category": "whatsapp", "valid_until": "unlimited"} | changes
    return read_consent(properties, NOW + timedelta(hours=hours), "private_api")


def test_it_grants_what_was_accepted() -> None:
    assert is_granted(CATEGORY, said(), NOW)


@pytest.mark.parametrize(
    "changes",
    [
        {"action": "Accept"},
        {"action": None},
        {"valid_until": None},
        {"valid_until": "forever"},
        {"valid_until": True},
        {"valid_until": "nan"},
        {"valid_until": 1e300},
        {"category": ""},
        {"category": 7},
        {"category": "x" * 1000},
    ],
)
def test_what_cannot_be_understood_revokes_and_says_why(changes: dict[str, Any]) -> None:
    entry = said(**changes)
    assert entry.action == Action.INVALID
    assert entry.problem
    assert entry.problem.endswith(".")
    assert not is_granted(CATEGORY, entry, NOW)


def test_a_rejection_needs_no_end() -> None:
    assert said("reject", valid_until=None).problem is None


def test_it_ends_at_its_end_without_a_further_event() -> None:
    entry = said(valid_until=NOW.timestamp() + 60)
    assert is_granted(CATEGORY, entry, NOW)
    assert not is_granted(CATEGORY, entry, NOW + timedelta(seconds=60))


def test_the_last_word_counts_in_whatever_order_it_came() -> None:
    assert standing(
        [said("reject", hours=1), said("accept", hours=2), said("accept")], NOW + timedelta(days=1)
    ) == said("accept", hours=2)


def test_at_the_same_moment_the_withdrawal_wins() -> None:
    assert standing([said("reject"), said("accept")], NOW + timedelta(days=1)) == said("reject")


def test_who_was_never_asked_is_granted_only_by_legitimate_interest() -> None:
    assert standing([], NOW) is None
    assert not is_granted(CATEGORY, None, NOW)
    assert not is_granted(None, None, NOW)
    assert is_granted(ConsentCategory(name="orders", legitimate_interest=True), None, NOW)


def test_a_public_key_writes_only_what_is_opened_for_it() -> None:
    assert not CATEGORY.may_be_written_by("public_api")
    assert CATEGORY.may_be_written_by("private_api")
    assert not ConsentCategory(name="x", sources={"private_api": False}).may_be_written_by("private_api")


@given(st.dictionaries(st.sampled_from(["action", "category", "valid_until"]), st.none() | st.text() | st.floats()))
def test_no_properties_break_it(properties: dict[str, Any]) -> None:
    assert isinstance(read_consent(properties, NOW, "private_api"), ConsentEntry)


def test_a_yes_that_begins_later_does_not_count_yet() -> None:
    later = said("accept", hours=1)
    assert standing([said("reject"), later], NOW) == said("reject")
    assert standing([said("reject"), later], NOW + timedelta(hours=1)) == later


def test_a_no_counts_at_once_whatever_time_it_bears() -> None:
    later = said("reject", hours=1)
    assert standing([said("accept"), later], NOW) == later


MOMENTS = st.integers(-100, 100).map(lambda seconds: NOW + timedelta(seconds=seconds))
ENTRIES = st.lists(
    st.builds(
        ConsentEntry,
        category=st.just("whatsapp"),
        action=st.sampled_from(list(Action)),
        valid_from=MOMENTS,
        valid_until=st.none() | MOMENTS,
        source=st.sampled_from(["private_api", "keyword"]),
    ),
    max_size=8,
)


@given(ENTRIES, st.randoms(use_true_random=False))
def test_the_order_in_which_it_was_said_makes_no_difference(entries: list[ConsentEntry], chance: Random) -> None:
    shuffled = list(entries)
    chance.shuffle(shuffled)
    assert standing(shuffled, NOW) == standing(entries, NOW)


@given(MOMENTS, MOMENTS)
def test_it_holds_from_its_beginning_to_its_end_to_the_second(begin: datetime, end: datetime) -> None:
    entry = ConsentEntry("whatsapp", Action.ACCEPT, begin, end)
    for second in range(-102, 103):
        now = NOW + timedelta(seconds=second)
        assert is_granted(CATEGORY, standing([entry], now), now) == (begin <= now < end)


@given(ENTRIES)
def test_nothing_is_granted_after_a_withdrawal_but_by_a_later_yes(entries: list[ConsentEntry]) -> None:
    no = ConsentEntry("whatsapp", Action.REJECT, NOW)
    earlier = [entry for entry in entries if entry.valid_from <= NOW]
    assert not is_granted(CATEGORY, standing([*earlier, no], NOW), NOW)
    yes = ConsentEntry("whatsapp", Action.ACCEPT, NOW + timedelta(seconds=1))
    later = NOW + timedelta(seconds=1)
    assert is_granted(CATEGORY, standing([*earlier, no, yes], later), later)


def test_a_withdrawal_from_a_wrong_clock_counts_from_when_it_is_heard() -> None:
    ahead = said("reject", hours=24 * 365)
    assert as_heard(ahead, NOW).valid_from == NOW
    assert is_granted(CATEGORY, standing([as_heard(ahead, NOW), said(hours=1)], LATER), LATER)
    assert as_heard(said(hours=1), NOW) == said(hours=1)
