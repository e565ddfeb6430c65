"""Callbacks that were not understood, as an operator lists them."""

from datetime import timedelta

import msgspec
import pytest

from parley.cli.callback import SHOWN, story
from parley.domain.errors import InvalidInputError
from parley.services.callback_problems import LONGEST_BEGINNING, CallbackProblem, list_callback_problems
from parley.services.create_project import create_project
from parley.services.receive_callbacks import Callback
from tests.support.builders import NOW, Cast
from tests.walks.walk import LEGACY, Walk, inbound, status

STRANGE = b'{"type":"whatsapp","surprises":[{}]}'


async def _came(walk: Walk, *bodies: bytes) -> None:
    for body in bodies:
        admitted = await walk.judged({}, body)
        assert isinstance(admitted, Callback)
        await walk.receive([admitted])


async def _listed(walk: Walk) -> list[CallbackProblem]:
    return (await list_callback_problems(walk.database, walk.project.project, 50, None)).callbacks


async def _lines(walk: Walk) -> list[str]:
    return list(story(await list_callback_problems(walk.database, walk.project.project, 50, None)))


async def test_it_says_what_was_wrong_and_how_it_begins(walk: Walk) -> None:
    await _came(walk, STRANGE)
    (one,) = await _listed(walk)
    assert await _lines(walk) == [
        "2026-11-23 12:00:00 UTC  shop-whatsapp  1 item not understood",
        "          problem: The body holds neither statuses nor notifications.",
        '          {"type":"whatsapp","surprises":[{}]}',
        f"          36 bytes, {one.id}",
    ]


async def test_what_was_understood_is_not_listed(walk: Walk, people: Cast) -> None:
    await walk.call_back(status("SINCH-9", "delivered", walk.now), inbound("421901000001", "HELLO", walk.now))
    assert await _listed(walk) == []


async def test_one_that_came_again_is_one_and_tells_how_often(walk: Walk) -> None:
    await _came(walk, STRANGE)
    walk.now += timedelta(minutes=1)
    await _came(walk, STRANGE)
    (one,) = await _listed(walk)
    assert (one.times_seen, one.received_at) == (2, NOW)
    assert (await _lines(walk))[0].endswith("1 item not understood, came 2 times")


async def test_of_several_items_those_that_were_not_understood_are_counted(walk: Walk, people: Cast) -> None:
    body = inbound("421901000001", "HELLO", walk.now) | {"statuses": [{"no": 1}, {"no": 2}]}
    await _came(walk, msgspec.json.encode(body))
    (one,) = await _listed(walk)
    assert one.items == 2
    assert one.problem


async def test_the_pages_hold_each_once_the_newest_first(walk: Walk) -> None:
    together = [b'{"type":"whatsapp","n":%d}' % number for number in range(4)]
    await _came(walk, *together)  # all at the same time
    walk.now += timedelta(minutes=1)
    await _came(walk, STRANGE)
    bodies: list[str] = []
    before = None
    for _ in range(3):
        page = await list_callback_problems(walk.database, walk.project.project, 2, before)
        bodies += [one.body for one in page.callbacks]
        before = page.next
    assert before is None
    assert bodies[0] == STRANGE.decode()
    assert sorted(bodies[1:]) == [one.decode() for one in together]


async def test_the_same_bytes_at_two_accounts_are_two(walk: Walk) -> None:
    await _came(walk, STRANGE)
    await walk.apply({**LEGACY, "name": "other", "account": {**LEGACY["account"], "account": "other-bot"}})
    await _came(walk, STRANGE)
    first = await list_callback_problems(walk.database, walk.project.project, 1, None)
    second = await list_callback_problems(walk.database, walk.project.project, 1, first.next)
    assert [one.integration for one in (*first.callbacks, *second.callbacks)] == ["shop-whatsapp", "other"]
    assert second.next is None


async def test_what_steers_a_terminal_breaks_a_line_or_is_no_text_is_written_out(walk: Walk) -> None:
    await _came(walk, b"\x1b[2K\n\tno JSON \xff")
    (one,) = await _listed(walk)
    assert one.body == "\x1b[2K\n\tno JSON \\xff"
    assert (await _lines(walk))[2] == "          \\x1b[2K\\n\\tno JSON \\xff"


async def test_of_a_long_one_the_beginning_is_read_and_less_is_shown(walk: Walk) -> None:
    body = '{"type":"whatsapp","long":"' + "ž" * 10_000 + '"}'
    await _came(walk, body.encode())
    (one,) = await _listed(walk)
    assert (one.body, one.body_bytes) == (body[:LONGEST_BEGINNING], len(body.encode()))
    assert (await _lines(walk))[2] == f"          {body[:SHOWN]}…"


async def test_another_project_sees_nothing_of_it(walk: Walk) -> None:
    await _came(walk, STRANGE)
    other = await create_project(walk.database, "Another shop", NOW)
    assert (await list_callback_problems(walk.database, other.project, 50, None)).callbacks == []


@pytest.mark.parametrize(
    ("size", "before", "field"),
    [
        (0, None, "size"),
        (1_001, None, "size"),
        (50, "", "before"),
        (50, "shop-whatsapp", "before"),
        (50, "shop-whatsapp/00", "before"),
        (50, f"shop-whatsapp/{'0' * 64}", "before"),
        (50, f"nul\0/{'0' * 64}", "before"),
        (50, f"half \ud83d/{'0' * 64}", "before"),
    ],
)
async def test_a_page_that_cannot_be_is_told(walk: Walk, size: int, before: str | None, field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        await list_callback_problems(walk.database, walk.project.project, size, before)
    assert [one.field for one in caught.value.problems] == [field]
