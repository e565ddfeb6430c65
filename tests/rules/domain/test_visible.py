"""What steers a terminal is no part of a name; what people write in their languages is."""

import pytest

from parley.domain.errors import InvalidInputError
from parley.domain.visible import check_visible


@pytest.mark.parametrize("name", ["Läden 🛍", "👨\u200d👩\u200d👧", "متجر", "Shop\u00a0One", ""])
def test_it_takes_what_people_write(name: str) -> None:
    check_visible("name", name)


@pytest.mark.parametrize("letter", ["\x1b", "\n", "\r", "\x00", "\x7f", "\x9b", "\u2028"])
def test_it_names_what_steers_and_where(letter: str) -> None:
    with pytest.raises(InvalidInputError, match=f"name: .*U\\+{ord(letter):04X} at place 5"):
        check_visible("name", f"Shop{letter}")
