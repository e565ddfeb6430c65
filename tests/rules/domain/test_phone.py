"""Every phone case: what people write in, E.164 and the match key out, or the reason why it cannot be used."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parley.domain.phone import PhoneNumber, UnusablePhone, as_dialled, match_key, match_key_of_wa_id, read_phone

FOLDER = Path(__file__).parents[2] / "cases" / "phone"
FILES = ("usable.json", "equivalent.json", "unusable.json")

Case = dict[str, Any]


def cases() -> list[Any]:
    """A pytest parameter for every case."""
    found = [(name, case) for name in FILES for case in json.loads((FOLDER / name).read_text("utf-8"))]
    return [pytest.param(case, id=f"{name}: {case['description']}") for name, case in found]


@pytest.mark.parametrize("case", cases())
def test_it_reads_what_people_write(case: Case) -> None:
    match read_phone(case["input"], case.get("default_region")):
        case PhoneNumber(e164=e164, match_key=key, original=original):
            assert {"e164": e164, "match_key": key} == case["expected"]
        case UnusablePhone(reason=reason, original=original):
            assert {"reason": reason} == case["expected"]
    assert str(case["input"]).startswith(original)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("5531991234567", "553191234567"),
        ("525512345678", "5215512345678"),
        ("5491123456789", "541123456789"),
    ],
)
def test_it_finds_one_person_under_both_of_their_numbers(one: str, other: str) -> None:
    assert match_key(one) == match_key(other) == match_key_of_wa_id(one) == match_key_of_wa_id(f"+{other}")


@pytest.mark.parametrize("wa_id", ["SK.13491208655302741918", "US.ENT.11815799212886844830", "", "abc", "12345"])
def test_it_makes_no_number_of_what_is_none(wa_id: str) -> None:
    assert match_key_of_wa_id(wa_id) is None


@settings(deadline=None)  # the first number of a country loads its tables
@given(st.text(max_size=80) | st.integers() | st.text(alphabet="+0123456789 ()-.٠١٢", max_size=24))
def test_it_has_an_answer_to_everything(value: str | int) -> None:
    match read_phone(value):
        case PhoneNumber(e164=e164):
            assert e164.startswith("+")
            assert 8 <= len(e164) - 1 <= 15
            assert read_phone(e164) == PhoneNumber(e164, match_key(e164[1:]), e164)
        case UnusablePhone(reason=reason):
            assert reason.endswith(".")


@given(st.text(st.characters(max_codepoint=127), max_size=30))
def test_a_name_in_ascii_has_the_key_that_it_has_beside_an_invisible_letter(name: str) -> None:
    assert match_key_of_wa_id(name) == match_key_of_wa_id(f"{name}\u200e")


def test_what_is_printed_is_read_again() -> None:
    assert as_dialled("421901234567") == "+421901234567"
    assert as_dialled("US.13491208655302741918") == "US.13491208655302741918"
