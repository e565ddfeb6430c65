"""One of a kind is written as one."""

import pytest

from parley.domain.counting import counted


@pytest.mark.parametrize(
    ("count", "things", "written"),
    [
        (0, "messages", "0 messages"),
        (1, "messages", "1 message"),
        (2_000, "messages due", "2,000 messages due"),
        (1, "messages due", "1 message due"),
        (1, "journeys waiting", "1 journey waiting"),
        (1, "entries", "1 entry"),
        (2, "entries", "2 entries"),
    ],
)
def test_it_is_written_as_people_say_it(count: int, things: str, written: str) -> None:
    assert counted(count, things) == written
