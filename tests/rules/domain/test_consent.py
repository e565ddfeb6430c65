"""What a `consent` event says. When in doubt, it revokes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.domain.consent import Action, ConsentCategory, ConsentEntry, is_granted, read_consent, standing

NOW = datetime(2026, 11, 23, tzinfo=UTC)
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
