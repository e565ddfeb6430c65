"""An uncertain message is looked for in the provider's own list: found is proof, not found is none.

The provider is the simulator, over real HTTP; where a test needs an answer that it does not give, a script.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import pytest

from parley.domain.http import HttpRequest, HttpResponse
from parley.domain.message import State
from parley.providers.http import HttpClient, NotSentError, UnansweredError, Wire
from parley.services.deliver_messages import Delivery
from parley.services.doctor import Releaser, diagnose
from parley.services.explain_message import explain_message
from parley.services.look_at_provider import CLAIM, LOOKS, NO_MORE, Looker
from parley.services.move_messages import Change, move_messages
from parley.store.doctor import What
from parley.store.settling import claim_unlooked
from tests.simulator.desk import Desk, cart, open_desk
from tests.support.builders import Cast
from tests.walks.walk import Walk

ALICE = "421901000001"


class LosingWire:
    """A real client; the answer to a send is lost on the way back, or the request on the way there."""

    def __init__(self, client: HttpClient) -> None:
        self._client = client
        self.arrives = True
        self.asked: list[HttpRequest] = []

    async def send(self, request: HttpRequest, timeout: float) -> HttpResponse:  # noqa: ASYNC109  the protocol's word
        self.asked.append(request)
        is_send = request.url.endswith("messages:send")
        if self.arrives or not is_send:
            answer = await self._client.send(request, timeout)
        if is_send:
            raise UnansweredError("The connection was cut.")
        return answer

    @property
    def lists(self) -> int:
        """How often a list was asked for."""
        return sum("/messages?" in request.url for request in self.asked)


class Scripted:
    """Gives tokens, and the next answer of the script to whatever else is asked."""

    def __init__(self, *script: HttpResponse | Exception) -> None:
        self.script = list(script)

    async def send(self, request: HttpRequest, timeout: float) -> HttpResponse:  # noqa: ASYNC109  the protocol's word
        assert timeout > 0
        if request.url.endswith("/token"):
            return HttpResponse(200, (), b'{"access_token": "t", "expires_in": 3599}')
        answer = self.script.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture(scope="module")
def sinch() -> Iterator[Desk]:
    with open_desk("--chaos", "off") as desk:
        yield desk


@pytest.fixture
def desk(sinch: Desk) -> Desk:
    sinch.reset()
    sinch.sim("settings", {"retention_days": 7})
    return sinch


@pytest.fixture
async def wire() -> AsyncIterator[LosingWire]:
    async with HttpClient() as client:
        yield LosingWire(client)


@pytest.fixture
async def lost(walk: Walk, people: Cast, desk: Desk, wire: LosingWire) -> Walk:
    """The integration speaks to the simulator, and whatever is sent there stays without an answer."""
    app = {name: desk.app[name] for name in ("project_id", "app_id", "key_id", "key_secret")}
    at = {"base_url": desk.url, "auth_url": f"{desk.url}/oauth2/token"}
    await walk.apply(
        {"kind": "integration", "name": "shop-whatsapp", "api": "sinch_conversation", "account": {**app, **at}}
    )
    walk.delivery = Delivery(walk.database, walk.box, wire, lambda: walk.now, lambda: 0.5)
    return walk


async def _send(walk: Walk, people: Cast) -> str:
    """The id of a message to Alice that has become uncertain."""
    await walk.track(people.alice, "back_in_stock", product_url="https://shop.test/p/7")
    await walk.come_to_rest()
    event = (await walk.events(people.alice))[-1]
    assert event["status"] == "uncertain"
    return str(event["message_id"])


def _looker(walk: Walk, wire: Wire) -> Looker:
    return Looker(walk.database, walk.box, wire, lambda: walk.now, lambda: 0.5)


async def _look(walk: Walk, wire: Wire, after: timedelta = LOOKS[0]) -> int:
    walk.now += after
    return await _looker(walk, wire).step()


async def _note(walk: Walk, ident: str) -> dict[str, Any]:
    message = (await explain_message(walk.database, ident, walk.now)).message
    assert message.state == "uncertain"
    note: dict[str, Any] = message.decision["looked"]
    return note


@pytest.mark.parametrize("mode", ["DISPATCH", "CONVERSATION"])
async def test_what_the_provider_has_is_accepted_and_its_reports_go_on(
    lost: Walk, people: Cast, wire: LosingWire, desk: Desk, mode: str
) -> None:
    desk.sim("settings", {"mode": mode, "retention_days": 7})
    ident = await _send(lost, people)
    assert await _look(lost, wire) == 1
    message = (await explain_message(lost.database, ident, lost.now)).message
    assert (message.state, message.outcome_code) == ("accepted", "found_at_provider")
    assert desk.sim("journal/counts")["counts"] == {ident: 1}
    report = {"message_id": message.provider_message_id, "status": "DELIVERED"}
    await lost.call_back({"app_id": desk.app["app_id"], "message_delivery_report": report})
    assert (await lost.states(people.alice, "template"))[-1] == "delivered"


async def test_it_is_found_behind_many_others_to_the_same_person(
    lost: Walk, people: Cast, wire: LosingWire, desk: Desk
) -> None:
    ident = await _send(lost, people)
    for _ in range(101):
        desk.send(cart(), ALICE, message_metadata="another")
    await _look(lost, wire)
    assert (await explain_message(lost.database, ident, lost.now)).message.state == "accepted"
    assert wire.lists == 2


async def test_an_app_that_keeps_nothing_proves_nothing(lost: Walk, people: Cast, wire: LosingWire, desk: Desk) -> None:
    desk.sim("settings", {"retention_days": 0})
    ident = await _send(lost, people)
    await _look(lost, wire)
    assert "keeps no messages" in (await _note(lost, ident))["sentence"]
    asked = len(wire.asked)
    for after in LOOKS:
        await _look(lost, wire, after)
    assert len(wire.asked) == asked


async def test_what_never_arrived_is_looked_for_so_often_and_stays_uncertain(
    lost: Walk, people: Cast, wire: LosingWire
) -> None:
    wire.arrives = False
    ident = await _send(lost, people)
    for _ in range(int(NO_MORE / timedelta(minutes=30))):
        await _look(lost, wire, timedelta(minutes=30))
    assert wire.lists == len(LOOKS) - 1  # the second look stood for the first two
    note = await _note(lost, ident)
    assert note["times"] == len(LOOKS) - 1
    assert "lists none" in note["sentence"]
    assert sum(request.url.endswith("messages:send") for request in wire.asked) == 1


async def test_the_doctor_leaves_it_to_the_provider_for_an_hour_then_to_the_operator(lost: Walk, people: Cast) -> None:
    ident = await _send(lost, people)
    told = {}
    for hours in (0.5, 2.0):
        found = await diagnose(lost.database, lost.project_id, lost.now + timedelta(hours=hours))
        told[hours] = next(one for one in found if one.what is What.MESSAGES_UNCERTAIN)
    assert [one.waits_for for one in told.values()] == [Releaser.PROVIDER, Releaser.OPERATOR]
    assert "Look for them at the provider" in told[2.0].remedy
    assert (await explain_message(lost.database, ident, lost.now)).remedy == told[2.0].remedy


async def test_it_is_not_looked_for_at_once(lost: Walk, people: Cast, wire: LosingWire) -> None:
    await _send(lost, people)
    assert await _look(lost, wire, LOOKS[0] - timedelta(seconds=1)) == 0


async def test_two_workers_look_once(lost: Walk, people: Cast, wire: LosingWire) -> None:
    await _send(lost, people)
    lost.now += LOOKS[0]
    looked = await asyncio.gather(*(_looker(lost, wire).step() for _ in range(4)))
    assert sum(looked) == 1
    assert wire.lists == 1


async def test_a_worker_that_vanished_while_it_looked_leaves_the_look_to_another(
    lost: Walk, people: Cast, wire: LosingWire
) -> None:
    await _send(lost, people)
    lost.now += LOOKS[0]
    async with lost.database.transaction() as connection:
        assert await claim_unlooked(connection, 9, lost.now - NO_MORE, lost.now, lost.now, lost.now + CLAIM)
    assert await _look(lost, wire, CLAIM - timedelta(seconds=1)) == 0
    assert await _look(lost, wire, timedelta(seconds=1)) == 1
    assert (await lost.states(people.alice, "template"))[-1] == "accepted"


async def test_a_report_that_comes_while_somebody_looks_wins(lost: Walk, people: Cast, wire: LosingWire) -> None:
    ident = await _send(lost, people)
    lost.now += LOOKS[0]

    class Meanwhile(LosingWire):
        async def send(self, request: HttpRequest, timeout: float) -> HttpResponse:  # noqa: ASYNC109
            report = {"message_id": "01OTHER", "status": "READ", "metadata": ident}
            await lost.call_back({"app_id": "a", "message_delivery_report": report})
            return await wire.send(request, timeout)

    async with HttpClient() as client:
        await _looker(lost, Meanwhile(client)).step()
    assert (await lost.states(people.alice, "template"))[-1] == "read"


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (NotSentError("The server was not reached."), "not reached"),
        (UnansweredError("cut"), "cut"),
        (HttpResponse(500, (), b"{}"), "had a fault"),
        (HttpResponse(401), "credentials"),
        (HttpResponse(200, (), b"<html>"), "could not be read"),
        (HttpResponse(200, (), b'{"dispatch_retention_policy": 7}'), "could not be read"),
        (HttpResponse(200, (), b'{"retention_policy": {"ttl_days": "7"}}'), "could not be read"),
    ],
)
async def test_trouble_with_the_list_is_noted_and_it_is_tried_again(
    lost: Walk, people: Cast, wire: LosingWire, trouble: HttpResponse | Exception, said: str
) -> None:
    ident = await _send(lost, people)
    await _look(lost, Scripted(trouble))
    assert said in (await _note(lost, ident))["sentence"]
    await _look(lost, wire, LOOKS[1])
    assert (await lost.states(people.alice, "template"))[-1] == "accepted"


async def test_it_waits_as_long_as_the_provider_says(lost: Walk, people: Cast, wire: LosingWire) -> None:
    await _send(lost, people)
    await _look(lost, Scripted(HttpResponse(429, (("retry-after", "3600"),))))
    assert await _look(lost, wire, timedelta(minutes=59)) == 0
    assert await _look(lost, wire, timedelta(minutes=1)) == 1


async def test_a_message_without_a_list_to_look_in_says_so(walk: Walk, people: Cast, wire: LosingWire) -> None:
    walk.sinch.script.append(UnansweredError("cut"))
    ident = await _send(walk, people)
    await _look(walk, wire)
    assert "no list of messages" in (await _note(walk, ident))["sentence"]
    assert wire.asked == []


async def test_what_a_person_settled_meanwhile_is_not_touched(lost: Walk, people: Cast, wire: LosingWire) -> None:
    wire.arrives = False
    ident = await _send(lost, people)
    lost.now += LOOKS[0]
    looking = asyncio.create_task(_looker(lost, wire).step())
    await _give_up(lost, ident)
    await looking
    assert (await explain_message(lost.database, ident, lost.now)).message.state == "failed"


async def _give_up(walk: Walk, ident: str) -> None:
    found = (await explain_message(walk.database, ident, walk.now)).message
    async with walk.database.transaction() as connection:
        await move_messages(connection, [Change(found.id, State.FAILED, walk.now, code="given_up")], walk.now)
