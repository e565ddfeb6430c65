"""A small and flat message is not looked into: that refuses neither less nor more than looking."""

from contextlib import suppress
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from parley.api.reading import DEEPEST, LARGEST_VALUE, UnusableError, check_values, checked_properties

TEXTS = st.text(max_size=4) | st.sampled_from(["\x00", "a\x00b", r"\u0000", "{[", "x" * LARGEST_VALUE])


def nested(levels: int) -> Any:
    value: Any = "in here"
    for _ in range(levels):
        value = [value]
    return value


DEEP = st.integers(DEEPEST - 3, DEEPEST + 3).map(nested)
VALUES = st.integers() | TEXTS | DEEP | st.lists(TEXTS | DEEP, max_size=2) | st.dictionaries(TEXTS, DEEP, max_size=2)


@given(st.dictionaries(st.sampled_from("abc"), VALUES, max_size=2))
def test_it_refuses_what_looking_into_every_value_refuses(properties: dict[str, Any]) -> None:
    message = msgspec.json.encode({"customer_ids": {"registered": "jana"}, "properties": properties})
    looked = taken = False
    with suppress(UnusableError):
        check_values(properties)
        looked = True
    with suppress(UnusableError):
        checked_properties(properties, message)
        taken = True
    assert taken == looked
