"""Was a callback signed by whoever knows the secret? The arithmetic and the answer; each API has its own headers."""

import base64
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum

import msgspec


class Fault(StrEnum):
    """Why a signature is not accepted."""

    NO_SECRET = "no_secret"  # noqa: S105  the name of a fault, not a secret
    """No secret is configured, so nothing can be checked."""
    MISSING_HEADER = "missing_header"
    UNKNOWN_ALGORITHM = "unknown_algorithm"
    """It does not match, and its header names another algorithm than the only one Sinch documents."""
    MISMATCH = "mismatch"
    """Another secret, or the bytes were changed on the way."""
    STALE = "stale"
    """It matches, but is older than the caller allows."""


class Genuine(msgspec.Struct, frozen=True):
    """The body came from somebody who knows the secret."""

    nonce: str
    signed_at: datetime | None = None
    """None for the legacy API, which signs no time, and for a time that is no number."""


class NotGenuine(msgspec.Struct, frozen=True):
    """The body must not be believed."""

    fault: Fault
    sentence: str


SignatureCheck = Genuine | NotGenuine


def header(headers: Mapping[str, str], name: str) -> str | None:
    """The value of `name` (lower case), however the headers are written; our own door has them in lower case."""
    if (value := headers.get(name)) is not None:
        return value
    return next((value for key, value in headers.items() if key.lower() == name), None)


def digest(secret: str, message: bytes) -> bytes:
    """HMAC-SHA256 with the UTF-8 of the secret as its key."""
    return hmac.digest(as_bytes(secret), message, "sha256")


def matches_base64(expected: bytes, given: str) -> bool:
    """In constant time. The padding must be there."""
    return hmac.compare_digest(base64.b64encode(expected), as_bytes(given))


def matches_hex(expected: bytes, given: str) -> bool:
    """In constant time, in either case of letters."""
    return hmac.compare_digest(expected.hex().encode(), as_bytes(given.lower()))


def as_bytes(text: str) -> bytes:
    """UTF-8, also for a header that no well-behaved sender would send."""
    return text.encode("utf-8", "surrogatepass")


def unix_time(text: str) -> datetime | None:
    """Decimal seconds since 1970, or None."""
    if not (text.isascii() and text.isdigit() and len(text) <= 11):
        return None
    return datetime.fromtimestamp(int(text), UTC)


def missing(name: str) -> NotGenuine:
    """The header that carries a part of the signature is not there."""
    return NotGenuine(Fault.MISSING_HEADER, f"The callback has no header {name}: signing is off at the provider.")


def mismatch(algorithm: str | None, expected: str) -> NotGenuine:
    """Says which of the two likely reasons it is. The algorithm is never taken from the message itself."""
    if algorithm is not None and algorithm.lower() != expected.lower():
        return NotGenuine(Fault.UNKNOWN_ALGORITHM, f"The callback is not signed with {expected}.")
    return NotGenuine(Fault.MISMATCH, "The signature does not match: the secret differs, or the body was changed.")


def no_secret() -> NotGenuine:
    """Without a secret an empty one would be used, and anybody knows that one."""
    return NotGenuine(Fault.NO_SECRET, "No signing secret is configured for this integration.")
