"""Signatures of the Conversation API: base64(HMAC-SHA256) over `body.nonce.timestamp` (sinch.md 2.12)."""

from collections.abc import Mapping
from datetime import datetime

from parley.providers.signature import (
    Fault,
    Genuine,
    NotGenuine,
    SignatureCheck,
    as_bytes,
    digest,
    header,
    matches_base64,
    mismatch,
    missing,
    no_secret,
    unix_time,
)

SIGNATURE = "x-sinch-webhook-signature"
TIMESTAMP = "x-sinch-webhook-signature-timestamp"
NONCE = "x-sinch-webhook-signature-nonce"
ALGORITHM = "x-sinch-webhook-signature-algorithm"
EXPECTED_ALGORITHM = "HmacSHA256"
_SIGNED = (SIGNATURE, NONCE, TIMESTAMP)


def verify(
    headers: Mapping[str, str], body: bytes, secret: str, *, not_before: datetime | None = None
) -> SignatureCheck:
    """`not_before` refuses older signatures. Leave it out: a retry of Sinch may keep its first timestamp for hours."""
    if not secret:
        return no_secret()
    given, nonce, timestamp = header(headers, SIGNATURE), header(headers, NONCE), header(headers, TIMESTAMP)
    if given is None or nonce is None or timestamp is None:
        return missing(next(name for name in _SIGNED if header(headers, name) is None))
    expected = digest(secret, b".".join((body, as_bytes(nonce), as_bytes(timestamp))))
    if not matches_base64(expected, given):
        return mismatch(header(headers, ALGORITHM), EXPECTED_ALGORITHM)
    return _fresh(Genuine(nonce, unix_time(timestamp)), not_before)


def _fresh(genuine: Genuine, not_before: datetime | None) -> SignatureCheck:
    if not_before is None or (genuine.signed_at is not None and genuine.signed_at >= not_before):
        return genuine
    return NotGenuine(Fault.STALE, "The signature matches but is older than this integration allows.")
