"""Access tokens against a real server on loopback: how often it is asked, and what its refusals become."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from parley.domain.http import HttpRequest, HttpResponse
from parley.domain.message import NotAccepted, Remedy
from parley.providers.http import HttpClient, UnansweredError
from parley.providers.oauth2 import ATTEMPTS, LONGEST_PAUSE, Credentials, Token, TokenSource
from tests.contracts.providers.loopback import closed_port, header_of, http_server

START = datetime(2026, 5, 1, 10, 0, tzinfo=UTC)
PATIENCE = 10.0
EXPIRED = HttpResponse(
    401,
    (("WWW-Authenticate", 'Bearer error="invalid_token", error_description="Jwt expired at 2026-05-01T10:00:00Z"'),),
)
REVOKED = HttpResponse(401, (), b'{"error":{"code":401,"message":"Unauthorized","status":"UNAUTHENTICATED"}}')


class Clock:
    """Stands still until told otherwise."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


class Provider:
    """A token endpoint and a send endpoint. Tokens are `token-1`, `token-2`, ... in order."""

    def __init__(self) -> None:
        self.asked: list[HttpRequest] = []
        self.sent: list[str] = []
        self.refusals: list[HttpResponse] = []
        """The token endpoint's next answers; a token when there are none."""
        self.answers: list[HttpResponse] = []
        """The send endpoint's next answers; 200 when there are none."""
        self.expires_in: object = 3599
        self.gate = asyncio.Event()
        self.gate.set()
        self.reached = asyncio.Event()
        self.ended: set[str] = set()
        """Tokens that the send endpoint calls expired."""

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.url == "/oauth2/token":
            return await self._token(request)
        bearer = header_of(request, "authorization") or ""
        self.sent.append(bearer)
        if bearer.removeprefix("Bearer ") in self.ended:
            return EXPIRED
        return self.answers.pop(0) if self.answers else HttpResponse(200)

    async def _token(self, request: HttpRequest) -> HttpResponse:
        self.asked.append(request)
        self.reached.set()
        number = len(self.asked)
        await self.gate.wait()
        if self.refusals:
            return self.refusals.pop(0)
        fields = {"access_token": f"token-{number}", "expires_in": self.expires_in, "scope": "", "token_type": "bearer"}
        return HttpResponse(200, (), msgspec.json.encode({k: v for k, v in fields.items() if v is not None}))


class Bench:
    """The source under test, with everything it was given."""

    def __init__(self, provider: Provider, client: HttpClient, base: str) -> None:
        self.provider = provider
        self.clock = Clock()
        self.pauses: list[float] = []
        self.source = TokenSource(client, self.clock, chance=lambda: 0.5, pause=self._pause)
        self.alice = Credentials(f"{base}/oauth2/token", "alice", "alice-secret")
        self.request = HttpRequest("POST", f"{base}/send", (("Authorization", "Bearer forged"),), b"{}")

    async def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)

    async def token_text(self, credentials: Credentials | None = None) -> str:
        token = await self.source.token(credentials or self.alice)
        assert isinstance(token, Token)
        return token.text

    async def refusal(self, credentials: Credentials | None = None) -> NotAccepted:
        refused = await self.source.token(credentials or self.alice)
        assert isinstance(refused, NotAccepted)
        assert refused.sentence.endswith(".")
        assert "secret" not in repr(refused).replace("key and secret", "")
        return refused


@asynccontextmanager
async def a_bench() -> AsyncIterator[Bench]:
    provider = Provider()
    async with http_server(provider) as base, HttpClient(connections=300) as client:
        bench = Bench(provider, client, base)
        yield bench
        await bench.source.close()


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with a_bench() as made:
        yield made


async def test_it_asks_as_sinch_wants_to_be_asked(bench: Bench) -> None:
    assert await bench.token_text() == "token-1"
    (asked,) = bench.provider.asked
    assert (asked.method, asked.body) == ("POST", b"grant_type=client_credentials")
    assert header_of(asked, "content-type") == "application/x-www-form-urlencoded"
    assert header_of(asked, "authorization") == "Basic " + base64.b64encode(b"alice:alice-secret").decode()


async def test_two_hundred_who_ask_at_once_make_one_request(bench: Bench) -> None:
    texts = await asyncio.gather(*(bench.token_text() for _ in range(200)))
    assert set(texts) == {"token-1"}
    assert len(bench.provider.asked) == 1


async def test_two_hundred_whose_token_expired_at_once_make_one_more_request(bench: Bench) -> None:
    await bench.token_text()
    bench.provider.ended = {"token-1"}
    answers = await asyncio.gather(*(bench.source.send(bench.request, bench.alice, PATIENCE) for _ in range(200)))
    assert {answer.status for answer in answers if isinstance(answer, HttpResponse)} == {200}
    assert len(bench.provider.asked) == 2


async def test_a_refusal_is_shared_by_all_who_wait(bench: Bench) -> None:
    bench.provider.refusals = [HttpResponse(401, (), b'{"error":"invalid_client"}')]
    refusals = await asyncio.gather(*(bench.refusal() for _ in range(50)))
    assert {refusal.code for refusal in refusals} == {"unauthorized"}
    assert len(bench.provider.asked) == 1


async def test_one_who_stops_waiting_does_not_stop_the_others(bench: Bench) -> None:
    bench.provider.gate.clear()
    impatient = asyncio.create_task(bench.token_text())
    await bench.provider.reached.wait()
    patient = asyncio.create_task(bench.token_text())
    impatient.cancel()
    bench.provider.gate.set()
    assert await patient == "token-1"
    assert len(bench.provider.asked) == 1
    with pytest.raises(asyncio.CancelledError):
        await impatient


async def test_each_key_and_each_secret_has_its_own_token(bench: Bench) -> None:
    changed = msgspec.structs.replace(bench.alice, key_secret="alice-secret-2")
    bob = msgspec.structs.replace(bench.alice, key_id="bob")
    assert [await bench.token_text(who) for who in (bench.alice, bob, changed, bench.alice)] == [
        "token-1",
        "token-2",
        "token-3",
        "token-1",
    ]


@pytest.mark.parametrize(
    ("expires_in", "usable"),
    [(3599, 3539), (120, 60), (100, 50), (2, 1), ("3599", 3539), (None, 240), (0.5, 0.25)],
)
async def test_a_token_is_renewed_before_its_end(bench: Bench, expires_in: object, usable: float) -> None:
    bench.provider.expires_in = expires_in
    await bench.token_text()
    bench.clock.now = START + timedelta(seconds=usable) - timedelta(milliseconds=1)
    assert await bench.token_text() == "token-1"
    bench.clock.now = START + timedelta(seconds=usable)
    assert await bench.token_text() == "token-2"


async def test_it_sends_with_its_own_bearer_token_only(bench: Bench) -> None:
    answer = await bench.source.send(bench.request, bench.alice, PATIENCE)
    assert isinstance(answer, HttpResponse)
    assert answer.status == 200
    assert bench.provider.sent == ["Bearer token-1"]


async def test_an_expired_token_is_replaced_and_the_request_replayed_once(bench: Bench) -> None:
    bench.provider.answers = [EXPIRED]
    answer = await bench.source.send(bench.request, bench.alice, PATIENCE)
    assert isinstance(answer, HttpResponse)
    assert answer.status == 200
    assert bench.provider.sent == ["Bearer token-1", "Bearer token-2"]


async def test_the_last_look_counts_before_a_repeat_with_a_token_that_is_there_already(bench: Bench) -> None:
    """Another call has fetched it meanwhile, so nothing is waited for; but the refusal itself came late."""
    await bench.token_text()
    late = NotAccepted("late", "It is too late.", Remedy.WAIT)

    async def refuse(request: HttpRequest) -> HttpResponse:
        used = await bench.source.token(bench.alice)
        assert isinstance(used, Token)
        bench.source.forget(bench.alice, used)
        await bench.token_text()
        bench.provider.sent.append(header_of(request, "authorization") or "")
        return EXPIRED

    async with http_server(refuse) as elsewhere:
        asked = HttpRequest("POST", elsewhere)
        outcome = await bench.source.send(asked, bench.alice, PATIENCE, last_look=lambda: late)
    assert (outcome, bench.provider.sent) == (late, ["Bearer token-1"])


async def test_expired_again_is_the_answer(bench: Bench) -> None:
    bench.provider.answers = [EXPIRED, EXPIRED, EXPIRED]
    answer = await bench.source.send(bench.request, bench.alice, PATIENCE)
    assert isinstance(answer, HttpResponse)
    assert answer.status == 401
    assert len(bench.provider.sent) == 2


async def test_a_revoked_token_does_not_loop_and_is_not_used_again(bench: Bench) -> None:
    bench.provider.answers = [REVOKED]
    answer = await bench.source.send(bench.request, bench.alice, PATIENCE)
    assert isinstance(answer, HttpResponse)
    assert answer.status == 401
    assert bench.provider.sent == ["Bearer token-1"]
    await bench.source.send(bench.request, bench.alice, PATIENCE)
    assert bench.provider.sent == ["Bearer token-1", "Bearer token-2"]


async def test_only_the_token_that_was_used_is_forgotten(bench: Bench) -> None:
    first = await bench.source.token(bench.alice)
    assert isinstance(first, Token)
    bench.source.forget(bench.alice, first)
    assert await bench.token_text() == "token-2"
    bench.source.forget(bench.alice, first)  # a late 401 of the first
    assert await bench.token_text() == "token-2"


async def test_without_a_token_nothing_is_sent(bench: Bench) -> None:
    bench.provider.refusals = [HttpResponse(401, (), b'{"error":"invalid_client"}')]
    outcome = await bench.source.send(bench.request, bench.alice, PATIENCE)
    assert isinstance(outcome, NotAccepted)
    assert outcome.remedy is Remedy.STOP_SENDER
    assert bench.provider.sent == []


async def test_a_request_whose_token_does_not_come_in_time_is_not_sent(bench: Bench) -> None:
    bench.provider.gate.clear()
    outcome = await bench.source.send(bench.request, bench.alice, PATIENCE, token_seconds=0.05)
    assert isinstance(outcome, NotAccepted)
    assert (outcome.remedy, bench.provider.sent) == (Remedy.WAIT, [])
    bench.provider.gate.set()
    await bench.source.send(bench.request, bench.alice, PATIENCE)
    assert (bench.provider.sent, len(bench.provider.asked)) == (["Bearer token-1"], 1)


async def test_a_throttled_endpoint_is_asked_again_with_growing_pauses(bench: Bench) -> None:
    bench.provider.refusals = [HttpResponse(429)] * 3
    assert await bench.token_text() == "token-4"
    assert bench.pauses == [0.5, 1.0, 2.0]


async def test_an_endpoint_that_stays_throttled_is_left_alone_for_a_while(bench: Bench) -> None:
    bench.provider.refusals = [HttpResponse(429)] * 100
    refused = await bench.refusal()
    assert (refused.code, refused.remedy, refused.retry_after) == ("token_rate_limited", Remedy.WAIT, LONGEST_PAUSE)
    assert len(bench.provider.asked) == ATTEMPTS
    assert max(bench.pauses) <= LONGEST_PAUSE


@pytest.mark.parametrize("status", [429, 503])
async def test_an_endpoint_that_says_how_long_to_wait_is_believed(bench: Bench, status: int) -> None:
    bench.provider.refusals = [HttpResponse(status, (("Retry-After", "120"),))]
    assert (await bench.refusal()).retry_after == 120
    assert (len(bench.provider.asked), bench.pauses) == (1, [])


@pytest.mark.parametrize(
    ("answer", "code", "remedy"),
    [
        (HttpResponse(401, (), b'{"error":"invalid_client"}'), "unauthorized", Remedy.STOP_SENDER),
        (HttpResponse(400, (), b'{"error":"invalid_client"}'), "unauthorized", Remedy.STOP_SENDER),
        (HttpResponse(401, (), b"<html>\xff"), "unauthorized", Remedy.STOP_SENDER),
        (HttpResponse(403), "unauthorized", Remedy.STOP_SENDER),
        (HttpResponse(400, (), b'{"error":"temporarily_unavailable"}'), "token_failed", Remedy.WAIT),
        (HttpResponse(404), "token_address_wrong", Remedy.STOP_SENDER),
        (HttpResponse(302, (("Location", "/login"),)), "token_address_wrong", Remedy.STOP_SENDER),
        (HttpResponse(500), "token_failed", Remedy.WAIT),
        (HttpResponse(502, (), b"<html>"), "token_failed", Remedy.WAIT),
        (HttpResponse(200, (), b"<html>"), "token_unreadable", Remedy.WAIT),
        (HttpResponse(200, (), b"\xff"), "token_unreadable", Remedy.WAIT),
        (HttpResponse(200, (), b'{"access_token":"a\\nb"}'), "token_unreadable", Remedy.WAIT),
        (HttpResponse(200, (), b'{"access_token":""}'), "token_unreadable", Remedy.WAIT),
        (HttpResponse(200, (), b'{"access_token":"a","expires_in":-1}'), "token_unreadable", Remedy.WAIT),
        (HttpResponse(200, (), b'{"access_token":"a","expires_in":1e300}'), "token_unreadable", Remedy.WAIT),
    ],
)
async def test_every_other_answer_says_what_to_do(
    bench: Bench, answer: HttpResponse, code: str, remedy: Remedy
) -> None:
    bench.provider.refusals = [answer]
    refused = await bench.refusal()
    assert (refused.code, refused.remedy) == (code, remedy)
    assert await bench.token_text() == "token-2"  # a refusal is not remembered


async def test_an_endpoint_that_is_not_there_leaves_no_message_in_doubt(bench: Bench) -> None:
    nowhere = Credentials(f"http://127.0.0.1:{closed_port()}/", "alice", "alice-secret")
    refused = await bench.refusal(nowhere)
    assert (refused.code, refused.remedy) == ("token_unreachable", Remedy.WAIT)


async def test_the_requests_own_uncertainty_is_not_hidden(bench: Bench) -> None:
    """The token came, the message left, no answer: that stays UnansweredError."""
    never = asyncio.Event()

    async def silent(_: HttpRequest) -> HttpResponse:
        await never.wait()
        return HttpResponse(200)

    async with http_server(silent) as elsewhere:
        with pytest.raises(UnansweredError):
            await bench.source.send(HttpRequest("POST", elsewhere), bench.alice, 0.2)


def test_no_secret_is_shown() -> None:
    shown = repr(Credentials("https://auth.example/token", "alice", "hush")) + repr(Token("hush", START))
    assert "hush" not in shown
    assert "alice" in shown
