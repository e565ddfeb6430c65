"""What does not fit its type is told with what there is to choose from, and never with a pattern."""

from enum import StrEnum
from typing import Annotated, Any, Literal

import msgspec
import pytest

from parley.domain.errors import InvalidInputError
from parley.domain.misfit import joined, misfit
from parley.domain.settings import parse_settings


class Colour(StrEnum):
    """Of a lamp."""

    RED = "red"
    GREEN = "green"


class Lamp(msgspec.Struct, rename={"colour": "color"}):
    """Small, with one of each thing that may be wrong."""

    colour: Colour = Colour.RED
    shape: Literal["round", "long"] | None = None
    kind: Literal["lamp"] = "lamp"
    code: Annotated[str, msgspec.Meta(pattern="^[0-9]$", extra={"sentence": "must be one digit"})] = "1"
    bare: Annotated[str, msgspec.Meta(pattern="^[0-9]$")] = "1"


class House(msgspec.Struct):
    """With lamps in lists and by name."""

    lamps: tuple[Lamp, ...] = ()
    rooms: dict[str, Lamp] = {}
    porch: Lamp | None = None


@pytest.mark.parametrize(
    ("given", "path", "sentence"),
    [
        ({"lamps": [{}, {"color": "blue"}]}, "lamps[1].color", "must be one of red, green; it is 'blue'"),
        ({"porch": {"shape": "square"}}, "porch.shape", "must be one of long, round; it is 'square'"),
        ({"porch": {"kind": "bed"}}, "porch.kind", "must be lamp; it is 'bed'"),
        ({"rooms": {"hall": {"code": "x"}}}, "rooms[...].code", "must be one digit"),
        ({"porch": {"bare": "x"}}, "porch.bare", "Expected `str` matching regex '^[0-9]$'"),
        ({"lamps": 7}, "lamps", "Expected `array`, got `int`"),
        ([], "", "Expected `object`, got `array`"),
    ],
)
def test_it_says_where_and_what_it_must_be(given: Any, path: str, sentence: str) -> None:
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.convert(given, House)
    assert misfit(raised.value, House) == (path, sentence)


def test_a_path_goes_on_after_its_name() -> None:
    assert [joined("buttons", "[0].type"), joined("body", "text"), joined("body", "")] == [
        "buttons[0].type",
        "body.text",
        "body",
    ]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"rules": "old"}, "rules: must be one of current, transactional; it is 'old'."),
        (
            {"quiet_hours": {"spans": [{"from": "25:00", "to": "08:00"}]}},
            "quiet_hours.spans[0].from: must be a time of the day from `00:00` to `23:59`, such as `21:30`.",
        ),
    ],
)
def test_the_settings_are_told_in_words(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInputError) as raised:
        parse_settings(msgspec.json.encode({"kind": "settings"} | settings))
    assert [str(problem) for problem in raised.value.problems] == [said]
