"""The comparison operators: one row each. A row says what the author may write and when a fact satisfies it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from parley.segments.values import as_boolean, as_moment, as_number, as_text, as_time

MAX_LIST = 1000
"""How many values `in` may list."""


class Comparison(msgspec.Struct, frozen=True):
    """The right-hand side: `"equals": "SK"`, perhaps with `"ignore_case": true`."""

    operator: str
    value: Any
    ignore_case: bool = False


class Operator(msgspec.Struct, frozen=True):
    """One row of the table."""

    holds: Callable[[Any, Comparison, datetime], bool]
    """Does this one value satisfy the comparison?"""
    fault: Callable[[Any], str | None]
    """What is wrong with the author's value; None when nothing is."""
    negative: bool = False
    """Holds when no value satisfies it, so also when there is none."""


def satisfied(comparison: Comparison, values: tuple[Any, ...], now: datetime) -> bool:
    """Is the comparison true of what a path found? A negative operator holds exactly when its positive does not."""
    operator = OPERATORS[comparison.operator]
    return any(operator.holds(value, comparison, now) for value in values) != operator.negative


def _is_set(value: Any, _: Comparison, __: datetime) -> bool:
    return not (isinstance(value, list | dict) and not value) and not (isinstance(value, str) and not value.strip())


def _equals(value: Any, comparison: Comparison, _: datetime) -> bool:
    return _same(value, comparison.value, ignore_case=comparison.ignore_case)


def _in(value: Any, comparison: Comparison, _: datetime) -> bool:
    return any(_same(value, wanted, ignore_case=comparison.ignore_case) for wanted in comparison.value)


def _same(value: Any, wanted: Any, *, ignore_case: bool) -> bool:
    if isinstance(wanted, bool):
        return as_boolean(value) is wanted
    # Text with text stays text, so that "007" is not "7"; a number on either side makes it arithmetic.
    if isinstance(wanted, str) and isinstance(value, str):
        return _folded(value, ignore_case=ignore_case) == _folded(wanted, ignore_case=ignore_case)
    number = as_number(value)
    return number is not None and number == as_number(wanted)


def _contains(value: Any, comparison: Comparison, _: datetime) -> bool:
    if isinstance(value, list):
        return any(_same(item, comparison.value, ignore_case=comparison.ignore_case) for item in value)
    text, wanted = as_text(value), as_text(comparison.value)
    fold = comparison.ignore_case
    return (
        text is not None and wanted is not None and _folded(wanted, ignore_case=fold) in _folded(text, ignore_case=fold)
    )


def _starts_with(value: Any, comparison: Comparison, _: datetime) -> bool:
    text, fold = as_text(value), comparison.ignore_case
    return text is not None and _folded(text, ignore_case=fold).startswith(_folded(comparison.value, ignore_case=fold))


def _folded(text: str, *, ignore_case: bool) -> str:
    return text.casefold() if ignore_case else text


def _number_test(compare: Callable[[float, float], bool]) -> Callable[[Any, Comparison, datetime], bool]:
    def holds(value: Any, comparison: Comparison, _: datetime) -> bool:
        number = as_number(value)
        return number is not None and compare(number, comparison.value)

    return holds


def _time_test(compare: Callable[[datetime, datetime], bool]) -> Callable[[Any, Comparison, datetime], bool]:
    def holds(value: Any, comparison: Comparison, now: datetime) -> bool:
        time, moment = as_time(value), as_moment(comparison.value)
        return time is not None and moment is not None and compare(time, moment(now))

    return holds


def _fault_unless(sentence: str, fits: Callable[[Any], bool]) -> Callable[[Any], str | None]:
    return lambda value: None if fits(value) else sentence


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | bool | int | float)


def _is_list_of_plain(value: Any) -> bool:
    return isinstance(value, list) and 0 < len(value) <= MAX_LIST and all(map(_is_plain, value))


def _is_number(value: Any) -> bool:
    return not isinstance(value, str) and as_number(value) is not None


_boolean = _fault_unless("must be true or false.", lambda value: isinstance(value, bool))
_plain = _fault_unless("must be a text, a number, true or false; to ask for no value say is_set.", _is_plain)
_plains = _fault_unless(f"must be a list of 1 to {MAX_LIST} texts or numbers.", _is_list_of_plain)
_text = _fault_unless("must be a text that is not empty.", lambda value: isinstance(value, str) and value != "")
_number = _fault_unless("must be a number.", _is_number)
_moment = _fault_unless(
    "must be a time: 2026-05-01T12:00:00Z, UNIX seconds, now, `3 days ago` or `3 days from now`.",
    lambda value: not isinstance(value, bool) and as_moment(value) is not None,
)

OPERATORS: dict[str, Operator] = {
    "is_set": Operator(_is_set, _boolean),
    "equals": Operator(_equals, _plain),
    "not_equals": Operator(_equals, _plain, negative=True),
    "in": Operator(_in, _plains),
    "not_in": Operator(_in, _plains, negative=True),
    "contains": Operator(_contains, _plain),
    "not_contains": Operator(_contains, _plain, negative=True),
    "starts_with": Operator(_starts_with, _text),
    "greater_than": Operator(_number_test(lambda value, limit: value > limit), _number),
    "at_least": Operator(_number_test(lambda value, limit: value >= limit), _number),
    "less_than": Operator(_number_test(lambda value, limit: value < limit), _number),
    "at_most": Operator(_number_test(lambda value, limit: value <= limit), _number),
    "before": Operator(_time_test(lambda time, moment: time < moment), _moment),
    "after": Operator(_time_test(lambda time, moment: time > moment), _moment),
}
