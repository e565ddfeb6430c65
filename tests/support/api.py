"""The API as a client meets it: over HTTP, with a key."""

import asyncio
from typing import Any

import msgspec
import requests

from parley.services.create_project import NewProject


class Answer(msgspec.Struct, frozen=True):
    """What came back."""

    status: int
    body: Any
    text: str


class ProjectApi(msgspec.Struct, frozen=True):
    """One project's API, with one key."""

    url: str
    project: NewProject
    key: tuple[str, str] | str | None
    """Basic (key id, secret), or a public key, or nothing."""

    def with_key(self, key: tuple[str, str] | str | None) -> "ProjectApi":
        """The same with another key."""
        return msgspec.structs.replace(self, key=key)

    @property
    def public(self) -> "ProjectApi":
        """With the public key."""
        return self.with_key(self.project.public_key)

    async def get(self, path: str) -> Answer:
        """`track/customers`, `data/catalogs`: the rest of the address is filled in."""
        return await self.call("GET", path)

    async def post(self, path: str, body: object = None) -> Answer:
        """A body is sent as JSON, bytes as they are."""
        return await self.call("POST", path, body)

    async def call(self, method: str, path: str, body: object = None) -> Answer:
        """In a thread: the server may live in this loop."""
        room, _, rest = path.partition("/")
        url = f"{self.url}/{room}/v2/projects/{self.project.project_token}/{rest}"
        return await asyncio.to_thread(self._call, method, url, body)

    def _call(self, method: str, url: str, body: object) -> Answer:
        data = body if isinstance(body, bytes) else None if body is None else msgspec.json.encode(body)
        headers = {"Content-Type": "application/json", "Connection": "close"}
        if isinstance(self.key, str):
            headers["Authorization"] = f"Token {self.key}"
        basic = self.key if isinstance(self.key, tuple) else None
        answer = requests.request(method, url, data=data, headers=headers, auth=basic, timeout=20)
        try:
            read = answer.json()
        except ValueError:
            read = None
        return Answer(answer.status_code, read, answer.text)
