"""A small JSON client for the demo: it speaks to Parley and to the local Sinch as any outside program would."""

import base64
from typing import Any

import msgspec

from parley.domain.errors import ParleyError
from parley.domain.http import HttpRequest
from parley.providers.http import HttpClient, NotSentError, UnansweredError

SECONDS = 10.0


class DemoError(ParleyError):
    """A step of the demo did not happen."""


class JsonClient:
    """Calls one server."""

    def __init__(self, wire: HttpClient, base_url: str, authorization: str | None = None) -> None:
        self.base_url = base_url
        self._wire = wire
        self._headers = (("content-type", "application/json"),) + (
            (("authorization", authorization),) if authorization else ()
        )

    async def get(self, path: str) -> Any:
        """The decoded body."""
        return await self._call("GET", path, b"")

    async def post(self, path: str, content: Any) -> Any:
        """The decoded body."""
        return await self._call("POST", path, msgspec.json.encode(content))

    async def is_ready(self, path: str) -> bool:
        """Does it answer 200?"""
        try:
            await self.get(path)
        except (DemoError, NotSentError, UnansweredError):
            return False
        return True

    async def _call(self, method: str, path: str, body: bytes) -> Any:
        request = HttpRequest(method, self.base_url + path, self._headers, body)
        answer = await self._wire.send(request, SECONDS)
        if answer.status >= 300:
            raise DemoError(f"{method} {path} answered {answer.status}: {answer.body[:300].decode('utf-8', 'replace')}")
        return msgspec.json.decode(answer.body)


def basic(key_id: str, key_secret: str) -> str:
    """HTTP Basic."""
    return "Basic " + base64.b64encode(f"{key_id}:{key_secret}".encode()).decode()
