"""The Provisioning API: what we hand in, what its answers and callbacks say, however odd."""

import json
from typing import Any

import msgspec
import pytest

from parley.domain.callback import Notice, TemplateNotice, Unknown
from parley.domain.errors import InvalidInputError
from parley.domain.http import HttpResponse
from parley.providers.callbacks import read
from parley.providers.sinch_provisioning.calls import Project, is_sinch, list_request, look_request, read_refusal
from parley.providers.sinch_provisioning.components import (
    correction,
    language_read,
    language_written,
    submission,
    without_place,
)
from parley.providers.sinch_provisioning.files import file_of
from parley.providers.sinch_provisioning.shapes import read_one, read_page
from parley.templates import Button, MessageTemplate, Status, parse_template
from parley.templates.copy import Copy, Edit, has_it, news_of
from parley.templates.template import Body, Footer, Header

TEXT = "Your order is on its way and arrives today."
TEMPLATE = MessageTemplate("shipped", "en_US", "SHIPPING_UPDATE", Body(TEXT))
PROJECT = Project("https://provisioning.test/", "p 1")


def shown(state: str = "APPROVED", text: str = TEXT, **more: Any) -> dict[str, Any]:
    details = {"components": [{"type": "HEADER", "format": "TEXT", "text": "x"}, {"type": "BODY", "text": text}]}
    return {
        "name": "shipped", "language": "EN_US", "category": "UTILITY", "qualityScore": "QUALITY_SCORE_GREEN",
        "state": state, "details": details, "analytics": [], **more,
    }  # fmt: skip


def told(kind: str, payload: Any) -> bytes:
    return json.dumps({"type": kind, "payload": payload}).encode()


@pytest.mark.parametrize("language", ["en", "en_US", "zh_CN", "fil", "pt_BR"])
def test_a_language_is_spelled_its_way_and_back(language: str) -> None:
    assert language_read(language_written(language)) == language


def test_addresses_are_safe() -> None:
    assert look_request(PROJECT, TEMPLATE).url == (
        "https://provisioning.test/v1/projects/p%201/whatsapp/templates/shipped/languages/EN_US"
    )
    assert list_request(PROJECT, "a&b").url.endswith("/templates?pageSize=1000&pageToken=a%26b")
    hosts = {"eu.conversation.api.sinch.com": True, "sinch.com.evil.test": False, "127.0.0.1": False}
    assert {host: is_sinch(f"https://{host}") for host in hosts} == hosts


def test_a_code_leaves_its_words_to_whatsapp() -> None:
    code = MessageTemplate(
        "code", "en", "AUTHENTICATION", Body("{{1}} is your code.", ("123456",)), footer=Footer("It ends soon."),
        buttons=(Button("copy_code", "Copy"),),
    )  # fmt: skip
    assert submission(code)["details"]["components"] == [
        {"type": "BODY"},
        {"type": "BUTTONS", "buttons": [{"type": "OTP", "otpType": "COPY_CODE", "text": "Copy"}]},
    ]


def test_media_and_coupons_have_their_samples() -> None:
    sale = MessageTemplate(
        "sale", "en", "MARKETING", Body("Take the code."), header=Header("image", samples=("https://cdn.test/a.png",)),
        buttons=(Button("copy_code", samples=("SPRING",)), Button("phone_number", "Call us", phone_number="+4212")),
    )  # fmt: skip
    header, _, buttons = correction(sale)["details"]["components"]
    assert header == {"type": "HEADER", "format": "IMAGE", "examples": [{"url": "https://cdn.test/a.png"}]}
    assert buttons["buttons"] == [
        {"type": "COPY_CODE", "text": "Copy offer code", "examples": ["SPRING"]},
        {"type": "PHONE_NUMBER", "text": "Call us", "phoneNumber": "+4212"},
    ]


def test_a_page_is_read_whatever_else_it_holds() -> None:
    page = read_page(json.dumps({"templates": [shown(), shown("NEW_WORD", details={"components": "?"})]}).encode())
    (name, copy), (_, strange) = page.copies
    assert (name, copy.state, copy.text, copy.quality) == ("shipped.en_US", Status.APPROVED, TEXT, "green")
    assert (strange.state, strange.text, page.next_page_token) == (None, "", "")
    with pytest.raises(msgspec.DecodeError):
        read_page(b"<html>")


def test_a_rejection_has_its_reason_in_words() -> None:
    assert (read_one(json.dumps(shown("REJECTED", rejectionCode="SCAM")).encode()).reason or "").startswith("SCAM: ")


def refused(code: str, **more: Any) -> dict[str, Any]:
    return {"errorCode": code, "message": "No.", "resolution": "Mend it.", "additionalInformation": more}


@pytest.mark.parametrize(
    ("status", "body", "passes", "said"),
    [
        (400, refused("invalid_input", validationErrors=["name must be", 7]), False, "name must be"),
        (424, refused("template_submit_error", metaError={"description": "Edge."}), False, "Edge."),
        (409, {"errorCode": "resource_locked", "message": "Locked."}, True, "Locked."),
        (429, {}, True, "answered 429"),
        (502, b"<html>", True, "answered 502"),
        (401, {"errorCode": "unauthorized_error", "message": "Unauthorized error."}, True, "Unauthorized"),
    ],
)  # fmt: skip
def test_a_refusal_says_whether_it_passes(status: int, body: Any, passes: bool, said: str) -> None:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    refusal = read_refusal(HttpResponse(status, body=raw))
    assert (refusal.passes, said in refusal.sentence) == (passes, True)


def test_news_of_a_template_is_read_and_other_news_changes_nothing() -> None:
    (paused,) = read(told("WHATSAPP_TEMPLATE_STATUS_UPDATED", shown("PAUSED")))
    assert isinstance(paused, TemplateNotice)
    assert (paused.name, paused.happened, paused.state) == ("shipped.en_US", "status_updated", "paused")
    (sender,) = read(told("WHATSAPP_SENDER_ACTIVE", {"id": "x"}))
    assert isinstance(sender, Notice)


@pytest.mark.parametrize("payload", [None, [], {"name": 7}, {"name": "x"}])
def test_news_that_cannot_be_read_is_kept_as_unknown(payload: Any) -> None:
    (item,) = read(told("WHATSAPP_TEMPLATE_APPROVED", payload))
    assert isinstance(item, Unknown)


OTHER = "Another text about your order, which arrives today."


@pytest.mark.parametrize(
    ("status", "copy", "expected", "problem"),
    [
        (Status.SUBMITTED, Copy(Status.APPROVED, TEXT), Status.APPROVED, False),
        (Status.LINTED, Copy(Status.APPROVED, OTHER), Status.LINTED, True),
        (Status.APPROVED, Copy(Status.APPROVED, OTHER), Status.APPROVED, True),
        (Status.APPROVED, Copy(Status.PAUSED, OTHER), Status.PAUSED, True),
        (Status.LINTED, Copy(Status.APPROVED, OTHER, Edit(Status.SUBMITTED, TEXT)), Status.SUBMITTED, False),
        (Status.SUBMITTED, Copy(Status.APPROVED, OTHER, Edit(Status.REJECTED, TEXT)), Status.REJECTED, False),
        (Status.LINTED, Copy(None, ""), Status.LINTED, False),
    ],
)
def test_an_approval_is_of_a_text(status: Status, copy: Copy, expected: Status, problem: bool) -> None:
    news = news_of(TEMPLATE, status, copy)
    assert (news.status, news.problem is not None) == (expected, problem)


def test_what_is_there_is_not_handed_in_again() -> None:
    copies = {
        Copy(Status.APPROVED, f" {TEXT}\n"): True,
        Copy(Status.REJECTED, TEXT): False,
        Copy(Status.APPROVED, OTHER): False,
        Copy(Status.APPROVED, OTHER, Edit(Status.SUBMITTED, TEXT)): True,
        Copy(Status.APPROVED, OTHER, Edit(Status.REJECTED, TEXT)): False,
    }
    assert {copy: has_it(TEMPLATE, copy) for copy in copies} == copies


FULL: dict[str, Any] = {
    "kind": "template",
    "name": "shipped",
    "language": "en_US",
    "category": "UTILITY",
    "header": {"format": "text", "text": "Order {{1}}", "samples": ["100245"]},
    "body": {"text": "Dear {{1}}, your order is on its way with {{2}} and arrives soon.", "samples": ["Jana", "DHL"]},
    "footer": {"text": "Reply HELP for help"},
    "buttons": [
        {"type": "url", "text": "Follow it", "url": "https://shop.example/track/{{1}}", "samples": ["100245"]},
        {"type": "quick_reply", "text": "Call me"},
        {"type": "phone_number", "text": "Call us", "phone_number": "+421901000001"},
        {"type": "copy_code", "text": "Copy it", "samples": ["SPRING"]},
    ],
}
IMAGE = FULL | {"header": {"format": "image", "samples": ["https://cdn.test/a.png"]}}
PLACE = {name: FULL[name] for name in ("kind", "name", "language", "category", "body")} | {
    "header": {"format": "location"}
}


CARD = {
    "header": {"format": "image", "samples": ["https://cdn.test/a.png"]},
    "body": {"text": "A lamp for {{1}} EUR.", "samples": ["20"]},
    "buttons": [{"type": "quick_reply", "text": "Show me"}],
}
CAROUSEL = {name: FULL[name] for name in ("kind", "name", "language")} | {
    "category": "MARKETING",
    "limited_time_offer": {"text": "Ends soon!", "has_expiration": True},
    "body": {"text": "What you have asked for."},
    "buttons": [
        {"type": "flow", "text": "Book", "flow_id": "123", "navigate_screen": "FIRST"},
        {"type": "flow", "text": "Order", "flow_id": "124", "flow_action": "data_exchange"},
        {"type": "request_contact_info"},
        {"type": "order_details", "text": "Pay"},
    ],
    "carousel": [CARD, CARD],
}


def test_what_sinch_has_no_word_for_is_not_handed_in() -> None:
    catalog = MessageTemplate("sale", "en", "MARKETING", Body("Look."), buttons=(Button("catalog", "View"),))
    (problem,) = without_place(catalog)
    assert "Provisioning API knows no button catalog" in problem.sentence
    assert list(without_place(parse_template(json.dumps(CAROUSEL).encode()))) == []


@pytest.mark.parametrize("file", [FULL, IMAGE, PLACE, CAROUSEL], ids=["full", "image", "place", "carousel"])
def test_what_was_handed_in_comes_back_as_its_file(file: dict[str, Any]) -> None:
    sent = submission(parse_template(json.dumps(file).encode()))
    assert file_of("shipped", "en_US", sent["category"], sent["details"]) == file


def test_a_code_comes_back_with_a_text_to_read() -> None:
    details = {"components": [{"type": "BODY"}, {"type": "BUTTONS", "buttons": [{"type": "OTP", "text": "Copy"}]}]}
    file = file_of("code", "en", "AUTHENTICATION", details)
    assert parse_template(json.dumps(file).encode()).body_variables == ("1",)


@pytest.mark.parametrize(
    ("components", "said"),
    [
        ([], "there is no BODY"),
        ("?", "there is no BODY"),
        ([7, {"type": "HOLOGRAM"}], "components[1]: a template file has no place for HOLOGRAM"),
        ([{"type": "HEADER", "format": "SMELL"}], "components[0].format: a header of a template file is no SMELL"),
        ([{"type": "BUTTONS", "buttons": [7, {"type": "LEVER"}]}], "no place for a button LEVER"),
        ([{"type": "BUTTONS", "buttons": 7}], "there is no BODY"),
    ],
)
def test_what_has_no_place_in_a_file_is_told(components: Any, said: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        file_of("odd", "en", "UTILITY", {"components": components})
    assert said in str(caught.value)
