"""What steers a terminal is no part of a name; what people write in their languages is."""

import pytest

from parley.domain.errors import InvalidInputError
from parley.domain.visible import LONGEST_WORD, check_visible, shortened, visible


@pytest.mark.parametrize("name", ["Läden 🛍", "👨\u200d👩\u200d👧", "متجر\u200f!", "\u200eShop", "Shop\u00a0One", ""])
def test_it_takes_what_people_write(name: str) -> None:
    check_visible("name", name)


TURNING = [chr(point) for point in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))]
"""Unicode's embeddings, overrides and isolates."""


@pytest.mark.parametrize("letter", ["\x1b", "\n", "\r", "\x00", "\x7f", "\x9b", "\u2028", *TURNING])
def test_it_names_what_steers_and_where(letter: str) -> None:
    with pytest.raises(InvalidInputError, match=f"name: .*U\\+{ord(letter):04X} at place 5"):
        check_visible("name", f"Shop{letter}")


@pytest.mark.parametrize(
    "text",
    ["Läden 🛍", "👨\u200d👩\u200d👧", "متجر\tيوم\u200f!", "\u200eShop", "first\nsecond\n", "Shop\u00a0One", ""],
)
def test_it_shows_what_people_write_as_it_is(text: str) -> None:
    assert visible(text) == text


def test_it_writes_out_what_steers() -> None:
    assert visible("a\x1b[2Kb\r\x9bc\u2028d\n") == "a\\x1b[2Kb\\r\\x9bc\\u2028d\n"


@pytest.mark.parametrize("letter", TURNING)
def test_it_writes_out_what_turns_the_line(letter: str) -> None:
    assert visible(f"sale{letter}off") == f"sale\\u{ord(letter):04x}off"


def test_it_cuts_endless_words_and_nothing_else() -> None:
    assert shortened(f"there is no {'x' * 10_000}; there is sale.") == f"there is no {'x' * 40}… there is sale."
    long = "word " * 1_000 + "y" * (LONGEST_WORD - 1)
    assert shortened(long) == long
