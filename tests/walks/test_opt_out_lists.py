"""Who opted out on the consent lists of an app at the local Sinch is followed here, and a later yes stands."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from parley.domain.errors import InvalidInputError
from parley.domain.suppression import Scope
from parley.providers.http import HttpClient
from parley.services.fetch_opt_outs import NotFetchedError, OptOutLists
from parley.services.keep_suppressions import read_suppressions
from tests.simulator.desk import Desk, open_desk
from tests.support.builders import Cast, add_customer
from tests.walks.test_keywords import ALICE, CAROL, stands
from tests.walks.test_template_sync import account
from tests.walks.walk import Walk

STRANGER = "421901000077"


@pytest.fixture(scope="module")
def running() -> Iterator[Desk]:
    with open_desk("--chaos", "off") as desk:
        yield desk


class Shelf:
    """The lists, and a shop that fetches them at the simulator's time or later."""

    def __init__(self, walk: Walk, desk: Desk, lists: OptOutLists) -> None:
        self.walk = walk
        self.desk = desk
        self._lists = lists

    def put(self, number: str, name: str) -> None:
        self.desk.sim("consents", {"number": number, "list_type": name})

    async def fetch(self, sender: str | None = "sinch") -> dict[str, tuple[int, int, int]]:
        told = await self._lists.fetch(self.walk.project.project, sender)
        return {one.name: (one.numbers, one.customers, one.entries) for one in told}

    async def suppressed(self) -> dict[str | None, Scope]:
        listed = await read_suppressions(self.walk.database, self.walk.project.project, None, None, 10)
        return {one.address: one.scope for one in listed.suppressions}


@pytest.fixture
async def shelf(walk: Walk, running: Desk) -> AsyncIterator[Shelf]:
    running.reset()
    walk.now = datetime.fromisoformat(running.sim("state")["now"]).astimezone(UTC) + timedelta(minutes=1)
    await walk.apply(account(running), {"kind": "consent_category", "name": "offers", "purpose": "marketing"})
    async with HttpClient() as wire:
        lists = OptOutLists(walk.database, walk.box, wire, lambda: walk.now, lambda: 0.5)
        yield Shelf(walk, running, lists)
        await lists.close()


async def test_who_opted_out_there_gets_nothing_more(shelf: Shelf, people: Cast) -> None:
    twin = await add_customer(shelf.walk.database, shelf.walk.project, "twin", {"phone": f"+{ALICE}"})
    shelf.put(ALICE, "OPT_OUT_ALL")
    shelf.put(STRANGER, "OPT_OUT_ALL")
    assert (await shelf.fetch())["OPT_OUT_ALL"] == (2, 2, 4)  # alice and her twin, in two categories each
    assert [await stands(shelf.walk, one) for one in (people.alice, twin)] == [False, False]
    assert await shelf.suppressed() == {ALICE: Scope.ALL, STRANGER: Scope.ALL}
    assert (await shelf.fetch())["OPT_OUT_ALL"] == (2, 2, 0)


async def test_who_opted_out_of_marketing_keeps_the_rest(shelf: Shelf, people: Cast) -> None:
    await shelf.walk.track(people.alice, "consent", action="accept", category="offers", valid_until="unlimited")
    shelf.walk.now += timedelta(hours=1)
    shelf.desk.advance(1800)
    shelf.put(ALICE, "OPT_OUT_MARKETING")
    shelf.put(CAROL, "OPT_OUT_NOTIFICATION")
    told = await shelf.fetch()
    assert (told["OPT_OUT_MARKETING"], told["OPT_OUT_NOTIFICATION"]) == ((1, 1, 1), (1, 1, 0))
    assert [await stands(shelf.walk, people.alice, name) for name in ("whatsapp", "offers")] == [True, False]
    assert await shelf.suppressed() == {ALICE: Scope.MARKETING}


async def test_a_yes_that_came_later_stands(shelf: Shelf, people: Cast) -> None:
    shelf.put(ALICE, "OPT_OUT_ALL")
    shelf.walk.now += timedelta(minutes=5)
    await shelf.walk.track(people.alice, "consent", action="accept", category="whatsapp", valid_until="unlimited")
    assert (await shelf.fetch())["OPT_OUT_ALL"] == (1, 1, 2)
    assert await stands(shelf.walk, people.alice)


async def test_long_lists_are_read_to_their_end(shelf: Shelf, people: Cast) -> None:
    for number in range(60):
        shelf.put(f"4219020000{number:02}", "OPT_OUT_ALL")
    assert (await shelf.fetch())["OPT_OUT_ALL"][0] == 60


async def test_only_the_conversation_api_has_lists_and_a_refusal_says_why(shelf: Shelf, people: Cast) -> None:
    with pytest.raises(InvalidInputError, match="sinch"):
        await shelf.fetch("shop-whatsapp")
    await shelf.walk.apply(account(shelf.desk, app_id="01HX0AAAAAAAAAAAAAAAAAAAAA"))
    with pytest.raises(NotFetchedError, match="does not show its consent lists"):
        await shelf.fetch()
