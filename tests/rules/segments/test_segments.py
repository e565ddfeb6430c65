"""What must be true of every condition and every customer."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parley.segments import Need, explain, holds, needs, parse_condition
from parley.segments.comparisons import OPERATORS
from parley.segments.condition import Since
from tests.rules.segments.facts import ConsentOfTest, EventOfTest, FactsOfTest

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
VALUES: dict[str, Any] = {"is_set": True, "in": ["x", 1], "not_in": ["x"], "before": "now", "after": "3 days ago"}
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(10**400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(value=json_values, operator=st.sampled_from(sorted(OPERATORS)))
def test_it_never_raises_however_odd_the_customer(value: Any, operator: str) -> None:
    raw = {"attribute": "a.b[*]", operator: VALUES.get(operator, 5 if OPERATORS[operator].fault("x") else "x")}
    facts = FactsOfTest(attributes={"a": {"b": value if isinstance(value, list) else [value]}})
    assert holds(parse_condition(raw), facts, NOW) in {True, False}


@settings(deadline=None)
@given(value=json_values)
def test_a_negative_comparison_is_the_opposite_of_its_positive(value: Any) -> None:
    facts = FactsOfTest(attributes={"a": value})
    words = (("equals", "not_equals", "x"), ("in", "not_in", [1]), ("contains", "not_contains", 1))
    for positive, negative, wanted in words:
        held = [holds(parse_condition({"attribute": "a", word: wanted}), facts, NOW) for word in (positive, negative)]
        assert sorted(held) == [False, True]


@settings(deadline=None)
@given(order=st.permutations(range(6)))
def test_the_order_of_the_events_does_not_matter(order: list[int]) -> None:
    events = tuple(EventOfTest("purchase", NOW - timedelta(days=day), id=f"e{day}") for day in order)
    condition = parse_condition({"event": "purchase", "since": "3 days", "count": {"equals": 4}})
    assert holds(condition, FactsOfTest(events=events), NOW)


def test_needs_names_each_look_at_events_once() -> None:
    purchase = {"event": "purchase", "since": "start"}
    condition = parse_condition(
        {"all": [purchase, {"not": purchase}, {"any": [{"event": "visit", "since": "2 days"}, {"consent": "c"}]}]}
    )
    assert needs(condition) == (
        Need("purchase", Since("start")),
        Need("visit", Since("span", timedelta(days=2))),
    )


def test_a_need_says_from_when_to_load() -> None:
    started_at = NOW - timedelta(hours=1)
    assert Need("e", Since("start")).earliest(started_at, NOW) == started_at
    assert Need("e", Since("ever")).earliest(started_at, NOW) is None
    assert Need("e", Since("span", timedelta(days=2))).earliest(started_at, NOW) == NOW - timedelta(days=2)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ({"attribute": "phone[0].n[*]", "is_set": True}, "attribute phone[0].n[*] is_set: no"),
        ({"all": [{"consent": "yes"}, {"consent": "no"}, {"consent": "never"}]}, "consent no: no"),
        ({"all": [{"consent": "yes"}, {"not": {"consent": "no"}}]}, "consent yes: yes; consent no: no"),
        ({"any": [{"consent": "no"}, {"consent": "yes"}]}, "consent yes: yes"),
        ({"any": [{"consent": "no"}, {"consent": "never"}]}, "consent no: no; consent never: no"),
        ({"event": "purchase", "since": "start", "count": {"equals": 0}}, "event purchase since start: 2"),
        ({"event": "purchase", "since": "1 day", "count": {"equals": 0}}, "event purchase since 1 day ago: 2"),
        ({"property": "total", "greater_than": 3}, "property total greater_than: no"),
    ],
)
def test_it_says_what_decided(raw: Any, reason: str) -> None:
    consents = {"yes": ConsentOfTest(accepted=True), "no": ConsentOfTest(accepted=False)}
    events = tuple(EventOfTest("purchase", NOW, id=f"e{place}") for place in range(2))
    assert explain(parse_condition(raw), FactsOfTest(events=events, consents=consents), NOW) == reason
