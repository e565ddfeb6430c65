"""Templates by the Provisioning API: made, listed, changed, deleted (sinch.md 3.2)."""

from typing import Any

import pytest

from tests.simulator.desk import ALICE, CART, Desk
from tests.simulator.provisioning import (
    BODY,
    REMINDER,
    TEMPLATES,
    approved,
    create,
    decide,
    ear,
    error_of,
    sent,
    shown,
    template,
    told,
)
from tests.simulator.shop import Shop


def test_it_takes_a_template_into_review(desk: Desk) -> None:
    made = create(desk)
    assert made.pop("whatsappId").isdecimal()
    assert made == {
        "name": "reminder",
        "language": "EN_US",
        "category": "MARKETING",
        "state": "PENDING",
        "qualityScore": "QUALITY_SCORE_UNKNOWN",
        "details": {"components": [BODY]},
        "analytics": [],
        "isMetaGenerated": False,
    }
    assert {**shown(desk), "whatsappId": ""} == {**made, "whatsappId": ""}


def test_it_keeps_a_draft_that_lacks_everything(desk: Desk, shop: Shop) -> None:
    made = create(desk, {"type": "BODY"}, status="DRAFT", allowCategoryChange=True)
    draft = {"status": "DRAFT", "allowCategoryChange": True, "details": {"components": [{"type": "BODY"}]}}
    assert made["changes"] == draft
    assert not {"state", "details", "whatsappId"} & set(made)
    assert [it["name"] for it in desk.sim("templates")["templates"]] == ["abandoned_cart"]
    reason = shop.final_report_of(desk.send(sent(ALICE)))["reason"]
    assert reason["code"] == "TEMPLATE_NOT_FOUND"


def test_it_is_sendable_once_it_is_approved_and_not_before(desk: Desk, shop: Shop) -> None:
    create(desk)
    assert shop.final_report_of(desk.send(sent(ALICE, "Alice")))["reason"]["channel_code"] == "132001"
    decide(desk, "approve")
    assert shop.report_of(desk.send(sent(ALICE, "Alice")), "DELIVERED")
    assert desk.thread()[-1]["text"] == "Dear Alice, your cart waits. Type CART."
    legacy = {"type": "template", "template_name": "reminder", "language": "en_US", "body_params": ["Bob"]}
    status = desk.send_legacy({**legacy, "media": {"type": "text"}})[0]
    assert shop.status_of(status["message_id"], "delivered")


def test_it_shows_the_phone_all_its_parts(desk: Desk, shop: Shop) -> None:
    parts: list[dict[str, Any]] = [
        {"type": "HEADER", "format": "TEXT", "text": "Order {{1}}", "examples": ["7"]},
        BODY,
        {"type": "FOOTER", "text": "Your shop"},
        {
            "type": "BUTTONS",
            "buttons": [
                {"type": "QUICK_REPLY", "text": "CART"},
                {
                    "type": "URL",
                    "text": "Track",
                    "url": "https://shop.test/{{1}}",
                    "examples": ["https://shop.test/x"],
                },
            ],
        },
    ]
    approved(desk, *parts)
    message = sent(ALICE, "Alice")
    filled = message["template_message"]["channel_template"]["WHATSAPP"]["parameters"]
    filled |= {"header[1]text": "7", "button[1]url[1]text": "x7"}
    assert shop.report_of(desk.send(message), "DELIVERED")
    phone = desk.thread()[-1]
    assert phone["text"] == "Order 7\nDear Alice, your cart waits. Type CART.\nYour shop"
    assert [button["payload"] for button in phone["buttons"]] == ["CART", "https://shop.test/x7"]
    assert shown(desk)["details"]["components"] == parts


def test_it_writes_authentication_templates_itself(desk: Desk, shop: Shop) -> None:
    code: list[dict[str, Any]] = [
        {"type": "BODY", "addSecurityRecommendation": True},
        {"type": "FOOTER", "codeExpirationMinutes": 5},
        {"type": "BUTTONS", "buttons": [{"type": "OTP", "otpType": "COPY_CODE", "text": "Copy"}]},
    ]
    approved(desk, *code, category="AUTHENTICATION")
    assert shop.report_of(desk.send(sent(ALICE, "1234")), "DELIVERED")
    assert desk.thread()[-1]["text"].startswith("1234 is your verification code. For your security")
    assert desk.thread()[-1]["text"].endswith("expires in 5 minutes.")


def test_one_book_serves_every_api(desk: Desk) -> None:
    by_hand = shown(desk, f"{TEMPLATES}/abandoned_cart/languages/EN")
    assert (by_hand["state"], by_hand["category"], by_hand["language"]) == ("APPROVED", "UTILITY", "EN")
    assert by_hand["details"]["components"] == [
        {"type": "BODY", "text": CART["body"]},
        {"type": "BUTTONS", "buttons": CART["buttons"]},
    ]
    approved(desk)
    known = [(it["name"], it["language"], it["status"]) for it in desk.sim("templates")["templates"]]
    assert known == [("abandoned_cart", "en", "APPROVED"), ("reminder", "en_US", "APPROVED")]
    desk.sim("templates", {"name": "reminder", "language": "en_US", "status": "PAUSED", "body": "Another text."})
    replaced = shown(desk)
    assert (replaced["state"], replaced["details"]["components"][0]["text"]) == ("PAUSED", "Another text.")


def names(desk: Desk, query: str) -> list[str]:
    listed = desk.provision("GET", f"{TEMPLATES}?{query}").json()["templates"]
    return [f"{it['name']}/{it['language']}" for it in listed]


def test_it_lists_in_alphabetical_order_page_by_page(desk: Desk) -> None:
    for name in ("c_c", "b_b", "a_a"):
        create(desk, {"type": "BODY", "text": f"This is {name}."}, name=name)
    first = desk.provision("GET", f"{TEMPLATES}?pageSize=2").json()
    assert ([it["name"] for it in first["templates"]], first["totalSize"]) == (["a_a", "abandoned_cart"], 4)
    assert "previousPageToken" not in first
    second = desk.provision("GET", f"{TEMPLATES}?pageSize=2&pageToken={first['nextPageToken']}").json()
    assert ([it["name"] for it in second["templates"]], second["pageSize"]) == (["b_b", "c_c"], 2)
    assert "nextPageToken" not in second
    again = desk.provision("GET", f"{TEMPLATES}?pageSize=2&pageToken={second['previousPageToken']}").json()
    assert again == first


def test_it_filters_by_state_status_and_the_beginning_of_the_name(desk: Desk) -> None:
    create(desk)
    create(desk, {"type": "BODY"}, name="draft_one", status="DRAFT")
    approved(desk, {"type": "BODY", "text": "Quite another."}, name="other")
    desk.provision("PATCH", f"{TEMPLATES}/other/languages/EN_US", {})
    assert names(desk, "filterStates=PENDING") == ["reminder/EN_US"]
    assert names(desk, "filterStates=PENDING&filterStates=APPROVED&templateName=r") == ["reminder/EN_US"]
    assert names(desk, "filterStates=PENDING,APPROVED") == ["abandoned_cart/EN", "other/EN_US", "reminder/EN_US"]
    assert names(desk, "filterStatuses=DRAFT") == ["draft_one/EN_US", "other/EN_US"]
    assert names(desk, "filterStatuses=DRAFT&filterStates=APPROVED") == ["other/EN_US"]


def test_it_cuts_down_to_the_fields_of_a_mask(desk: Desk) -> None:
    create(desk, status="DRAFT")
    path = f"{TEMPLATES}?templateName=rem&fieldMask="
    assert desk.provision("GET", f"{path}name,changes.status").json()["templates"] == [
        {"name": "reminder", "changes": {"status": "DRAFT"}}
    ]
    whole = desk.provision("GET", f"{path}changes.status&fieldMask=changes").json()["templates"][0]
    assert set(whole["changes"]) == {"status", "allowCategoryChange", "details"}


def test_it_shows_all_languages_of_a_name(desk: Desk) -> None:
    create(desk)
    create(desk, language="SK")
    assert [it["language"] for it in shown(desk, f"{TEMPLATES}/reminder")["templates"]] == ["EN_US", "SK"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("pageSize=0", "invalid_page_size"),
        ("pageSize=1001", "invalid_page_size"),
        ("pageSize=many", "invalid_page_size"),
        ("pageToken=%ff", "invalid_page_token"),
        ("pageToken=a", "invalid_page_token"),
        ("filterStates=READY", "invalid_filter_states"),
        ("filterStatuses=APPROVED", "invalid_filter_statuses"),
        ("fieldMask=name,colour", "invalid_fields"),
    ],
)
def test_it_refuses_odd_questions(desk: Desk, query: str, code: str) -> None:
    assert error_of(desk.provision("GET", f"{TEMPLATES}?{query}")) == (400, code)


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    ("language", "error"),
    [("en_US", (400, "template_invalid_language_code")), ("SK", (404, "template_not_found"))],
)
def test_it_looks_for_the_language_as_it_spells_it(
    desk: Desk, method: str, language: str, error: tuple[int, str]
) -> None:
    create(desk)
    answer = desk.provision(method, f"{TEMPLATES}/reminder/languages/{language}", {})
    assert error_of(answer) == error


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_it_does_not_know_a_name_that_nobody_gave(desk: Desk, method: str) -> None:
    assert error_of(desk.provision(method, f"{TEMPLATES}/nobody")) == (404, "template_not_found")


def test_it_refuses_what_exists_and_what_another_language_contradicts(desk: Desk) -> None:
    create(desk)
    assert error_of(desk.provision("POST", TEMPLATES, template())) == (409, "template_exists")
    other = template(language="SK", category="UTILITY")
    assert error_of(desk.provision("POST", TEMPLATES, other)) == (409, "template_incorrect_category")


def test_it_lets_a_deleted_language_rest_for_four_weeks_and_a_name_for_thirty_days(desk: Desk) -> None:
    approved(desk)
    assert desk.provision("DELETE", f"{REMINDER}?deleteSubmitted=true").status_code == 204
    language = (409, "template_language_recently_deleted")
    assert error_of(desk.provision("POST", TEMPLATES, template())) == language
    approved(desk, language="SK")
    assert desk.provision("DELETE", f"{TEMPLATES}/reminder").status_code == 204
    for wait, error in [
        (0, (409, "template_name_recently_used")),
        (29 * 86_400, (409, "template_name_recently_used")),
    ]:
        desk.advance(wait)
        assert error_of(desk.provision("POST", TEMPLATES, template())) == error
    desk.advance(86_400)
    create(desk)


def test_it_deletes_only_the_draft_unless_told_more(desk: Desk) -> None:
    approved(desk)
    submitted = (409, "template_not_deletable_due_to_input_config")
    assert error_of(desk.provision("DELETE", REMINDER)) == submitted
    desk.provision("PATCH", REMINDER, {})
    assert "changes" in shown(desk)
    assert desk.provision("DELETE", REMINDER).status_code == 204
    assert "changes" not in shown(desk)
    assert error_of(desk.provision("DELETE", f"{REMINDER}?deleteSubmitted=perhaps")) == (400, "invalid_input")
    assert desk.provision("DELETE", f"{REMINDER}?deleteSubmitted=true").content == b""
    assert error_of(desk.provision("GET", REMINDER)) == (404, "template_not_found")


def test_a_draft_alone_is_gone_with_its_deletion_and_its_name_is_free(desk: Desk) -> None:
    create(desk, status="DRAFT")
    assert desk.provision("DELETE", REMINDER).status_code == 204
    create(desk)


def test_nobody_can_send_what_was_deleted(desk: Desk, shop: Shop) -> None:
    approved(desk)
    with ear(desk, "WHATSAPP_TEMPLATE_DELETED") as heard:
        desk.provision("DELETE", f"{TEMPLATES}/reminder")
        assert told(heard.next()) == ("WHATSAPP_TEMPLATE_DELETED", "APPROVED")
    assert shop.final_report_of(desk.send(sent(ALICE)))["reason"]["code"] == "TEMPLATE_NOT_FOUND"


NEW_BODY = {"type": "BODY", "text": "Hello {{1}}, look again.", "examples": ["Alice"]}


def test_an_edit_waits_beside_what_is_in_force(desk: Desk, shop: Shop) -> None:
    approved(desk)
    change = {"details": {"components": [NEW_BODY]}}
    drafted = desk.provision("PATCH", REMINDER, change).json()
    assert (drafted["state"], drafted["changes"]["status"]) == ("APPROVED", "DRAFT")
    edited = desk.provision("PATCH", REMINDER, {"status": "SUBMIT"}).json()
    assert (edited["state"], edited["changes"]["status"]) == ("APPROVED", "IN_PROGRESS")
    assert edited["changes"]["details"]["components"] == [NEW_BODY]
    assert shop.report_of(desk.send(sent(ALICE, "Alice")), "DELIVERED")
    assert desk.thread()[-1]["text"].startswith("Dear Alice")
    decide(desk, "approve")
    assert shop.report_of(desk.send(sent(ALICE, "Alice")), "DELIVERED")
    assert [it["text"][:5] for it in desk.thread()] == ["Dear ", "Hello"]
    decide(desk, "disable")
    assert [it["text"][:5] for it in desk.thread()] == ["Dear ", "Hello"]  # the phone keeps what arrived
    assert "changes" not in shown(desk)


def test_a_rejected_edit_leaves_what_is_in_force(desk: Desk) -> None:
    approved(desk)
    desk.provision("PATCH", REMINDER, {"status": "SUBMIT", "details": {"components": [NEW_BODY]}})
    rejected = decide(desk, "reject", rejection_code="SCAM")
    assert (rejected["state"], rejected["changes"]["status"], rejected["rejectionCode"]) == (
        "APPROVED",
        "REJECTED",
        "SCAM",
    )
    assert rejected["details"]["components"] == [BODY]


def test_in_review_nothing_can_be_edited(desk: Desk) -> None:
    create(desk)
    assert error_of(desk.provision("PATCH", REMINDER, {})) == (409, "template_not_updatable")
    decide(desk, "approve")
    desk.provision("PATCH", REMINDER, {"status": "SUBMIT", "details": {"components": [NEW_BODY]}})
    assert error_of(desk.provision("PATCH", REMINDER, {})) == (409, "template_changes_not_updatable")


def test_the_category_can_be_changed_only_where_it_was_the_fault(desk: Desk) -> None:
    utility, may = {"category": "UTILITY"}, {"allowCategoryChange": True}
    approved(desk)
    assert error_of(desk.provision("PATCH", REMINDER, utility)) == (409, "template_category_not_updatable")
    changeable = (409, "template_allow_category_change_not_updatable")
    assert error_of(desk.provision("PATCH", REMINDER, may)) == changeable
    decide(desk, "reject", rejection_code="SCAM")
    assert error_of(desk.provision("PATCH", REMINDER, utility)) == (409, "template_category_not_updatable")
    decide(desk, "approve")
    decide(desk, "reject", rejection_code="INCORRECT_CATEGORY")
    drafted = desk.provision("PATCH", REMINDER, {**utility, **may}).json()
    assert (drafted["state"], drafted["changes"]["status"]) == ("REJECTED", "DRAFT")
    again = desk.provision("PATCH", REMINDER, {"status": "SUBMIT"}).json()
    assert (again["state"], again["category"], "changes" in again) == ("PENDING", "UTILITY", False)


def test_it_synchronises_once_a_minute(desk: Desk) -> None:
    path = f"{TEMPLATES}/sync"
    assert desk.provision("POST", path).status_code == 200
    assert error_of(desk.provision("POST", path)) == (429, "too_many_requests")
    desk.advance(60)
    assert desk.provision("POST", path).content == b""
    assert error_of(desk.provision("POST", f"{TEMPLATES}/other")) == (404, "not_found")
