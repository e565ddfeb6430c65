"""What does not fit its type is told with what there is to choose from, and never with a pattern."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal

import msgspec
import pytest

from parley.domain.consent import ConsentCategory
from parley.domain.errors import InvalidInputError
from parley.domain.misfit import MOST_TOLD, every_misfit, joined, misfit
from parley.domain.settings import Settings, parse_settings


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
    by_digit: dict[Annotated[str, msgspec.Meta(pattern="^[0-9]$", extra={"sentence": "must be one digit"})], int] = {}
    by_colour: Mapping[Colour, int] | None = None
    floors: list[dict[Annotated[str, msgspec.Meta(min_length=2)], int]] = []


@pytest.mark.parametrize(
    ("given", "path", "sentence"),
    [
        ({"lamps": [{}, {"color": "blue"}]}, "lamps[1].color", "must be one of red, green; it is 'blue'"),
        ({"porch": {"shape": "square"}}, "porch.shape", "must be one of long, round; it is 'square'"),
        ({"porch": {"kind": "bed"}}, "porch.kind", "must be lamp; it is 'bed'"),
        ({"rooms": {"hall": {"code": "x"}}}, "rooms[...].code", "must be one digit"),
        ({"porch": {"bare": "x"}}, "porch.bare", "must match ^[0-9]$"),
        ({"lamps": 7}, "lamps", "must be a list; it is a whole number"),
        ([], "", "must be an object; it is a list"),
        ({"by_digit": {"x": 1}}, "by_digit", "each name in it must be one digit"),
        ({"by_colour": {"blue": 1}}, "by_colour", "each name in it must be one of red, green; it is 'blue'"),
        ({"floors": [{}, {"x": 1}]}, "floors[1]", "each name in it must have at least 2 characters"),
    ],
)
def test_it_says_where_and_what_it_must_be(given: Any, path: str, sentence: str) -> None:
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.convert(given, House)
    assert misfit(raised.value, House) == (path, sentence)


class Wire(msgspec.Struct, tag="wire", forbid_unknown_fields=True):
    """One of two kinds, with what it must have."""

    name: str
    volts: Annotated[int, msgspec.Meta(ge=1, le=240)]
    colour: Colour = Colour.RED


class Pipe(msgspec.Struct, tag="pipe", forbid_unknown_fields=True):
    """The other."""

    name: str


class Plan(msgspec.Struct, forbid_unknown_fields=True):
    """With both in a list."""

    title: str
    owner: Wire | None = None
    parts: Annotated[list[Wire | Pipe], msgspec.Meta(min_length=1)] = []
    on: date | None = None
    rates: list[float] = []
    tags: dict[Annotated[str, msgspec.Meta(pattern="^[a-z]+$", extra={"sentence": "must be small"})], Pipe] = {}


A_WIRE = {"type": "wire", "name": "a", "volts": 12}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            {"hue": 1, "owner": {**A_WIRE, "volts": 9999, "colour": "blue", "type": "wire"}, "on": "soon"},
            [
                "hue: is not known here; known: title, owner, parts, on, rates, tags.",
                "owner.volts: must be at most 240.",
                "owner.colour: must be one of red, green; it is 'blue'.",
                "on: must be a date like 2026-11-23.",
                "title: is missing.",
            ],
        ),
        (
            {"title": "t", "parts": [{"type": "rope"}, A_WIRE, {"type": "wire", "volts": "x"}, 7, {"type": "pipe"}]},
            [
                "parts[0].type: must be one of wire, pipe; it is 'rope'.",
                "parts[2].volts: must be a whole number; it is a text.",
                "parts[2].name: is missing.",
                "parts[3]: must be an object; it is a whole number.",
                "parts[4].name: is missing.",
            ],
        ),
        ({"title": "t", "parts": [7]}, ["parts[0]: must be an object; it is a whole number."]),
        ({"title": "t", "parts": []}, ["parts: must have at least 1 entry."]),
        (
            {"title": 1, "rates": [1, "x", 2, None, "y"]},
            [
                "title: must be a text; it is a whole number.",
                "rates[1]: must be a number; it is a text.",
                "rates[3]: must be a number; it is nothing.",
                "rates[4]: must be a number; it is a text.",
            ],
        ),
        ([], ["plan: must be an object; it is a list."]),
        (
            {"title": 1, "tags": {"A": {}}},
            ["title: must be a text; it is a whole number.", "tags: each name in it must be small."],
        ),
        ({"tags": {"a": {"type": "pipe"}}}, ["tags[...].name: is missing.", "title: is missing."]),
    ],
)
def test_every_fault_of_a_file_is_told_at_once_and_none_that_is_only_its_consequence(given: Any, told: Any) -> None:
    problems = every_misfit(msgspec.json.encode(given), Plan, "plan").problems
    assert [str(problem) for problem in problems] == told


PLAN = "is not known here; known: title, owner, parts, on, rates, tags."


@pytest.mark.parametrize("name", ["[0]", "[...]", "a.b", "rates[7]", "a\nb", ""])
def test_a_field_that_is_not_known_may_have_any_name(name: str) -> None:
    given = {"title": "t", "rates": ["x", 1], name: 1, "parts": [{"type": "pipe", "name": "n", name: 1}], "on": 1}
    told = {str(problem) for problem in every_misfit(msgspec.json.encode(given), Plan, "plan").problems}
    assert told == {
        "rates[0]: must be a number; it is a text.",
        f"{name or 'plan'}: {PLAN}",
        f"{joined('parts[0]', name)}: is not known here; known: name, volts, colour, name.",
        "on: must be date or nothing; it is a whole number.",
    }


@pytest.mark.parametrize(
    "path", [".y", "[0]", ".title[0]", ".title", ".parts[7].name", ".rates[9999999999]", ".parts[...]"]
)
def test_a_field_may_be_called_like_the_end_of_the_library_s_own_sentence(path: str) -> None:
    given = {"title": "t", "parts": [7], "rates": ["x"], "on": "2026-01-01", f"x` - at `${path}": 1}
    told = {str(problem) for problem in every_misfit(msgspec.json.encode(given), Plan, "plan").problems}
    assert any(" is not known here; " in one for one in told)


def test_who_may_write_a_consent_is_told_in_words() -> None:
    given = {"name": 1, "sources": {"boss": True}}
    assert [str(problem) for problem in every_misfit(msgspec.json.encode(given), ConsentCategory, "it").problems] == [
        "name: must be a text; it is a whole number.",
        "sources: each name in it must be one of crm, import, page, private_api, public_api, scenario.",
    ]


def test_of_endless_faults_so_many_are_told() -> None:
    given = {"title": "t", "parts": [{"type": "pipe", "name": n} for n in range(99)]}
    assert len(every_misfit(msgspec.json.encode(given), Plan, "plan").problems) == MOST_TOLD


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
        ({"[0]": 1}, "[0]: is not known here; known: " + ", ".join(Settings.__struct_fields__) + "."),
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
