"""The HTTP client against real sockets: what is an answer, what was certainly not sent, what nobody knows."""

import asyncio
import gzip
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from parley.domain.http import HttpRequest, HttpResponse
from parley.providers.http import HttpClient, NotSentError, UnansweredError
from tests.contracts.providers.loopback import (
    closed_port,
    header_of,
    http_server,
    read_request,
    socket_server,
    write_answer,
)

PATIENCE = 10.0
"""Seconds, for what ends by itself."""

SHORT = 0.2
"""Seconds, for what ends by the time-out that is tried."""


@pytest.fixture
async def client() -> AsyncIterator[HttpClient]:
    async with HttpClient() as opened:
        yield opened


def a_request(url: str, *, headers: tuple[tuple[str, str], ...] = (), body: bytes = b"{}") -> HttpRequest:
    return HttpRequest("POST", url, headers, body)


async def test_it_sends_what_it_was_given_to_the_byte_and_gives_the_whole_answer(client: HttpClient) -> None:
    seen: list[HttpRequest] = []

    async def answer(request: HttpRequest) -> HttpResponse:
        seen.append(request)
        return HttpResponse(201, (("X-Thing", "Yes"), ("Set-Cookie", "a"), ("Set-Cookie", "b")), b"\x00\xff")

    async with http_server(answer) as base:
        request = HttpRequest("DELETE", f"{base}/a%20b?q=%C3%A9", (("X-Our", "1"), ("x-our", "2")), b"\x01\xfe")
        response = await client.send(request, PATIENCE)
    assert (response.status, response.body) == (201, b"\x00\xff")
    assert response.header("x-thing") == "Yes"
    assert [value for name, value in response.headers if name == "set-cookie"] == ["a", "b"]
    assert (seen[0].method, seen[0].url, seen[0].body) == ("DELETE", "/a%20b?q=%C3%A9", b"\x01\xfe")
    assert [value for name, value in seen[0].headers if name.lower() == "x-our"] == ["1", "2"]


async def test_it_keeps_connections(client: HttpClient) -> None:
    connections = 0

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while True:
            await read_request(reader)
            write_answer(writer, HttpResponse(200))

    async with socket_server(converse) as host:
        for _ in range(5):
            await client.send(a_request(f"http://{host}/"), PATIENCE)
    assert connections == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_an_answer_and_the_credential_goes_nowhere_else(client: HttpClient, status: int) -> None:
    elsewhere: list[HttpRequest] = []

    async def listen(request: HttpRequest) -> HttpResponse:
        elsewhere.append(request)
        return HttpResponse(200)

    async with http_server(listen) as other:

        async def redirect(_: HttpRequest) -> HttpResponse:
            return HttpResponse(status, (("Location", f"{other}/stolen"),))

        async with http_server(redirect) as base:
            request = a_request(base, headers=(("authorization", "Bearer secret"),))
            assert (await client.send(request, PATIENCE)).status == status
    assert elsewhere == []


@pytest.fixture
def deaf_port() -> Iterator[int]:
    """A port that takes no more connections: its queue is full, and nobody accepts."""
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        callers = [socket.socket() for _ in range(4)]
        for caller in callers:
            caller.setblocking(False)
            with suppress(BlockingIOError):
                caller.connect(listener.getsockname())
        yield listener.getsockname()[1]
        for caller in callers:
            caller.close()


async def test_a_refused_connection_was_not_sent(client: HttpClient) -> None:
    with pytest.raises(NotSentError, match="refused"):
        await client.send(a_request(f"http://127.0.0.1:{closed_port()}/"), PATIENCE)


async def test_an_unknown_name_was_not_sent(client: HttpClient) -> None:
    with pytest.raises(NotSentError):
        await client.send(a_request("http://nobody.invalid/"), PATIENCE)


async def test_a_connection_that_never_opens_was_not_sent(deaf_port: int) -> None:
    async with HttpClient(connect_timeout=SHORT) as client:
        with pytest.raises(NotSentError):
            await client.send(a_request(f"http://127.0.0.1:{deaf_port}/"), PATIENCE)


async def test_a_whole_time_out_before_the_connect_time_out_counts_as_unanswered(
    client: HttpClient, deaf_port: int
) -> None:
    """The client cannot tell where the time went, so it says what is safe."""
    with pytest.raises(UnansweredError):
        await client.send(a_request(f"http://127.0.0.1:{deaf_port}/"), SHORT)


async def test_a_server_without_tls_was_not_sent_to(client: HttpClient) -> None:
    async def hang_up(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.readexactly(1)

    async with socket_server(hang_up) as host:
        with pytest.raises(NotSentError):
            await client.send(a_request(f"https://{host}/"), PATIENCE)


async def test_a_certificate_nobody_vouches_for_was_not_sent_to(client: HttpClient, tmp_path: Path) -> None:
    seen: list[HttpRequest] = []

    async def listen(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        seen.append(await read_request(reader))

    async with socket_server(listen, self_signed(tmp_path)) as host:
        with pytest.raises(NotSentError):
            await client.send(a_request(f"https://{host}/"), PATIENCE)
    assert seen == []


@pytest.mark.parametrize(
    "request_",
    [
        HttpRequest("POST", "http://"),
        HttpRequest("POST", "no url at all"),
        HttpRequest("POST", "ftp://127.0.0.1/"),
        HttpRequest("PO ST", "http://127.0.0.1/"),
        HttpRequest("POST", "http://127.0.0.1/", (("bad name", "x"),)),
        HttpRequest("POST", "http://127.0.0.1/", (("authorization", "Bearer hush\nx-forged: 1"),)),
    ],
    ids=["no host", "no url", "no http", "bad method", "bad header name", "forged header"],
)
async def test_what_cannot_be_written_was_not_sent_and_no_secret_is_told(
    client: HttpClient, request_: HttpRequest
) -> None:
    with pytest.raises(NotSentError) as caught:
        await client.send(request_, PATIENCE)
    assert "hush" not in str(caught.value)
    assert caught.value.__cause__ is None or "hush" not in str(caught.value.__cause__)


async def test_who_never_got_a_turn_was_not_sent(held: "Held") -> None:
    async with HttpClient(connections=1, turn_timeout=SHORT) as client, socket_server(held.hold) as host:
        first = asyncio.create_task(client.send(a_request(f"http://{host}/"), PATIENCE))
        await held.reached.wait()
        with pytest.raises(NotSentError):
            await client.send(a_request(f"http://{host}/"), PATIENCE)
        held.release.set()
        with pytest.raises(UnansweredError):
            await first
    assert held.requests == 1


async def test_a_closed_client_sends_nothing() -> None:
    client = HttpClient()
    await client.close()
    with pytest.raises(NotSentError, match="closed"):
        await client.send(a_request("http://127.0.0.1/"), PATIENCE)


class Held:
    """A server's side that reads a request and keeps it until released, then hangs up."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.release = asyncio.Event()
        self.requests = 0

    async def hold(self, reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await read_request(reader)
        self.requests += 1
        self.reached.set()
        await self.release.wait()


@pytest.fixture
def held() -> Held:
    return Held()


async def test_a_slow_answer_is_unanswered(client: HttpClient, held: Held) -> None:
    async with socket_server(held.hold) as host:
        with pytest.raises(UnansweredError, match="in time"):
            await client.send(a_request(f"http://{host}/"), SHORT)
    assert held.requests == 1


async def test_a_client_that_is_closed_meanwhile_leaves_it_unanswered(held: Held) -> None:
    client = HttpClient()
    async with socket_server(held.hold) as host:
        sending = asyncio.create_task(client.send(a_request(f"http://{host}/"), PATIENCE))
        await held.reached.wait()
        await client.close()
        with pytest.raises(UnansweredError):
            await sending


async def test_a_body_that_stops_midway_is_unanswered(client: HttpClient, held: Held) -> None:
    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
        await held.release.wait()

    async with socket_server(converse) as host:
        with pytest.raises(UnansweredError, match="in time"):
            await client.send(a_request(f"http://{host}/"), SHORT)


async def test_a_header_that_is_no_text_does_not_spoil_the_answer(client: HttpClient) -> None:
    async def answer(_: HttpRequest) -> HttpResponse:
        return HttpResponse(200, (("X-Odd", "\xff\xe9"), ("X-Even", "yes")))

    async with http_server(answer) as base:
        response = await client.send(a_request(base), PATIENCE)
    assert (response.status, response.header("x-even")) == (200, "yes")


CUTS = {
    "nothing": b"",
    "half a head": b"HTTP/1.1 200 OK\r\nContent-Le",
    "half a body": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
    "half a chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{",
    "no HTTP": b"SSH-2.0-OpenSSH\r\n\r\n",
    "broken gzip": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd",
}


@pytest.mark.parametrize("given", CUTS.values(), ids=CUTS.keys())
async def test_an_answer_that_breaks_off_is_unanswered_and_nothing_is_repeated(
    client: HttpClient, given: bytes
) -> None:
    requests = 0

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal requests
        await read_request(reader)
        requests += 1
        writer.write(given)

    async with socket_server(converse) as host:
        with pytest.raises(UnansweredError):
            await client.send(a_request(f"http://{host}/"), PATIENCE)
    assert requests == 1


async def test_a_kept_connection_that_is_cut_at_the_second_request_is_unanswered(client: HttpClient) -> None:
    """The library calls this a ConnectError; whoever believed it would send twice (docs/adr/0004-http-client.md)."""
    requests = 0

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal requests
        await read_request(reader)
        write_answer(writer, HttpResponse(200))
        requests += 1
        await read_request(reader)
        requests += 1
        writer.transport.abort()

    async with socket_server(converse) as host:
        await client.send(a_request(f"http://{host}/"), PATIENCE)
        with pytest.raises(UnansweredError):
            await client.send(a_request(f"http://{host}/"), PATIENCE)
    assert requests == 2


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
async def test_an_answer_beyond_the_limit_is_unanswered(*, packed: bool) -> None:
    body = b"x" * 100_001

    async def answer(_: HttpRequest) -> HttpResponse:
        if packed:
            return HttpResponse(200, (("Content-Encoding", "gzip"),), gzip.compress(body))
        return HttpResponse(200, (), body)

    async with http_server(answer) as base, HttpClient(response_limit=100_000) as client:
        with pytest.raises(UnansweredError, match="100000 bytes"):
            await client.send(a_request(base), PATIENCE)


async def test_an_answer_of_exactly_the_limit_is_read() -> None:
    async def answer(_: HttpRequest) -> HttpResponse:
        return HttpResponse(200, (), b"x" * 1000)

    async with http_server(answer) as base, HttpClient(response_limit=1000) as client:
        assert len((await client.send(a_request(base), PATIENCE)).body) == 1000


async def test_a_proxy_is_used_when_asked_for_and_only_then(monkeypatch: pytest.MonkeyPatch) -> None:
    proxied: list[str] = []

    async def pass_on(request: HttpRequest) -> HttpResponse:
        proxied.append(header_of(request, "host") or "")
        return HttpResponse(200, (), b"proxy")

    async def direct(_: HttpRequest) -> HttpResponse:
        return HttpResponse(200, (), b"direct")

    async with http_server(pass_on) as proxy, http_server(direct) as base:
        monkeypatch.setenv("HTTP_PROXY", proxy)
        monkeypatch.setenv("http_proxy", proxy)
        async with HttpClient() as client:
            assert (await client.send(a_request(base), PATIENCE)).body == b"direct"
        async with HttpClient(proxy=proxy) as client:
            assert (await client.send(a_request(base), PATIENCE)).body == b"proxy"
    assert proxied == [base.removeprefix("http://")]


def self_signed(folder: Path) -> ssl.SSLContext:
    """A server's TLS with a certificate it made itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    born = datetime(2020, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    certificate = builder.not_valid_before(born).not_valid_after(born + timedelta(days=36_500))
    pem = certificate.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    pem += key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "server.pem").write_bytes(pem)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "server.pem")
    return context
