"""Access tokens by OAuth2 client credentials (sinch.md 2.2), one refresh at a time however many ask.

Nothing here ever leaves a message in doubt: without a token no message was sent, and a request that was answered 401
was not accepted.
"""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Annotated

import msgspec

from parley.domain.clock import Clock
from parley.domain.http import HttpRequest, HttpResponse
from parley.domain.message import NotAccepted, Remedy
from parley.presets import retry_after
from parley.providers.http import NotSentError, UnansweredError, Wire

EARLY = timedelta(seconds=60)
"""A token is renewed this long before its end (as Sinch's Node SDK does), or at half its life if that is later."""

DEFAULT_LIFE = 300.0
"""Seconds, when the server does not say: `expires_in` is only recommended (RFC 6749 5.1)."""

TIMEOUT = 10.0
"""Seconds for one token request."""

TOKEN_SECONDS = 25.0
"""A request waits no longer for its token. Then it was not sent, and whoever wanted to send it may think again."""

ATTEMPTS = 5
"""Token requests in one refresh, counting those that were answered 429."""

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 8.0
"""Seconds. Sinch's token bucket refills with 10 a second and sends no Retry-After."""

KEPT = 10_000
"""Tokens in memory; beyond that the ended ones are dropped."""


class Credentials(msgspec.Struct, frozen=True):
    """Who asks, and where. A changed secret is another value, so it never meets the old one's token."""

    token_url: str
    key_id: str
    key_secret: str

    def __repr__(self) -> str:
        return f"Credentials({self.token_url!r}, {self.key_id!r}, '***')"


class Token(msgspec.Struct, frozen=True):
    """A bearer token, and until when it may be used."""

    text: str
    usable_until: datetime

    def __repr__(self) -> str:
        return f"Token('***', usable_until={self.usable_until.isoformat()})"


LastLook = Callable[[], NotAccepted | None]
"""Why a request may not go any more. Asked after every wait, right before the request is handed to the wire."""


def _it_may_go() -> None:
    """Nobody looks."""


class _Answer(msgspec.Struct, frozen=True):
    access_token: Annotated[str, msgspec.Meta(pattern=r"^[\x21-\x7e]+$", max_length=16_384)]
    expires_in: Annotated[float, msgspec.Meta(gt=0, le=10_000_000)] | None = None


class _Refusal(msgspec.Struct, frozen=True):
    error: str = ""


class TokenSource:
    """Tokens of any number of credentials. One per process; `close` at the end."""

    def __init__(
        self,
        wire: Wire,
        clock: Clock,
        chance: Callable[[], float],
        pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """`chance` gives a number from 0 to 1 for the jitter; `pause` waits that many seconds."""
        self._wire = wire
        self._clock = clock
        self._chance = chance
        self._pause = pause
        self._tokens: dict[Credentials, Token] = {}
        self._refreshes: dict[Credentials, asyncio.Task[Token | NotAccepted]] = {}

    async def token(self, credentials: Credentials) -> Token | NotAccepted:
        """A usable token, or why there is none. Those who ask during a refresh wait for that one."""
        known = self._known(credentials)
        if known is not None:
            return known
        refresh = self._refreshes.get(credentials)
        if refresh is None:
            refresh = asyncio.create_task(self._refresh(credentials))
            self._refreshes[credentials] = refresh
            refresh.add_done_callback(lambda _: self._refreshes.pop(credentials, None))
        return await asyncio.shield(refresh)  # one asker's cancellation is not the others'

    def forget(self, credentials: Credentials, token: Token) -> None:
        """Drops exactly this token: a newer one that somebody else has fetched meanwhile stays."""
        if self._tokens.get(credentials) == token:
            del self._tokens[credentials]

    async def send(
        self,
        request: HttpRequest,
        credentials: Credentials,
        timeout: float,  # noqa: ASYNC109  the wire keeps it
        token_seconds: float = TOKEN_SECONDS,
        last_look: LastLook = _it_may_go,
    ) -> HttpResponse | NotAccepted:
        """Sends with a bearer token. A 401 that says *expired* is replayed once with a new token; any other 401 is
        the answer, and the token is forgotten so that the next request starts afresh. Whatever it takes to get a
        token, nothing waits for one later than `token_seconds` from now, and nothing goes, for the first time or the
        second, against the word of `last_look`.

        Raises what the wire raises for the request itself (NotSentError, UnansweredError), never for the token's.
        """
        until = asyncio.get_running_loop().time() + token_seconds
        first = await self._send_once(request, credentials, timeout, until, last_look)
        if isinstance(first, HttpResponse) and _says_expired(first):
            return last_look() or await self._send_once(request, credentials, timeout, until, last_look)
        return first

    async def close(self) -> None:
        """Ends the refreshes under way."""
        refreshes = list(self._refreshes.values())
        for refresh in refreshes:
            refresh.cancel()
        await asyncio.gather(*refreshes, return_exceptions=True)

    async def _send_once(
        self,
        request: HttpRequest,
        credentials: Credentials,
        timeout: float,  # noqa: ASYNC109  the wire keeps it
        until: float,
        last_look: LastLook,
    ) -> HttpResponse | NotAccepted:
        token = self._known(credentials) or await self._token_by(credentials, until, last_look)
        if isinstance(token, NotAccepted):
            return token
        answer = await self._wire.send(_with_bearer(request, token), timeout)
        if answer.status == 401:
            self.forget(credentials, token)
        return answer

    async def _token_by(self, credentials: Credentials, until: float, last_look: LastLook) -> Token | NotAccepted:
        try:
            async with asyncio.timeout_at(until):
                token = await self.token(credentials)
        except TimeoutError:
            return _TOO_LATE
        return last_look() or token

    def _known(self, credentials: Credentials) -> Token | None:
        """One that may be used now; nothing is waited for."""
        known = self._tokens.get(credentials)
        return known if known is not None and self._clock() < known.usable_until else None

    async def _refresh(self, credentials: Credentials) -> Token | NotAccepted:
        outcome: Token | NotAccepted = _TOO_FAST
        for attempt in range(ATTEMPTS):
            if attempt:
                await self._pause(self._chance() * min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt))
            outcome = await self._ask(credentials)
            if outcome != _TOO_FAST:
                break
        if isinstance(outcome, Token):
            self._keep(credentials, outcome)
        return outcome

    async def _ask(self, credentials: Credentials) -> Token | NotAccepted:
        asked_at = self._clock()
        try:
            answer = await self._wire.send(_token_request(credentials), TIMEOUT)
        except (NotSentError, UnansweredError) as error:
            return NotAccepted("token_unreachable", f"No access token could be fetched. {error}", Remedy.WAIT)
        return _read_token(answer, asked_at) if answer.status == 200 else _explain(answer)

    def _keep(self, credentials: Credentials, token: Token) -> None:
        if len(self._tokens) >= KEPT:
            now = self._clock()
            self._tokens = {key: kept for key, kept in self._tokens.items() if now < kept.usable_until}
        self._tokens[credentials] = token


_TOO_FAST = NotAccepted(
    "token_rate_limited",
    "The provider gives out no more access tokens for the moment. Parley tries again by itself.",
    Remedy.WAIT,
    retry_after=LONGEST_PAUSE,
)

_TOO_LATE = NotAccepted(
    "token_unreachable",
    "No access token came in time; nothing was sent. Parley tries again by itself.",
    Remedy.WAIT,
)

_UNAUTHORIZED = NotAccepted(
    "unauthorized",
    "The provider refused the key at its token endpoint. Enter a valid key and secret for this sender and resume it.",
    Remedy.STOP_SENDER,
)

_UNREADABLE = NotAccepted(
    "token_unreadable",
    "The token endpoint answered something that is no token. Check the token address; Parley tries again.",
    Remedy.WAIT,
)

_FAILED = NotAccepted(
    "token_failed", "The provider's token endpoint had a passing fault. Parley tries again by itself.", Remedy.WAIT
)

_WRONG_ADDRESS = NotAccepted(
    "token_address_wrong",
    "There is no token endpoint at the configured address. Correct the address and resume the sender.",
    Remedy.STOP_SENDER,
)

_BY_STATUS = {400: _UNAUTHORIZED, 401: _UNAUTHORIZED, 403: _UNAUTHORIZED, 429: _TOO_FAST}
_BY_ERROR = {"temporarily_unavailable": _FAILED, "server_error": _FAILED}
"""OAuth2's own words for a passing fault, which some servers send with status 400."""


def _explain(answer: HttpResponse) -> NotAccepted:
    """Whoever says how long to wait is not asked again at once."""
    refusal = _refusal(answer)
    wait = retry_after(answer) if refusal.remedy is Remedy.WAIT else None
    return refusal if wait is None else msgspec.structs.replace(refusal, retry_after=wait)


def _refusal(answer: HttpResponse) -> NotAccepted:
    if answer.status >= 500:
        return _FAILED
    return _BY_ERROR.get(_error_word(answer)) or _BY_STATUS.get(answer.status, _WRONG_ADDRESS)


def _error_word(answer: HttpResponse) -> str:
    try:
        return msgspec.json.decode(answer.body, type=_Refusal).error
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""


def _read_token(answer: HttpResponse, asked_at: datetime) -> Token | NotAccepted:
    try:
        given = msgspec.json.decode(answer.body, type=_Answer, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _UNREADABLE
    life = timedelta(seconds=given.expires_in or DEFAULT_LIFE)
    return Token(given.access_token, asked_at + max(life - EARLY, life / 2))


def _token_request(credentials: Credentials) -> HttpRequest:
    """Key and secret go as they are, without the form-encoding of RFC 6749 2.3.1: so do Sinch's own SDKs."""
    pair = f"{credentials.key_id}:{credentials.key_secret}"
    headers = (
        ("authorization", "Basic " + base64.b64encode(pair.encode()).decode()),
        ("content-type", "application/x-www-form-urlencoded"),
        ("accept", "application/json"),
    )
    return HttpRequest("POST", credentials.token_url, headers, b"grant_type=client_credentials")


def _with_bearer(request: HttpRequest, token: Token) -> HttpRequest:
    kept = tuple((name, value) for name, value in request.headers if name.lower() != "authorization")
    return msgspec.structs.replace(request, headers=(*kept, ("authorization", f"Bearer {token.text}")))


def _says_expired(answer: HttpResponse) -> bool:
    """In any header, as Sinch's .NET SDK looks for it; usually `www-authenticate` (sinch.md 2.2)."""
    return answer.status == 401 and any("expired" in value.lower() for _, value in answer.headers)
