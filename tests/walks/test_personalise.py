"""What is filled in once for everybody is what each customer would have been given anyway."""

from datetime import UTC, datetime
from typing import Any

import pytest

from parley.domain.customer import Address, AddressKind, Customer
from parley.domain.errors import InvalidInputError
from parley.domain.ids import new_id
from parley.presets import Preset, parse_preset
from parley.services.people import Person
from parley.services.personalise import Skipped, personaliser
from tests.support.builders import NOW

PRESET: Preset = parse_preset(
    b"""{"kind": "preset", "name": "note", "title": "Note", "purpose": "webhook", "method": "POST",
    "url": "https://[[ place ]]/notes", "format": "json",
    "body": "{\\"text\\": \\"[[ text ]]\\", \\"words\\": [[ words : list ]]}"}"""
)


def person(name: str) -> Person:
    ident = new_id()
    customer = Customer(ident, new_id(), {"first_name": name}, "+421901000001", None, NOW, NOW)
    return Person(customer, [Address(AddressKind.HARD, "registered", name.lower())], {}, [])


@pytest.mark.parametrize(
    ("given", "jana", "eva"),
    [
        ("The same", "The same", "The same"),
        ("Braces { but no Jinja }", "Braces { but no Jinja }", "Braces { but no Jinja }"),
        ("{# a remark #}Hello", "Hello", "Hello"),
        ("Hello {{ customer.first_name }}", "Hello Jana", "Hello Eva"),
        ("{{ customer_ids.registered }} {{ recipient }}", "jana 421901000001", "eva 421901000001"),
        ("{% set who = customer %}{{ who.first_name }}", "Jana", "Eva"),
        ("{{ campaign.name }} {{ time | int }}", f"Sale {NOW.timestamp():.0f}", f"Sale {NOW.timestamp():.0f}"),
        ("{{ nothing }}", "", ""),
    ],
)
def test_each_gets_a_text_of_his_own(given: str, jana: str, eva: str) -> None:
    made = personaliser(PRESET, {"text": given}, {"campaign": {"name": "Sale"}})
    assert [made.values(person(name), new_id(), NOW) for name in ("Jana", "Eva")] == [{"text": jana}, {"text": eva}]


def test_lists_and_the_authors_order_are_kept() -> None:
    given: dict[str, Any] = {
        "words": '"{{ customer.first_name }}", "b"',
        "place": "{{ customer.first_name }}",
        "text": "x",
    }
    values = personaliser(PRESET, given, {}).values(person("Jana"), new_id(), NOW)
    assert values == {"words": ["Jana", "b"], "place": "{{ customer.first_name }}", "text": "x"}
    assert list(values) == ["words", "place", "text"]


def test_what_cannot_be_read_is_told_for_each() -> None:
    made = personaliser(PRESET, {"text": "{{ 1 +", "words": "no quotation marks"}, {})
    for _ in range(2):
        with pytest.raises(InvalidInputError):
            made.values(person("Jana"), new_id(), NOW)


def test_chance_is_each_messages_own() -> None:
    made = personaliser(PRESET, {"text": "{{ range(0, 9999) | random }}"}, {})
    first, second = new_id(), new_id()
    drawn = [made.values(person("Jana"), ident, datetime(2026, 1, 1, tzinfo=UTC)) for ident in (first, second, first)]
    assert drawn[0] == drawn[2] != drawn[1]


def test_one_who_is_skipped_does_not_skip_the_others() -> None:
    made = personaliser(PRESET, {"text": "{% if customer.first_name == 'Eva' %}{% abort 'no' %}{% endif %}Hi"}, {})
    assert isinstance(made.values(person("Eva"), new_id(), NOW), Skipped)
    assert made.values(person("Jana"), new_id(), NOW) == {"text": "Hi"}
