"""What becomes of a template: the review, pauses, categories, quality; on the virtual clock and by hand."""

from typing import Any

import pytest

from tests.simulator.desk import ALICE, ASKED_AT_MOST, Desk, open_desk
from tests.simulator.provisioning import (
    REMINDER,
    approved,
    create,
    decide,
    ear,
    sent,
    shown,
    told,
)
from tests.simulator.shop import Shop

HOUR = 3600
MANY = 300
UTILITY = {"category": "UTILITY"}


@pytest.fixture
def still(desk: Desk) -> Desk:
    """Its time moves only by hand, and its pauses are not scaled."""
    desk.sim("clock", {"speed": 0.0001, "delays": 1})
    return desk


def test_it_approves_after_a_while(still: Desk) -> None:
    with ear(still) as heard:
        create(still)
        still.advance(59)
        assert shown(still)["state"] == "PENDING"
        still.advance(600)
        assert told(heard.next()) == ("WHATSAPP_TEMPLATE_APPROVED", "APPROVED")
    assert shown(still)["state"] == "APPROVED"
    assert shown(still)["qualityScore"] == "QUALITY_SCORE_UNKNOWN"


def test_it_waits_for_a_hand_when_told_to(still: Desk) -> None:
    still.sim("settings", {"template_review": "by_hand"})
    create(still)
    still.advance(86_400)
    assert shown(still)["state"] == "PENDING"


def test_the_control_apis_own_templates_are_not_reviewed(still: Desk) -> None:
    still.sim("templates", {"name": "reminder", "language": "en_US", "status": "PENDING"})
    still.advance(86_400)
    assert shown(still)["state"] == "PENDING"
    assert decide(still, "approve")["state"] == "APPROVED"


def test_what_was_decided_by_hand_stays_decided(still: Desk) -> None:
    create(still)
    rejected = decide(still, "reject", rejection_code="ABUSIVE_CONTENT")
    assert (rejected["state"], rejected["rejectionCode"]) == ("REJECTED", "ABUSIVE_CONTENT")
    still.advance(86_400)
    assert shown(still)["state"] == "REJECTED"


def test_a_review_says_nothing_about_a_later_submission(still: Desk) -> None:
    create(still)
    still.advance(300)
    decide(still, "reject")
    still.provision("PATCH", REMINDER, {"status": "SUBMIT"})
    still.advance(200)  # the first review would be over
    assert shown(still)["state"] == "PENDING"
    still.advance(200)
    assert shown(still)["state"] == "APPROVED"


def reviewed(desk: Desk) -> list[dict[str, Any]]:
    """WhatsApp's templates, once none waits."""
    for _ in range(ASKED_AT_MOST):
        templates: list[dict[str, Any]] = desk.sim("templates")["templates"]
        if all(it["status"] != "PENDING" for it in templates):
            return templates
    raise AssertionError("a review never ends")


def test_it_rejects_and_recategorises_now_and_then() -> None:
    """With surprises on."""
    with open_desk("--chaos", "few", "--seed", "5") as desk, ear(desk, "WHATSAPP_TEMPLATE_CATEGORY_UPDATED") as heard:
        desk.sim("settings", {"template_limit": 0})
        for i in range(MANY):
            body = {"type": "BODY", "text": f"This is order {i}."}
            create(desk, body, name=f"t_{i}", allowCategoryChange=i % 2 == 0, **UTILITY)
        desk.advance(600)
        templates = reviewed(desk)
        assert heard.next().body["payload"]["category"] == "MARKETING"
    codes = {it["rejection_code"] for it in templates if it["status"] == "REJECTED"}
    assert "INCORRECT_CATEGORY" in codes
    assert len(codes) > 1
    assert {it["category"] for it in templates if it["status"] == "APPROVED"} == {"UTILITY", "MARKETING"}
    assert sum(it["status"] == "APPROVED" for it in templates) > MANY * 0.8


def test_it_pauses_for_three_hours_then_for_six_then_disables(still: Desk) -> None:
    approved(still)
    with ear(still, "WHATSAPP_TEMPLATE_STATUS_UPDATED") as heard:
        for hours in (3, 6):
            assert decide(still, "pause")["state"] == "PAUSED"
            assert heard.next().body["newState"] == "PAUSED"
            still.advance(hours * HOUR - 1)
            assert shown(still)["state"] == "PAUSED"
            still.advance(1)
            assert heard.next().body["newState"] == "UNPAUSED"
            assert shown(still)["state"] == "APPROVED"
        assert decide(still, "pause")["state"] == "DISABLED"
        assert heard.next().body["newState"] == "DISABLED"


def test_an_earlier_pause_does_not_end_a_later_one(still: Desk) -> None:
    approved(still)
    decide(still, "pause")
    decide(still, "unpause")
    decide(still, "pause")
    still.advance(3 * HOUR)
    assert shown(still)["state"] == "PAUSED"
    still.advance(3 * HOUR)
    assert shown(still)["state"] == "APPROVED"


@pytest.mark.parametrize(("decision", "channel_code"), [("pause", "132015"), ("disable", "132016")])
def test_nobody_can_send_what_is_out_of_force(desk: Desk, shop: Shop, decision: str, channel_code: str) -> None:
    approved(desk)
    decide(desk, decision)
    reason = shop.final_report_of(desk.send(sent(ALICE, "Alice")))["reason"]
    assert (reason["code"], reason["channel_code"]) == ("CHANNEL_REJECT", channel_code)


def test_an_edit_brings_a_disabled_template_back(desk: Desk) -> None:
    approved(desk)
    decide(desk, "disable")
    desk.provision("PATCH", REMINDER, {"status": "SUBMIT"})
    assert decide(desk, "approve")["state"] == "APPROVED"


def test_it_may_approve_in_another_category(desk: Desk) -> None:
    with ear(desk, "WHATSAPP_TEMPLATE_APPROVED", "WHATSAPP_TEMPLATE_CATEGORY_UPDATED") as heard:
        create(desk, **UTILITY)
        assert decide(desk, "approve", category="MARKETING")["category"] == "MARKETING"
        assert {told(it) for it in heard.take(2)} == {
            ("WHATSAPP_TEMPLATE_APPROVED", "APPROVED"),
            ("WHATSAPP_TEMPLATE_CATEGORY_UPDATED", "APPROVED"),
        }


def test_it_announces_another_category_and_keeps_its_word(still: Desk) -> None:
    approved(still, **UTILITY)
    with ear(still) as heard:
        assert decide(still, "recategorise", category="MARKETING", in_seconds=86_400)["category"] == "UTILITY"
        announced = heard.next().body
        assert announced["type"] == "WHATSAPP_TEMPLATE_CATEGORY_FUTURE_UPDATE"
        assert (announced["futureCategory"], announced["payload"]["category"]) == ("MARKETING", "UTILITY")
        still.advance(86_400)
        done = heard.next().body
        assert (done["type"], done["payload"]["category"]) == ("WHATSAPP_TEMPLATE_CATEGORY_UPDATED", "MARKETING")
    assert shown(still)["state"] == "APPROVED"


def test_its_quality_goes_down_until_it_is_paused(desk: Desk) -> None:
    approved(desk)
    with ear(desk) as heard:
        for quality in ("GREEN", "YELLOW"):
            assert decide(desk, "quality", quality=quality)["state"] == "APPROVED"
            body = heard.next().body
            assert body["type"] == "WHATSAPP_TEMPLATE_QUALITY_SCORE_UPDATED"
            assert body["payload"]["qualityScore"] == f"QUALITY_SCORE_{quality}"
        assert decide(desk, "quality", quality="RED")["state"] == "PAUSED"
        told_both = {it.body["type"]: it.body for it in heard.take(2)}
    assert told_both["WHATSAPP_TEMPLATE_QUALITY_SCORE_UPDATED"]["payload"]["qualityScore"] == "QUALITY_SCORE_RED"
    assert told_both["WHATSAPP_TEMPLATE_STATUS_UPDATED"]["newState"] == "PAUSED"
    assert (shown(desk)["state"], shown(desk)["qualityScore"]) == ("PAUSED", "QUALITY_SCORE_RED")


IMPOSSIBLE: list[tuple[str, dict[str, Any], str]] = [
    ("APPROVED", {"decision": "approve"}, "in review"),
    ("APPROVED", {"decision": "unpause"}, "paused"),
    ("PENDING", {"decision": "pause"}, "in force"),
    ("PENDING", {"decision": "disable"}, "in force"),
    ("DISABLED", {"decision": "reject"}, "in force"),
    ("DRAFT", {"decision": "approve"}, "in review"),
    ("DRAFT", {"decision": "recategorise", "category": "UTILITY"}, "draft"),
    ("DRAFT", {"decision": "quality", "quality": "RED"}, "draft"),
    ("PENDING", {"decision": "bless"}, "bless"),
    ("PENDING", {"decision": "reject", "rejection_code": "NONE"}, "NONE"),
    ("PENDING", {"decision": "quality"}, "quality"),
    ("PENDING", {}, "decision"),
]


@pytest.mark.parametrize(("state", "decision", "word"), IMPOSSIBLE)
def test_it_says_why_a_decision_cannot_be(desk: Desk, state: str, decision: dict[str, Any], word: str) -> None:
    if state in {"PENDING", "DRAFT"}:
        create(desk, status="DRAFT" if state == "DRAFT" else "SUBMIT")
    else:
        desk.sim("templates", {"name": "reminder", "language": "en_US", "status": state})
    answer = desk.sim_raw("templates/reminder/EN_US", decision)
    assert answer.status_code == 400
    assert word in answer.json()["error"]


def test_it_does_not_decide_about_what_is_not_there(desk: Desk) -> None:
    answer = desk.sim_raw("templates/nobody/en", {"decision": "approve"})
    assert (answer.status_code, "nobody" in answer.json()["error"]) == (404, True)
