"""The vectors of sinch.md 1.8 and 2.12, and the one that Sinch's own tests carry."""

import pytest

from parley_simulator.signatures import Seal, headers_for

EMOJI_BODY = (
    '{"app_id":"01APP","project_id":"p1","message":{"id":"01M","direction":"TO_APP",'
    '"contact_message":{"text_message":{"text":"Hej åäö 👋"}}}}'
).encode()
LATE = "01HZZZZZZZZZZZZZZZZZZZZZZZ"


@pytest.mark.parametrize(
    ("secret", "body", "nonce", "timestamp", "signature"),
    [
        ("sim-secret-1", b"{}", "n", 1, "mdJGqVu5JExfwxqqSxoaJ3Bw9cpxZKrWuhtb45YmzQU="),
        ("sim-secret-1", EMOJI_BODY, LATE, 1750000000, "KL6SZFIzB0VbuGhoCxjHD0UpJluXoZxWnkHssHP18zw="),
        ("x", b"", LATE, 1750000000, "x5QylY6f2l8IcyKPPAXl94qBMRGvY0YgwGF8OQeWwSQ="),
    ],
)
def test_it_signs_as_the_conversation_api_does(
    secret: str, body: bytes, nonce: str, timestamp: int, signature: str
) -> None:
    headers = headers_for(Seal(scheme="conversation", secret=secret), body, nonce, timestamp)
    assert headers == {
        "x-sinch-webhook-signature": signature,
        "x-sinch-webhook-signature-timestamp": str(timestamp),
        "x-sinch-webhook-signature-nonce": nonce,
        "x-sinch-webhook-signature-algorithm": "HmacSHA256",
    }


@pytest.mark.parametrize(
    ("digest", "signature"),
    [
        ("hex", "8cf80170e63418227aaf0cd671b0b8abaa5a6fcbfb8a36c37f045f784ed58146"),
        ("base64", "jPgBcOY0GCJ6rwzWcbC4q6pab8v7ijbDfwRfeE7VgUY="),
    ],
)
def test_it_signs_as_the_legacy_api_does(digest: str, signature: str) -> None:
    seal = Seal(scheme="legacy", secret="sim-secret-1", digest="hex" if digest == "hex" else "base64")
    headers = headers_for(seal, b"{}", "n", 1)
    assert headers == {
        "sinch-whatsapp-callback-signature": signature,
        "sinch-whatsapp-callback-signature-algorithm": "HMAC_SHA_256",
        "sinch-whatsapp-callback-signature-nonce": "n",
    }


def test_it_signs_nothing_without_a_secret() -> None:
    assert headers_for(Seal(scheme="conversation"), b"{}", "n", 1) == {}
