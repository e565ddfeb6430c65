"""The JSON library's sentences are told in the words of whoever wrote the file."""

import errno
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
import pytest

from parley.api.health import plain_reason
from parley.api.reading import said_plainly
from parley.domain.consent import ConsentCategory
from parley.domain.plain_words import plainly
from parley.services.say_consent import Said, problems_of


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
    assert said_plainly(raised.value, dict[str, list[int]]) == "[...][1]: must be a whole number; it is a text."


def test_it_says_what_there_is_to_choose_from() -> None:
    class Body(msgspec.Struct):
        format: Literal["native_json", "csv"]

    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.json.decode(b'{"format": "xml"}', type=Body)
    assert said_plainly(raised.value, Body) == "format: must be one of csv, native_json; it is 'xml'."


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (TimeoutError(), "it has not answered in time"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connect call failed ('10.0.0.7', 5432)"), "connection refused"),
        (RuntimeError("10.0.0.7"), "it takes no connection (RuntimeError)"),
    ],
)
def test_why_the_server_is_not_ready_is_told_in_words_and_without_an_address(error: Exception, told: str) -> None:
    assert plain_reason(error) == told


def test_a_category_that_is_not_there_is_told_with_those_that_are() -> None:
    said = Said(customer="phone=+421901000001", action="accept", category="nope")
    (problem,) = problems_of(said, {"offers": ConsentCategory(name="offers")}, datetime(2026, 11, 27, tzinfo=UTC))
    assert str(problem) == "category: there is no consent category nope; there is offers."
