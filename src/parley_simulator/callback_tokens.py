"""Tokens that a shop wants on its callbacks: fetched from the shop, kept until they end (sinch.md 2.11)."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

import msgspec
from pyreqwest.client import Client
from pyreqwest.exceptions import RequestError
from pyreqwest.request import RequestBuilder

from parley_simulator.clock import Clock

FETCH_SECONDS = 10


class ClientCredentials(msgspec.Struct, frozen=True, kw_only=True):
    """Where the token is asked for, and how the credentials travel: in a Basic header or in the form."""

    client_id: str
    client_secret: str
    endpoint: str
    scope: Annotated[str, msgspec.Meta(max_length=1024)] = ""
    response_type: Annotated[str, msgspec.Meta(max_length=64)] = ""
    token_request_type: Literal["BASIC", "FORM"] = "BASIC"  # noqa: S105 - a way of asking, not a secret


class Bearer(msgspec.Struct, frozen=True, kw_only=True):
    """A token and its end."""

    token: str
    ends_at: datetime


class NoToken(msgspec.Struct, frozen=True):
    """The shop gave none: the callback counts as failed and is tried again."""


class _Told(msgspec.Struct, frozen=True):
    access_token: Annotated[str, msgspec.Meta(min_length=1)]
    expires_in: Annotated[int, msgspec.Meta(ge=30, le=3600)]


class CallbackTokens:
    """One token per endpoint and client, asked for again when it has ended."""

    def __init__(self, client: Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._kept: dict[tuple[str, str], Bearer] = {}

    async def bearer(self, credentials: ClientCredentials) -> Bearer | NoToken:
        """A token that is still good."""
        key = (credentials.endpoint, credentials.client_id)
        kept = self._kept.get(key)
        if kept is not None and self._clock.now() < kept.ends_at:
            return kept
        fetched = await self._fetch(credentials)
        if isinstance(fetched, Bearer):
            self._kept[key] = fetched
        return fetched

    def clear(self) -> None:
        """Forget all."""
        self._kept.clear()

    async def _fetch(self, credentials: ClientCredentials) -> Bearer | NoToken:
        try:
            response = await self._asking(credentials).timeout(timedelta(seconds=FETCH_SECONDS)).build().send()
            told = msgspec.json.decode((await response.bytes()).to_bytes(), type=_Told)
        except (RequestError, ValueError):  # msgspec's errors are ValueErrors, and so is an address that is none
            return NoToken()
        if response.status >= 300:
            return NoToken()
        return Bearer(token=told.access_token, ends_at=self._clock.now() + timedelta(seconds=told.expires_in))

    def _asking(self, credentials: ClientCredentials) -> RequestBuilder:
        form = {"grant_type": "client_credentials"}
        optional = {"scope": credentials.scope, "response_type": credentials.response_type}
        form |= {name: value for name, value in optional.items() if value}
        request = self._client.post(credentials.endpoint)
        if credentials.token_request_type == "BASIC":  # noqa: S105 - a way of asking, not a secret
            return request.basic_auth(credentials.client_id, credentials.client_secret).form(form)
        secret = {"client_id": credentials.client_id, "client_secret": credentials.client_secret}
        return request.form({**form, **secret})
