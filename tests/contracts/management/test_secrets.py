"""Secrets of definitions as a person or a pipeline gives them: what can never work is refused before it is stored."""

import msgspec
import pytest

from parley.domain.errors import InvalidInputError
from parley.services.read_definitions import File, ReadDefinition, read_definitions

SECRET = "integration/shop-whatsapp/account.bearer_token"
FIELD = "whatsapp.json: account.bearer_token"
VARIABLE = {"$env": "SHOP_TOKEN"}


def read(token: object, variable: str = "good", signing_secret: object = "signs") -> ReadDefinition:
    definition = {
        "kind": "integration",
        "name": "shop-whatsapp",
        "api": "sinch_legacy",
        "account": {"account": "shop-bot", "bearer_token": token},
        "signing_secret": signing_secret,
    }
    return read_definitions([File("whatsapp.json", msgspec.json.encode(definition))], {"SHOP_TOKEN": variable})[0]


def problems(token: object, variable: str = "good", signing_secret: object = "signs") -> list[tuple[str, str]]:
    with pytest.raises(InvalidInputError) as refused:
        read(token, variable, signing_secret)
    return [(problem.field, problem.sentence) for problem in refused.value.problems]


@pytest.mark.parametrize("variable", ["", " ", "\n", " \t\r\n"])
def test_a_variable_that_holds_nothing_is_like_none(variable: str) -> None:
    """As the secret of a pipeline that nobody has set."""
    assert problems(VARIABLE, variable) == [(FIELD, "the variable SHOP_TOKEN is empty; set it and apply.")]


def test_blanks_typed_for_a_secret_are_none() -> None:
    sentence = 'is empty; type it in, or {"$env": "NAME"} for the variable that holds it.'
    assert problems("   ", signing_secret="\t") == [(FIELD, sentence), ("whatsapp.json: signing_secret", sentence)]


@pytest.mark.parametrize("around", ["{}\n", "{}\r\n", " {} "])
@pytest.mark.parametrize("typed", [True, False])
def test_what_stands_around_a_secret_is_left_out(around: str, typed: bool) -> None:
    given = around.format("abc")
    assert read(given if typed else VARIABLE, given).secrets[SECRET] == "abc"


@pytest.mark.parametrize("token", ["ab\nc", "ab\x00c", "ab\x1bc", "ab\udcffc"])
def test_a_secret_on_two_lines_or_with_control_characters_is_refused(token: str) -> None:
    [(field, sentence)] = problems(VARIABLE, token)
    assert field == FIELD
    assert "cannot be printed; copy it anew" in sentence


@pytest.mark.parametrize("typed", [True, False])
def test_a_bearer_token_fits_into_a_header(typed: bool) -> None:
    [(field, sentence)] = problems("žluť" if typed else VARIABLE, "žluť")
    assert field == FIELD
    assert "not ASCII" in sentence
    assert "žluť" not in sentence


def test_a_signing_secret_may_be_in_any_letters() -> None:
    """It goes into no header: what is signed with it does."""
    assert read("abc", signing_secret="žluť").secrets["integration/shop-whatsapp/signing_secret"] == "žluť"
