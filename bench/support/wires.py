"""The wire of a worker under measurement."""

import msgspec

from parley.domain.http import HttpRequest, HttpResponse
from parley.providers.http import HttpClient


class RememberingWire:
    """The real client; it also keeps the last request, for the pump."""

    def __init__(self, client: HttpClient) -> None:
        self._client = client
        self._last: HttpRequest | None = None

    async def send(self, request: HttpRequest, timeout: float) -> HttpResponse:  # noqa: ASYNC109  the protocol's word
        """As the client sends it."""
        self._last = request
        return await self._client.send(request, timeout)

    @property
    def last(self) -> HttpRequest:
        """What the worker sent last."""
        assert self._last is not None
        return self._last

    def last_to(self, server: str, other: str) -> HttpRequest:
        """The last request, addressed to another server."""
        return msgspec.structs.replace(self.last, url=self.last.url.replace(server, other))
