"""Signatures: the vectors of reference/sinch.md 1.8 and 2.12, every fault, and agreement with Sinch's own validator."""

import base64
import hmac
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sinch.domains.conversation.sinch_events.v1 import ConversationSinchEvent

from parley.providers.callbacks import Api, verify
from parley.providers.signature import Fault, Genuine, NotGenuine

NONCE = "01HZZZZZZZZZZZZZZZZZZZZZZZ"
GREETING = (
    '{"app_id":"01APP","project_id":"p1","message":{"id":"01M","direction":"TO_APP",'
    '"contact_message":{"text_message":{"text":"Hej åäö 👋"}}}}'
).encode()
LEGACY_HEX = "8cf80170e63418227aaf0cd671b0b8abaa5a6fcbfb8a36c37f045f784ed58146"
LEGACY_BASE64 = "jPgBcOY0GCJ6rwzWcbC4q6pab8v7ijbDfwRfeE7VgUY="

Headers = dict[str, str]


def legacy_headers(signature: str = LEGACY_HEX, nonce: str = "n", algorithm: str = "HMAC_SHA_256") -> Headers:
    return {
        "Sinch-Whatsapp-Callback-Signature": signature,
        "Sinch-Whatsapp-Callback-Signature-Algorithm": algorithm,
        "Sinch-Whatsapp-Callback-Signature-Nonce": nonce,
    }


def conversation_headers(
    signature: str = "mdJGqVu5JExfwxqqSxoaJ3Bw9cpxZKrWuhtb45YmzQU=",
    nonce: str = "n",
    timestamp: str = "1",
    algorithm: str = "HmacSHA256",
) -> Headers:
    return {
        "X-Sinch-Webhook-Signature": signature,
        "X-Sinch-Webhook-Signature-Nonce": nonce,
        "X-Sinch-Webhook-Signature-Timestamp": timestamp,
        "X-Sinch-Webhook-Signature-Algorithm": algorithm,
    }


def signed(secret: str, body: bytes, nonce: str, timestamp: str) -> Headers:
    """As Sinch signs, written here a second time."""
    message = body + b"." + nonce.encode() + b"." + timestamp.encode()
    digest = hmac.new(secret.encode(), message, "sha256").digest()
    return conversation_headers(base64.b64encode(digest).decode(), nonce, timestamp)


@pytest.mark.parametrize("signature", [LEGACY_HEX, LEGACY_HEX.upper(), LEGACY_BASE64], ids=["hex", "HEX", "base64"])
def test_a_legacy_signature_is_accepted_in_either_encoding(signature: str) -> None:
    assert verify(Api.LEGACY, legacy_headers(signature), b"{}", "sim-secret-1") == Genuine("n")


@pytest.mark.parametrize(
    ("secret", "body", "nonce", "timestamp", "signature"),
    [
        ("sim-secret-1", b"{}", "n", "1", "mdJGqVu5JExfwxqqSxoaJ3Bw9cpxZKrWuhtb45YmzQU="),
        ("sim-secret-1", GREETING, NONCE, "1750000000", "KL6SZFIzB0VbuGhoCxjHD0UpJluXoZxWnkHssHP18zw="),
        ("x", b"", NONCE, "1750000000", "x5QylY6f2l8IcyKPPAXl94qBMRGvY0YgwGF8OQeWwSQ="),
    ],
    ids=["smallest", "emoji", "empty body"],
)
def test_the_vectors_of_the_conversation_api_hold(
    secret: str, body: bytes, nonce: str, timestamp: str, signature: str
) -> None:
    headers = conversation_headers(signature, nonce, timestamp)
    signed_at = datetime.fromtimestamp(int(timestamp), UTC)
    assert verify(Api.CONVERSATION, headers, body, secret) == Genuine(nonce, signed_at)
    assert sinch_says(secret, headers, body)


def fault_of(api: Api, headers: Headers, body: bytes = b"{}", secret: str = "sim-secret-1") -> Fault:
    check = verify(api, headers, body, secret)
    assert isinstance(check, NotGenuine)
    assert check.sentence.endswith(".")
    return check.fault


HEADERS: dict[Api, Callable[..., Headers]] = {Api.LEGACY: legacy_headers, Api.CONVERSATION: conversation_headers}


@pytest.mark.parametrize("api", list(Api))
class TestBothApis:
    def test_a_changed_byte_is_a_mismatch(self, api: Api) -> None:
        assert fault_of(api, HEADERS[api](), b"{ }") is Fault.MISMATCH

    def test_another_secret_is_a_mismatch(self, api: Api) -> None:
        assert fault_of(api, HEADERS[api](), secret="sim-secret-2") is Fault.MISMATCH

    def test_another_nonce_is_a_mismatch(self, api: Api) -> None:
        assert fault_of(api, HEADERS[api](nonce="m")) is Fault.MISMATCH

    def test_another_algorithm_is_named_when_it_does_not_match(self, api: Api) -> None:
        assert fault_of(api, HEADERS[api](signature="?", algorithm="none")) is Fault.UNKNOWN_ALGORITHM

    def test_the_algorithm_header_alone_changes_nothing(self, api: Api) -> None:
        """The message must not choose how it is checked. Sinch's validator does not look at it either."""
        assert isinstance(verify(api, HEADERS[api](algorithm="none"), b"{}", "sim-secret-1"), Genuine)

    def test_without_a_secret_nothing_is_genuine(self, api: Api) -> None:
        assert fault_of(api, HEADERS[api](), secret="") is Fault.NO_SECRET

    def test_each_missing_header_is_told_by_its_name(self, api: Api) -> None:
        whole = HEADERS[api]()
        for name in (name for name in whole if not name.endswith("Algorithm")):
            headers = {key: value for key, value in whole.items() if key != name}
            assert fault_of(api, headers) is Fault.MISSING_HEADER
            check = verify(api, headers, b"{}", "sim-secret-1")
            assert isinstance(check, NotGenuine)
            assert name.lower() in check.sentence

    @pytest.mark.parametrize("signature", ["", "é", "\udcff", "=" * 44, "A" * 100_000], ids=len)
    def test_an_odd_signature_is_a_mismatch_and_no_crash(self, api: Api, signature: str) -> None:
        assert fault_of(api, HEADERS[api](signature)) is Fault.MISMATCH


def test_an_unpadded_signature_is_a_mismatch() -> None:
    headers = conversation_headers("mdJGqVu5JExfwxqqSxoaJ3Bw9cpxZKrWuhtb45YmzQU")
    assert fault_of(Api.CONVERSATION, headers) is Fault.MISMATCH


def test_age_is_not_looked_at_unless_asked_for() -> None:
    headers = signed("s", b"{}", "n", "1000000000")
    assert isinstance(verify(Api.CONVERSATION, headers, b"{}", "s"), Genuine)


@pytest.mark.parametrize(("timestamp", "fresh"), [("1000000000", True), ("999999999", False), ("soon", False)])
def test_an_older_signature_is_stale_where_a_limit_is_set(timestamp: str, *, fresh: bool) -> None:
    limit = datetime.fromtimestamp(1_000_000_000, UTC)
    check = verify(Api.CONVERSATION, signed("s", b"{}", "n", timestamp), b"{}", "s", not_before=limit)
    assert isinstance(check, Genuine) is fresh
    assert fresh or (isinstance(check, NotGenuine) and check.fault is Fault.STALE)


TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1)


@given(secret=TEXT, body=st.text(), nonce=TEXT, timestamp=TEXT)
def test_what_sinch_would_sign_both_validators_accept(secret: str, body: str, nonce: str, timestamp: str) -> None:
    raw = body.encode("utf-8", "replace")
    headers = signed(secret, raw, nonce, timestamp)
    assert isinstance(verify(Api.CONVERSATION, headers, raw, secret), Genuine)
    assert sinch_says(secret, headers, raw)


@given(
    secret=TEXT, body=TEXT, nonce=TEXT, timestamp=TEXT, where=st.sampled_from(["secret", "body", "nonce", "signature"])
)
@example(secret="s", body="a.b", nonce="c", timestamp="d", where="nonce")
def test_what_was_changed_both_validators_refuse(
    secret: str, body: str, nonce: str, timestamp: str, where: str
) -> None:
    headers = signed(secret, body.encode(), nonce, timestamp)
    if where == "signature":
        headers["X-Sinch-Webhook-Signature"] = headers["X-Sinch-Webhook-Signature"].swapcase()
    elif where == "nonce":
        headers["X-Sinch-Webhook-Signature-Nonce"] += "x"
    changed = body + " " if where == "body" else body
    asked = secret + "x" if where == "secret" else secret
    assert isinstance(verify(Api.CONVERSATION, headers, changed.encode(), asked), NotGenuine)
    assert not sinch_says(asked, headers, changed.encode())


def sinch_says(secret: str, headers: Headers, body: bytes) -> bool:
    """The validator in the package `sinch` 2.3.0."""
    return bool(ConversationSinchEvent(secret).validate_authentication_header(headers=headers, json_payload=body))
