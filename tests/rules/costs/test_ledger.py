"""The ledger balances, whatever happens to a message, in whatever order and however often."""

from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from parley.costs import Entry, EntryKind, Standing, cancel, correct, fail, reserve, settle, standing
from parley.domain.money import Money, nothing

NOW = datetime(2026, 11, 25, tzinfo=UTC)
amounts = st.decimals(min_value=0, max_value=10, places=4).map(lambda amount: Money(amount, "USD"))
steps = st.lists(st.tuples(st.sampled_from(["reserve", "cancel", "fail", "settle", "correct"]), amounts), max_size=12)
TWO_CENTS = Money(Decimal("0.02"), "USD")


def taken(entries: list[Entry], step: str, money: Money) -> list[Entry]:
    now_stands = standing(entries, "USD")
    match step:
        case "reserve":
            return reserve(now_stands, money, NOW, "planned")
        case "cancel":
            return cancel(now_stands, NOW, "not delivered")
        case "fail":
            return fail(now_stands, money, NOW, "failed")
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
        assert (now_stands.spent - before.spent) == _spent_by(step, money, before)


def _spent_by(step: str, money: Money, before: Standing) -> Money:
    match step:
        case "correct":
            return money - before.spent
        case "settle" | "fail" if not before.is_settled:
            return money
        case _:
            return nothing("USD")


@given(steps, amounts)
def test_the_same_thing_said_twice_books_nothing_more(story: list[tuple[str, Money]], money: Money) -> None:
    entries: list[Entry] = []
    for step, said in story:
        entries += taken(entries, step, said)
        assert step == "fail" or taken(entries, step, said) == []
    entries += taken(entries, "correct", money)
    assert taken(entries, "correct", money) == []


def test_a_message_is_planned_delivered_and_invoiced() -> None:
    entries = reserve(standing([], "USD"), TWO_CENTS, NOW, "usd-2026-10-01")
    entries += settle(standing(entries, "USD"), TWO_CENTS, NOW, "delivered")
    entries += correct(standing(entries, "USD"), Money(Decimal("0.0175"), "USD"), NOW, "invoice 7")
    assert [(entry.kind, str(entry.reserved), str(entry.spent)) for entry in entries] == [
        (EntryKind.RESERVE, "USD 0.02", "USD 0"),
        (EntryKind.SETTLE, "USD -0.02", "USD 0.02"),
        (EntryKind.CORRECT, "USD 0.00", "USD -0.0025"),
    ]


def test_what_is_delivered_after_a_wrong_failure_costs_the_fee_and_its_price() -> None:
    entries = reserve(standing([], "USD"), TWO_CENTS, NOW, "usd-2026-10-01")
    entries += fail(standing(entries, "USD"), Money(Decimal("0.001"), "USD"), NOW, "failed")
    assert standing(entries, "USD").reserved == nothing("USD")
    entries += settle(standing(entries, "USD"), TWO_CENTS, NOW, "delivered")
    assert standing(entries, "USD").spent == Money(Decimal("0.021"), "USD")


def test_what_nobody_can_price_is_settled_as_not_known_and_a_correction_says_more() -> None:
    entries = settle(standing([], "USD"), None, NOW, "no rate card")
    assert [entry.known for entry in entries] == [False]
    entries += correct(standing(entries, "USD"), TWO_CENTS, NOW, "invoice 7")
    assert standing(entries, "USD").spent == TWO_CENTS


def test_a_free_message_reserves_nothing_and_is_settled_all_the_same() -> None:
    assert reserve(standing([], "USD"), nothing("USD"), NOW, "free") == []
    settled = standing(settle(standing([], "USD"), nothing("USD"), NOW, "free"), "USD")
    assert settled.is_settled
    assert settled.spent == nothing("USD")
