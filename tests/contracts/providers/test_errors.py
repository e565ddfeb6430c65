"""The closed list of send errors: whole, explained, and documented."""

import re

import pytest

from parley.domain.message import Remedy
from parley.providers.error_codes import WHATSAPP_CODES
from parley.providers.errors import ERRORS, SendError, explain, explain_state
from tests.contracts.providers.error_page import ANSWERS, OF_ANSWERS, PATH, REMEDIES, SOURCES, page

REASONS_OF_SINCH = """
    UNKNOWN INTERNAL_ERROR RATE_LIMITED RECIPIENT_INVALID_CHANNEL_IDENTITY RECIPIENT_NOT_REACHABLE
    RECIPIENT_NOT_OPTED_IN OUTSIDE_ALLOWED_SENDING_WINDOW CHANNEL_FAILURE CHANNEL_BAD_CONFIGURATION
    CHANNEL_CONFIGURATION_MISSING MEDIA_TYPE_UNSUPPORTED MEDIA_TOO_LARGE MEDIA_NOT_REACHABLE NO_CHANNELS_LEFT
    TEMPLATE_NOT_FOUND TEMPLATE_INSUFFICIENT_PARAMETERS TEMPLATE_NON_EXISTING_LANGUAGE_OR_VERSION DELIVERY_TIMED_OUT
    DELIVERY_REJECTED_DUE_TO_POLICY CONTACT_NOT_FOUND BAD_REQUEST UNKNOWN_APP NO_CHANNEL_IDENTITY_FOR_CONTACT
    CHANNEL_REJECT NO_PERMISSION NO_PROFILE_AVAILABLE UNSUPPORTED_OPERATION INACTIVE_CREDENTIAL MESSAGE_EXPIRED
    MESSAGE_SPLIT_REQUIRED DELIVERY_REPORT_TIME_OUT
"""
"""Copied from the provider's list, not from our table."""
CODES_OF_WHATSAPP = """
    0 190 3 10 131005 1 2 131016 133004 131000 4 80007 33 100 131008 131009 131021 131051 135000 130429 130472 130497
    131026 131030 131031 368 131037 131042 131045 133010 131047 131048 131049 131050 131052 131053 131055 134100 131056
    131057 2494100 131061 131062 132000 132012 132018 132001 132005 132007 132015 132016 132068 132069 133000 133005
    133006 133008 133009 133015 133016 134011 134101 134102
    400 402 408 410 429 430 432 433 470 471 472 480 500 1000 1001 1002 1006 1008 1009 1013 1014 1015 1021 1026 1031 2000
    2001 2002 2003
"""
"""The same: Meta's page of the Cloud API (12 Dec 2025), then those of the on-premise API (whatsapp.md 4.3)."""


@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS.keys())
def test_each_error_has_a_stable_code_and_a_sentence_for_the_user(error: SendError) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", error.code)
    assert error.sentence[0].isupper()
    assert error.sentence.endswith(".")
    assert error.sentence.count(". ") >= 1 or ":" in error.sentence, "says what happened, then what to do"


@pytest.mark.parametrize(("title", "table"), SOURCES, ids=[title for title, _ in SOURCES])
def test_each_foreign_word_leads_to_one_of_ours(title: str, table: dict[str, str]) -> None:
    assert set(table.values()) <= set(ERRORS), title


def test_each_of_ours_is_reached_from_somewhere() -> None:
    assert set(ERRORS) == {ours for _, table in SOURCES for ours in table.values()}


def test_every_reason_of_sinch_is_known() -> None:
    assert [reason for reason in REASONS_OF_SINCH.split() if explain(reason).code == "failed"] == ["UNKNOWN"]


def test_every_code_of_whatsapp_is_known() -> None:
    codes = {*CODES_OF_WHATSAPP.split(), *map(str, range(200, 300))}
    assert codes == set(WHATSAPP_CODES)
    assert {code for code in codes if explain(None, code).code == "failed"} == set()


def test_whatsapps_own_code_says_most_then_the_sub_code_then_the_reason() -> None:
    assert explain("CHANNEL_REJECT", "131050", "INACTIVE_SENDER").code == "marketing_opted_out"
    assert explain("CHANNEL_REJECT", "no such", "INACTIVE_SENDER").code == "sender_not_registered"
    assert explain("CHANNEL_REJECT", "", "UNSPECIFIED_SUB_CODE").code == "channel_rejected"


@pytest.mark.parametrize("theirs", [None, "", "COSMIC_RAYS", "failed"])
def test_a_word_nobody_knows_is_failed(theirs: str | None) -> None:
    assert explain(theirs, theirs, theirs).code == "failed"
    assert explain_state(theirs or "").code == "failed"


@pytest.mark.parametrize(
    ("channel_code", "remedy"),
    [
        ("131047", Remedy.REFUSE_PERSON),  # 24 hours are over
        ("131049", Remedy.REFUSE_PERSON),  # insisting makes it worse
        ("131056", Remedy.WAIT),
        ("130429", Remedy.WAIT),
        ("131000", Remedy.RETRY),
        ("131031", Remedy.STOP_SENDER),
        ("131042", Remedy.STOP_SENDER),
        ("190", Remedy.STOP_SENDER),
        ("245", Remedy.STOP_SENDER),  # within 200-299
        ("132015", Remedy.STOP_TEMPLATE),
        ("132000", Remedy.REFUSE_PERSON),
    ],
)
def test_what_whatsapp_says_has_the_right_consequence(channel_code: str, remedy: Remedy) -> None:
    assert explain("UNKNOWN", channel_code).remedy is remedy


def test_every_remedy_is_explained_on_the_page() -> None:
    assert set(REMEDIES) == set(Remedy)


def test_every_code_of_an_answer_is_explained_on_the_page() -> None:
    assert set(ANSWERS) == {answer.code for answer in OF_ANSWERS}


def test_the_page_says_what_the_tables_say() -> None:
    """When it does not: python -m tests.contracts.providers.error_page"""
    assert PATH.read_text(encoding="utf-8") == page()
    assert [code for code in ERRORS if f"| `{code}` |" not in page()] == []
