"""The ledger balances, whatever happens to a message, in whatever order and however often."""

from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from parley.costs import Entry, EntryKind, cancel, correct, reserve, settle, standing
from parley.domain.money import Money, nothing

NOW = datetime(2026, 11, 25, tzinfo=UTC)
amounts = st.decimals(min_value=0, max_value=10, places=4).map(lambda amount: Money(amount, "USD"))
steps = st.lists(st.tuples(st.sampled_from(["reserve", "cancel", "settle", "correct"]), amounts), max_size=12)
TWO_CENTS = Money(Decimal("0.02"), "USD")


def taken(entries: list[Entry], step: str, money: Money) -> list[Entry]:
    now_stands = standing(entries, "USD")
    match step:
        case "reserve":
            return reserve(now_stands, money, NOW, "planned")
        case "cancel":
            return cancel(now_stands, NOW, "not delivered")
        case "settle":
            return settle(now_stands, money, NOW, "delivered")
        case _:
            return correct(now_stands, money, NOW, "invoice 7")


@given(steps)
def test_what_is_reserved_is_given_back_and_what_was_said_last_is_spent(story: list[tuple[str, Money]]) -> None:
    entries: list[Entry] = []
    for step, money in story:
        before = standing(entries, "USD")
        entries += taken(entries, step, money)
        now_stands = standing(entries, "USD")
        assert now_stands.reserved.amount >= 0
        assert not (now_stands.is_settled and now_stands.reserved.amount)
        if step == "correct" or (step == "settle" and not before.is_settled):
            assert now_stands.spent == money
        else:
            assert now_stands.spent == before.spent


@given(steps, amounts)
def test_the_same_thing_said_twice_books_nothing_more(story: list[tuple[str, Money]], money: Money) -> None:
    entries: list[Entry] = []
    for step, said in story:
        entries += taken(entries, step, said)
        assert taken(entries, step, said) == []
    entries += taken(entries, "correct", money)
    assert taken(entries, "correct", money) == []


def test_a_message_is_planned_delivered_and_invoiced() -> None:
    entries = reserve(standing([], "USD"), TWO_CENTS, NOW, "usd-2026-10-01")
    entries += settle(standing(entries, "USD"), TWO_CENTS, NOW, "delivered")
    entries += correct(standing(entries, "USD"), Money(Decimal("0.0175"), "USD"), NOW, "invoice 7")
    assert [(entry.kind, str(entry.money)) for entry in entries] == [
        (EntryKind.RESERVE, "USD 0.02"),
        (EntryKind.RELEASE, "USD -0.02"),
        (EntryKind.SETTLE, "USD 0.02"),
        (EntryKind.CORRECT, "USD -0.0025"),
    ]


def test_a_free_message_reserves_nothing_and_is_settled_all_the_same() -> None:
    assert reserve(standing([], "USD"), nothing("USD"), NOW, "free") == []
    settled = standing(settle(standing([], "USD"), nothing("USD"), NOW, "free"), "USD")
    assert settled.is_settled
    assert settled.spent == nothing("USD")
