"""Reading callbacks: the cases as data, and any bytes at all."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sinch.domains.conversation.models.v1.sinch_events import MessageDeliveryReceiptEvent, MessageInboundEvent
from sinch.domains.conversation.sinch_events.v1 import ConversationSinchEvent

from parley.domain.callback import CallbackItem, DeliveryReport, InboundMessage, Unknown
from parley.providers.callbacks import read
from parley.providers.sinch_conversation import callbacks as conversation
from parley.providers.sinch_conversation.callbacks import READERS
from parley.providers.sinch_conversation.kinds import KINDS as CONVERSATION_KINDS
from parley.providers.sinch_conversation.reports import STATES as CONVERSATION_STATES
from parley.providers.sinch_legacy import callbacks as legacy
from parley.providers.sinch_legacy.callbacks import STATES as LEGACY_STATES
from parley.providers.sinch_legacy.kinds import KINDS as LEGACY_KINDS
from tests.contracts.providers import cases

ALL = cases.load()

FIELDS_PAGE = Path(__file__).parents[3] / "docs" / "reference" / "inbound-fields.md"


@pytest.mark.parametrize("case", ALL, ids=cases.name)
def test_each_case_reads_as_written_down(case: cases.Case) -> None:
    assert [cases.plain(item) for item in read(cases.body_of(case))] == case["expected"]


@pytest.mark.parametrize("case", ALL, ids=cases.name)
def test_every_item_can_be_stored(case: cases.Case) -> None:
    for item in read(cases.body_of(case)):
        assert_storable(item)


def test_every_kind_state_and_payload_has_a_case() -> None:
    text = json.dumps([case.get("body") for case in ALL])
    expected = [*CONVERSATION_KINDS, *READERS, *LEGACY_KINDS, *LEGACY_STATES, *CONVERSATION_STATES]
    assert [word for word in expected if f'"{word}"' not in text and word != "QUEUED"] == []


def test_the_mapping_of_the_page_works_for_both_apis() -> None:
    found = {}
    for case in ALL:
        for item in read(cases.body_of(case)):
            if isinstance(item, InboundMessage):
                found[item.fields["provider"]] = set(item.fields) - {"sender_id"}
                assert item.fields["message_id"] == item.message_id
                assert item.fields["from"] == item.sender
                assert item.fields["message"]["body"] == item.body
                assert item.fields["message"]["type"] == item.type
                assert {"name", "id"} == set(item.fields["contact"])
                assert {"message_id", "from"} == set(item.fields["replying_to"])
    assert found["sinch_legacy"] == found["sinch_conversation"]


def test_every_field_is_on_its_page() -> None:
    page = FIELDS_PAGE.read_text(encoding="utf-8")
    items = [item for case in ALL for item in read(cases.body_of(case)) if isinstance(item, InboundMessage)]
    known = [item for item in items if item.type not in ("order", "poll_response")]  # those keep the provider's keys
    words = {key for item in items for key in item.fields} | {
        f"message.{key}" for item in known for key in item.fields["message"]
    }
    assert sorted(word for word in words if f"`{word}`" not in page and f"`{word}." not in page) == []


def test_the_providers_own_object_is_kept_beside() -> None:
    body = cases.body_of(next(case for case in ALL if case["description"] == "a text that quotes one of ours"))
    (item,) = read(body)
    assert isinstance(item, InboundMessage)
    assert item.fields["raw"] == json.loads(body)["message"]


@pytest.mark.parametrize("case", [case for case in ALL if "body" in case], ids=cases.name)
def test_the_reader_of_each_api_says_the_same_as_the_common_door(case: cases.Case) -> None:
    body = cases.body_of(case)
    if case["file"].startswith("legacy"):
        assert legacy.parse(body) == read(body)
    else:
        assert conversation.parse(body) == read(body)


@pytest.mark.parametrize("parse", [legacy.parse, conversation.parse])
def test_each_reader_alone_takes_any_body(parse: Any) -> None:
    for body in (b"", b"[]", b"null", b"\xff", b"{}"):
        assert len(parse(body)) == 1


def test_a_nul_character_cannot_reach_the_database() -> None:
    body = b'{"app_id":"a\\u0000","message":{"id":"\\u0000","contact_message":{"x\\u0000":"\\u0000"},'
    body += b'"channel_identity":{"identity":"4\\u0000"}}}'
    (item,) = read(body)
    assert isinstance(item, InboundMessage)
    assert_storable(item)


@pytest.mark.parametrize(
    "body",
    [
        {"type": "whatsapp", "statuses": [{"message_id": "m", "state": "x" * 9_999}]},
        {"app_id": "a", "x" * 9_999: {}},
        {"app_id": "a", "message_delivery_report": {"message_id": "m", "status": "x" * 9_999}},
    ],
    ids=["state", "key", "status"],
)
def test_a_reason_stays_short_however_long_the_words(body: dict[str, Any]) -> None:
    (item,) = read(json.dumps(body).encode())
    assert isinstance(item, Unknown)
    assert len(item.reason) < 250


def test_a_body_of_many_brackets_is_refused_without_reaching_the_stacks_end() -> None:
    for depth in (100, 500, 990, 5_000, 200_000):
        (item,) = read(b"[" * depth + b"]" * depth)
        assert isinstance(item, Unknown)
        (item,) = read(b'{"a":' * depth + b"1" + b"}" * depth)
        assert isinstance(item, Unknown)


@given(st.binary(max_size=200))
@example(b"\xef\xbb\xbf")
@example(b'"\\ud800"')
def test_any_bytes_are_read(body: bytes) -> None:
    assert_readable(read(body))


NUMBERS = st.one_of(st.integers(), st.floats())
LEAVES = st.one_of(st.none(), st.booleans(), NUMBERS, st.text(st.characters(), max_size=8))
WORDS = st.sampled_from(
    [
        "type",
        "whatsapp",
        "statuses",
        "notifications",
        "contacts",
        "message",
        "message_id",
        "from",
        "to",
        "id",
        "state",
        "queued",
        "text",
        "body",
        "timestamp",
        "app_id",
        "event",
        "message_delivery_report",
        "status",
        "FAILED",
        "reason",
        "code",
        "channel_code",
        "channel_identity",
        "identity",
        "wa_id",
        "profile",
        "name",
        "contact_message",
        "text_message",
        "choice_response_message",
        "postback_data",
        "message_metadata",
        "event_time",
        "replying_to",
        "opt_in_notification",
        "OPT_IN_SUCCEEDED",
        "unsupported_callback",
        "contact_message_event",
        "reaction_event",
        "location",
        "2026-05-01T10:00:00Z",
    ]
)
"""Words the readers look for: nonsense made of them gets further than the first check."""
TREES = st.recursive(
    LEAVES | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS | st.text(max_size=3), inner, max_size=6),
    max_leaves=30,
)


@given(TREES)
@settings(max_examples=400)
def test_any_json_is_read(tree: Any) -> None:
    assert_readable(read(json.dumps(tree).encode()))


def mutations() -> st.SearchStrategy[Any]:
    """A body of a case with one value, anywhere, replaced by something else."""
    bodies = st.sampled_from([case["body"] for case in ALL if "body" in case])
    return st.tuples(bodies, st.randoms(use_true_random=False), TREES).map(lambda drawn: _mutated(*drawn))


def _mutated(body: Any, random: Any, replacement: Any) -> Any:
    copy = json.loads(json.dumps(body))
    node = copy
    while isinstance(node, dict | list) and node:
        key = random.choice(list(node) if isinstance(node, dict) else range(len(node)))
        if not isinstance(node[key], dict | list) or not node[key] or random.random() < 0.3:
            node[key] = replacement
            break
        node = node[key]
    return copy


@given(mutations())
@settings(max_examples=600)
def test_any_wrong_value_in_a_true_callback_is_read(tree: Any) -> None:
    assert_readable(read(json.dumps(tree).encode()))


def test_sinchs_own_parser_reads_the_same_facts() -> None:
    """`sinch` 2.3.0 on our cases: where it understands one, ids, times and texts are the same."""
    compared = 0
    for case in ALL:
        if case["file"] not in ("conversation_inbound", "conversation_reports"):
            continue
        for item in read(cases.body_of(case)):
            theirs = sinch_reads(case["body"])
            if isinstance(theirs, MessageInboundEvent) and isinstance(item, InboundMessage):
                assert theirs.message.id == item.message_id
                assert theirs.message.channel_identity.identity == item.sender
                assert same_time(theirs.event_time, item.occurred_at)
                compared += 1
            if isinstance(theirs, MessageDeliveryReceiptEvent) and isinstance(item, DeliveryReport):
                assert theirs.message_delivery_report.message_id == item.message_id
                assert theirs.event_time is None or same_time(theirs.event_time, item.occurred_at)
                compared += 1
    assert compared >= 20


def sinch_reads(body: Any) -> Any:
    try:
        return ConversationSinchEvent().parse_event(json.loads(json.dumps(body)))
    except (ValueError, TypeError):  # it is stricter than the callbacks are: pydantic's errors are ValueErrors
        return None


def same_time(theirs: datetime | None, ours: datetime | None) -> bool:
    return theirs == ours or (theirs is not None and theirs.year < 2009 and ours is None)


def assert_readable(items: tuple[CallbackItem, ...]) -> None:
    assert items
    for item in items:
        assert_storable(item)


def assert_storable(item: CallbackItem) -> None:
    """As PostgreSQL would have it: UTF-8 without NUL, JSON without what jsonb refuses, ids that fit an index."""
    encoded = msgspec.json.encode(msgspec.to_builtins(item))
    assert isinstance(item, Unknown) or b"\\u0000" not in encoded
    json.loads(encoded)
    for name in ("message_id", "sender", "recipient", "reason", "identity", "replying_to", "our_id", "name"):
        text = getattr(item, name, None) or ""
        assert "\0" not in text
        text.encode()
