"""The one HTTP client: long-lived, pooled, and honest about what it does not know.

A request ends as an answer, as `NotSentError` (certain: no server has seen a whole request, so it may go again) or as
`UnansweredError` (bytes may have left and nothing readable came back: never send again by yourself). When in doubt it
is the second. Choice and figures: docs/adr/0004-http-client.md.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Protocol, Self

from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import BuilderError, DetailedPyreqwestError, PoolTimeoutError, RequestTimeoutError
from pyreqwest.proxy import ProxyBuilder
from pyreqwest.request import StreamRequest
from pyreqwest.response import Response

from parley.domain.errors import ParleyError
from parley.domain.http import HttpRequest, HttpResponse

CONNECTIONS = 100
"""Requests in flight at once; the others wait for their turn."""

TURN_TIMEOUT = 30.0
"""Seconds a request waits for its turn before it is given back as not sent."""

CONNECT_TIMEOUT = 5.0
"""Seconds for name, TCP and TLS together."""

IDLE_TIMEOUT = 15.0
"""Seconds a connection is kept for the next request: less than servers keep it, or we write into a closed one."""

RESPONSE_LIMIT = 1024 * 1024
"""Bytes of an answer, after decompression. Sinch's longest is some kilobytes."""

_CONNECTING = "client error (Connect)"
"""The cause that only a failure before the first byte of the request has: name, TCP, TLS.

The client's exception classes do not tell: version 0.15 says ConnectError also of a connection that was cut after the
request had gone, and ConnectTimeoutError of a slow answer. A cause we do not recognise counts as "bytes may have left".
"""


class NotSentError(ParleyError):
    """The request did not leave: the server was not reached."""


class UnansweredError(ParleyError):
    """The request may have arrived, but no readable answer came back."""


class Wire(Protocol):
    """Whatever can carry a request: `HttpClient`, or a scripted provider in a test."""

    async def send(self, request: HttpRequest, timeout: float) -> HttpResponse:  # noqa: ASYNC109  the client keeps it
        """`timeout` in seconds, for everything. Raises NotSentError or UnansweredError."""
        ...


class HttpClient:
    """Carries requests. Make one per process, close it at the end (`async with`)."""

    def __init__(
        self,
        *,
        connections: int = CONNECTIONS,
        turn_timeout: float = TURN_TIMEOUT,
        connect_timeout: float = CONNECT_TIMEOUT,
        response_limit: int = RESPONSE_LIMIT,
        proxy: str | None = None,
    ) -> None:
        """`proxy` is a URL; without one no proxy is used, whatever the environment says."""
        self._closed = False
        self._limit = response_limit
        self._client = _build(connections, turn_timeout, connect_timeout, proxy)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends every connection; requests under way end as UnansweredError."""
        self._closed = True
        await self._client.close()

    async def send(self, request: HttpRequest, timeout: float) -> HttpResponse:  # noqa: ASYNC109  the client keeps it
        """The answer, whatever its status; a redirect is an answer too and is not followed.

        `timeout` in seconds covers connecting, sending and reading the whole answer. Raises NotSentError or
        UnansweredError, nothing else.
        """
        prepared = self._prepare(request, timeout)
        with _translated_errors():
            async with prepared as answer:
                return HttpResponse(answer.status, _headers(answer), await self._read(answer))

    def _prepare(self, request: HttpRequest, timeout: float) -> StreamRequest:
        if self._closed:
            raise NotSentError("The HTTP client is closed.")
        try:
            builder = self._client.request(request.method, request.url).timeout(timedelta(seconds=timeout))
            for name, value in request.headers:
                builder = builder.header(name, value)
            return builder.body_bytes(request.body).build_streamed()
        except ValueError:  # its text quotes the header, so neither the text nor the chain may be kept
            raise NotSentError("The request cannot be written: its method, URL or a header is malformed.") from None

    async def _read(self, answer: Response) -> bytes:
        body = bytearray()
        while (chunk := await answer.body_reader.read_chunk()) is not None:
            body += chunk
            if len(body) > self._limit:
                raise UnansweredError(f"The server answered {answer.status} with more than {self._limit} bytes.")
        return bytes(body)


def _headers(answer: Response) -> tuple[tuple[str, str], ...]:
    try:
        return tuple((name.lower(), value) for name, value in answer.headers.items())
    except ValueError:  # one of them is bytes that are no text; the others count
        names = dict.fromkeys(answer.headers.keys())
        return tuple((name.lower(), value) for name in names for value in _values(answer, name))


def _values(answer: Response, name: str) -> list[str]:
    try:
        return answer.get_header_all(name)
    except ValueError:
        return []  # bytes that are no text: nobody reads such a header, and the answer is an answer all the same


def _build(connections: int, turn_timeout: float, connect_timeout: float, proxy: str | None) -> Client:
    builder = (
        ClientBuilder()
        .user_agent("parley")
        .max_connections(connections)
        .pool_max_idle_per_host(connections)
        .pool_idle_timeout(timedelta(seconds=IDLE_TIMEOUT))
        .pool_timeout(timedelta(seconds=turn_timeout))
        .connect_timeout(timedelta(seconds=connect_timeout))
        .follow_redirects(enable=False)
        .referer(enable=False)
        .no_proxy()
    )
    return (builder if proxy is None else builder.proxy(ProxyBuilder.all(proxy))).build()


@contextmanager
def _translated_errors() -> Iterator[None]:
    try:
        yield
    except DetailedPyreqwestError as error:
        if isinstance(error, PoolTimeoutError | BuilderError) or _CONNECTING in _causes(error):
            raise NotSentError(f"The server was not reached: {_last_cause(error)}.") from error
        if isinstance(error, RequestTimeoutError):
            raise UnansweredError("No whole answer came in time.") from error
        raise UnansweredError(f"The connection gave no readable answer: {_last_cause(error)}.") from error


def _causes(error: DetailedPyreqwestError) -> list[str]:
    return [cause["message"] for cause in error.details["causes"] or []]


def _last_cause(error: DetailedPyreqwestError) -> str:
    """The innermost one; the outer ones quote the URL, which may hold a secret."""
    return (_causes(error) or [error.message])[-1]
