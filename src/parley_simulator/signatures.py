"""How Sinch signs a callback: the legacy API's way and the Conversation API's (sinch.md 1.8 and 2.12)."""

import base64
import hashlib
import hmac
from typing import Literal

import msgspec

Digest = Literal["hex", "base64"]


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """Whose key signs a callback, and in which form. No secret: not signed."""

    scheme: Literal["legacy", "conversation"]
    secret: str = ""
    digest: Digest = "base64"


def headers_for(seal: Seal, body: bytes, nonce: str, timestamp: int) -> dict[str, str]:
    """The signature headers of one POST; `timestamp` in unix seconds (Conversation only)."""
    if not seal.secret:
        return {}
    if seal.scheme == "legacy":
        return _legacy(seal, body, nonce)
    return _conversation(seal, body, nonce, timestamp)


def _legacy(seal: Seal, body: bytes, nonce: str) -> dict[str, str]:
    name = "sinch-whatsapp-callback-signature"
    digest = _hmac(seal.secret, body + b"." + nonce.encode())
    return {
        name: digest.hex() if seal.digest == "hex" else base64.b64encode(digest).decode(),
        f"{name}-algorithm": "HMAC_SHA_256",
        f"{name}-nonce": nonce,
    }


def _conversation(seal: Seal, body: bytes, nonce: str, timestamp: int) -> dict[str, str]:
    name = "x-sinch-webhook-signature"
    digest = _hmac(seal.secret, b".".join((body, nonce.encode(), str(timestamp).encode())))
    return {
        name: base64.b64encode(digest).decode(),
        f"{name}-timestamp": str(timestamp),
        f"{name}-nonce": nonce,
        f"{name}-algorithm": "HmacSHA256",
    }


def _hmac(secret: str, payload: bytes) -> bytes:
    return hmac.new(secret.encode(), payload, hashlib.sha256).digest()
