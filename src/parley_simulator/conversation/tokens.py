"""The OAuth2 endpoint and its tokens: real JWTs, for clients read `exp` (sinch.md 2.2, 5.2)."""

import base64
import binascii
import hashlib
import hmac
from urllib.parse import parse_qs

import msgspec

from parley_simulator.exchange import PASS, Answer, Call, Door, Pass, Route, ok
from parley_simulator.faults import Fault
from parley_simulator.world import World


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """What our tokens say; times in unix seconds."""

    iss: str
    sub: str
    iat: int
    exp: int
    jti: str
    scp: list[str] = []


class Invalid(msgspec.Struct, frozen=True):
    """Not one of our tokens."""


HEADER = {"alg": "HS256", "typ": "JWT"}


def door() -> Door:
    """The token endpoint checks its own callers."""
    return Door(api="token", gate=_gate, refuse=_refuse_on_order, numbers=lambda _: ())


def routes() -> tuple[Route, ...]:
    """One endpoint."""
    return (Route(method="POST", path="/oauth2/token", name="token", story=_issue),)


def basic_credentials(headers: dict[str, str]) -> tuple[str, str]:
    """User and password of a Basic header; empty when there is none."""
    scheme, _, encoded = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return user, password


def key_is_right(world: World, headers: dict[str, str]) -> bool:
    """Is it the app's key id and key secret?"""
    user, password = basic_credentials(headers)
    given = f"{user}:{password}".encode()
    return hmac.compare_digest(given, f"{world.app.key_id}:{world.app.key_secret}".encode())


def read_token(world: World, token: str) -> Claims | Invalid:
    """The claims of a token that we signed, expired or not."""
    payload, _, signature = token.rpartition(".")
    if not hmac.compare_digest(signature.encode(), _signature(world, payload).encode()):
        return Invalid()
    return msgspec.json.decode(_decoded(payload.partition(".")[2]), type=Claims)


def _gate(world: World, _call: Call) -> Answer | Pass:
    """A bucket of 30 refilled at 10 a second; over it 429 without Retry-After (sinch.md 2.2)."""
    burst, rate = world.settings.token_burst, world.settings.tokens_per_second
    return PASS if world.within_rate("token", burst, rate) else _error("too_many_requests", "Slow down", 429)


async def _issue(world: World, call: Call) -> Answer:
    if not key_is_right(world, call.headers):
        return _error("invalid_client", "Client authentication failed", 401)
    form = parse_qs(call.body.decode(errors="replace"))
    if form.get("grant_type") != ["client_credentials"]:
        return _error("unsupported_grant_type", "Only client_credentials is supported", 400)
    seconds = world.settings.token_seconds
    token = _signed(world, seconds)
    return ok({"access_token": token, "expires_in": seconds, "scope": "", "token_type": "bearer"})


def _signed(world: World, seconds: int) -> str:
    now = int(world.now().timestamp())
    claims = Claims(iss=world.base_url, sub=world.app.key_id, iat=now, exp=now + seconds, jti=world.chance.word(32))
    payload = f"{_encoded(msgspec.json.encode(HEADER))}.{_encoded(msgspec.json.encode(claims))}"
    return f"{payload}.{_signature(world, payload)}"


def _signature(world: World, payload: str) -> str:
    return _encoded(hmac.new(world.app.signing_secret.encode(), payload.encode(), hashlib.sha256).digest())


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _error(error: str, description: str, status: int) -> Answer:
    return ok({"error": error, "error_description": description}, status)


def _refuse_on_order(_world: World, fault: Fault) -> Answer:
    status = {"throttle": 429, "token_revoked": 401, "token_expired": 401, "billing": 403}.get(fault.kind, fault.status)
    error = "invalid_client" if status == 401 else "server_error"
    return _error(error, fault.message or "The token endpoint is in trouble", status)
