"""Signatures of the legacy callbacks: HMAC-SHA256 over `payload.nonce` (sinch.md 1.8; official page of July 2021)."""

from collections.abc import Mapping

from parley.providers.signature import (
    Genuine,
    SignatureCheck,
    as_bytes,
    digest,
    header,
    matches_base64,
    matches_hex,
    mismatch,
    missing,
    no_secret,
)

SIGNATURE = "sinch-whatsapp-callback-signature"
ALGORITHM = "sinch-whatsapp-callback-signature-algorithm"
NONCE = "sinch-whatsapp-callback-signature-nonce"
EXPECTED_ALGORITHM = "HMAC_SHA_256"


def verify(headers: Mapping[str, str], body: bytes, secret: str) -> SignatureCheck:
    """Hex and base64 are both accepted: which one Sinch sends is not documented. No time is signed."""
    if not secret:
        return no_secret()
    given, nonce = header(headers, SIGNATURE), header(headers, NONCE)
    if given is None:
        return missing(SIGNATURE)
    if nonce is None:
        return missing(NONCE)
    expected = digest(secret, body + b"." + as_bytes(nonce))
    if matches_hex(expected, given) or matches_base64(expected, given):
        return Genuine(nonce)
    return mismatch(header(headers, ALGORITHM), EXPECTED_ALGORITHM)
