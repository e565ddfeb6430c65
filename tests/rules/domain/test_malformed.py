"""What is no JSON object is told once, and in the words of whoever wrote it."""

import json

import pytest

from parley.domain.errors import InvalidInputError
from parley.domain.malformed import no_json
from parley.presets.reading import parse_preset
from parley.services.read_definitions import File, read_definitions
from parley.templates.template import parse_template

TOLD = {
    b'{"a": [1, {"b": [1e999]}]}': "holds a number that is out of range",
    b"[]": "must be an object; it is a list",
    b'{"a": "\xff"}': "is not UTF-8",
    b'{"a":\n nope}': "is not a JSON object: JSON is malformed: invalid character (line 2, column 6)",
}


@pytest.mark.parametrize(("data", "told"), TOLD.items())
def test_a_definition_that_is_no_object_is_told_plainly(data: bytes, told: str) -> None:
    with pytest.raises(InvalidInputError) as of_file:
        read_definitions([File("a.json", data)], {})
    assert str(of_file.value) == f"a.json: file: {told}."
    with pytest.raises(InvalidInputError) as of_preset:
        parse_preset(data)
    assert str(of_preset.value) == f"preset: {told}"
    with pytest.raises(InvalidInputError) as of_template:
        parse_template(data)
    assert str(of_template.value) == f"template: {told}"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "a value is missing (line 1, column 1)"),
        ('{"a"\n1}', "a colon is missing (line 2, column 1)"),
        ("[1 2]", "a comma is missing (line 1, column 4)"),
        ('"\\x"', "it is malformed (line 1, column 2)"),
        (b'"\xff"', "it is not UTF-8"),
    ],
)
def test_the_standard_librarys_words_are_not_told(text: str | bytes, told: str) -> None:
    with pytest.raises(ValueError, match=r".") as raised:
        json.loads(text)
    assert no_json(raised.value) == told
