"""The JSON library's sentences are told in the words of whoever wrote the file."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import msgspec
import pytest

from parley.api.reading import said_plainly
from parley.domain.plain_words import plainly


class Lamp(msgspec.Struct, forbid_unknown_fields=True):
    """With a field that must be."""

    watts: int


Short = Annotated[str, msgspec.Meta(min_length=2, max_length=4)]
Few = Annotated[list[int], msgspec.Meta(max_length=1)]


@pytest.mark.parametrize(
    ("value", "kind", "sentence"),
    [
        (1000, Annotated[int, msgspec.Meta(le=720)], "must be at most 720"),
        (0, Annotated[int, msgspec.Meta(ge=1)], "must be at least 1"),
        (0.0, Annotated[float, msgspec.Meta(gt=0)], "must be more than 0.0"),
        ("x", int | None, "must be a whole number or nothing; it is a text"),
        ([], str, "must be a text; it is a list"),
        ({}, bool, "must be true or false; it is an object"),
        (None, list[str], "must be a list; it is nothing"),
        (1.5, list[str], "must be a list; it is a number"),
        ("a", Short, "must have at least 2 characters"),
        ("abcde", Short, "must have at most 4 characters"),
        ([1, 2], Few, "must have at most 1 entry"),
        ({}, Lamp, "watts is missing"),
        ({"watts": 1, "hue": 2}, Lamp, "hue is not known here"),
        ("soon", date, "must be a date like 2026-11-23"),
        ("soon", datetime, "must be a time like 2026-11-23T09:00:00+01:00"),
        ("2026-11-23T09:00:00", Annotated[datetime, msgspec.Meta(tz=True)], "must say its zone"),
        ("x", UUID, "must be an id like "),
        ("x", Decimal, "must be a number"),
    ],
)
def test_it_says_what_a_value_must_be(value: Any, kind: Any, sentence: str) -> None:
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.json.decode(msgspec.json.encode(value), type=kind)
    told = plainly(str(raised.value))
    assert told.startswith(sentence)
    assert "`" not in told


def test_what_it_does_not_know_stays_as_it_is() -> None:
    assert plainly("Something new") == "Something new"


def test_the_tracking_api_says_the_field_and_what_it_must_be() -> None:
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.json.decode(b'{"a": [1, "x"]}', type=dict[str, list[int]])
    assert said_plainly(raised.value) == "[...][1]: must be a whole number; it is a text."
