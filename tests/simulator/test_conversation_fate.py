"""messages:send, second stage: accepted with 200, failed later; and the pace of the queue (sinch.md 2.4, 2.7)."""

from typing import Any

import pytest

from tests.simulator.desk import ALICE, BOB, CART, Desk, cart, text
from tests.simulator.shop import Shop, open_shelf


def reason_of(desk: Desk, shop: Shop, message: dict[str, Any], to: str = ALICE, **more: Any) -> str:
    message_id = desk.send(message, to, **more)
    report = shop.final_report_of(message_id)
    assert report["status"] == "FAILED"
    code: str = report["reason"]["code"]
    return code


def test_it_fails_free_text_outside_the_window(desk: Desk, shop: Shop) -> None:
    message_id = desk.send(text())
    reason = shop.final_report_of(message_id)["reason"]
    assert (reason["code"], reason["channel_code"]) == ("OUTSIDE_ALLOWED_SENDING_WINDOW", "131047")
    assert reason["sub_code"] == "UNSPECIFIED_SUB_CODE"
    shown = desk.thread()[0]
    assert (shown["state"], shown["reason"]["code"]) == ("failed", "OUTSIDE_ALLOWED_SENDING_WINDOW")


def test_it_opens_the_window_for_24_hours_from_the_last_inbound(desk: Desk, shop: Shop) -> None:
    desk.write({"type": "text", "text": "hi"})
    desk.advance(23 * 3600)
    assert shop.report_of(desk.send(text()), "DELIVERED")
    desk.write({"type": "text", "text": "still here"})
    desk.advance(23 * 3600)
    assert shop.report_of(desk.send(text()), "DELIVERED")
    desk.advance(3600)
    assert reason_of(desk, shop, text()) == "OUTSIDE_ALLOWED_SENDING_WINDOW"


TEMPLATE_FAILURES = [
    (cart(template_id="nobody_knows_it"), "TEMPLATE_NOT_FOUND"),
    (cart(language_code="sk"), "TEMPLATE_NON_EXISTING_LANGUAGE_OR_VERSION"),
    (cart("only one"), "TEMPLATE_INSUFFICIENT_PARAMETERS"),
    (cart("one", "two", "three"), "TEMPLATE_INSUFFICIENT_PARAMETERS"),
    (cart(parameters={"1": "bare", "2": "keys"}), "TEMPLATE_INSUFFICIENT_PARAMETERS"),
    (cart("a\tb", "3"), "BAD_REQUEST"),
    (cart("x" * 1000, "y" * 100), "BAD_REQUEST"),
]


@pytest.mark.parametrize(("message", "code"), TEMPLATE_FAILURES)
def test_it_fails_a_template_that_does_not_fit(desk: Desk, shop: Shop, message: dict[str, Any], code: str) -> None:
    assert reason_of(desk, shop, message) == code


@pytest.mark.parametrize(
    ("status", "code", "channel_code"),
    [
        ("PENDING", "TEMPLATE_NOT_FOUND", "132001"),
        ("REJECTED", "TEMPLATE_NOT_FOUND", "132001"),
        ("PAUSED", "CHANNEL_REJECT", "132015"),
        ("DISABLED", "CHANNEL_REJECT", "132016"),
    ],
)
def test_it_fails_a_template_that_is_not_approved(
    desk: Desk, shop: Shop, status: str, code: str, channel_code: str
) -> None:
    desk.sim("templates", {**CART, "status": status})
    reason = shop.final_report_of(desk.send(cart()))["reason"]
    assert (reason["code"], reason["channel_code"]) == (code, channel_code)


def test_it_wants_header_and_button_parameters_too(desk: Desk, shop: Shop) -> None:
    shipping = {
        "name": "shipping",
        "body": "Your parcel is on its way.",
        "header": {"format": "TEXT", "text": "Order {{1}}"},
        "buttons": [{"type": "URL", "text": "Track", "url": "https://shop.test/{{1}}"}],
    }
    desk.sim("templates", shipping)

    def named(**parameters: str) -> dict[str, Any]:
        places = {"header": "header[1]text", "url": "button[0]url[1]text"}
        filled = {places[name]: value for name, value in parameters.items()}
        whatsapp = {"template_id": "shipping", "language_code": "en", "parameters": filled}
        return {"template_message": {"channel_template": {"WHATSAPP": whatsapp}}}

    assert reason_of(desk, shop, named(header="7")) == "TEMPLATE_INSUFFICIENT_PARAMETERS"
    assert reason_of(desk, shop, named(url="x7")) == "TEMPLATE_INSUFFICIENT_PARAMETERS"
    assert shop.report_of(desk.send(named(header="7", url="x7")), "DELIVERED")
    shown = desk.thread()[-1]
    assert shown["text"] == "Order 7\nYour parcel is on its way."
    assert shown["buttons"] == [{"type": "url", "text": "Track", "payload": "https://shop.test/x7"}]


@pytest.mark.parametrize("number", ["12", "00421900000001", "no-number", "999900000000"])
def test_it_fails_an_impossible_number(desk: Desk, shop: Shop, number: str) -> None:
    assert reason_of(desk, shop, cart(), number) == "RECIPIENT_INVALID_CHANNEL_IDENTITY"


def test_it_fails_who_is_not_on_whatsapp(desk: Desk, shop: Shop) -> None:
    desk.sim(f"handsets/{ALICE}", {"on_whatsapp": False})
    assert reason_of(desk, shop, cart()) == "RECIPIENT_NOT_REACHABLE"


def test_it_fails_a_channel_the_app_does_not_have(desk: Desk, shop: Shop) -> None:
    assert reason_of(desk, shop, cart(), channel="SMS") == "CHANNEL_CONFIGURATION_MISSING"
    desk.sim("settings", {"unconfigured_channel": "reject"})
    assert desk.call("POST", "/messages:send", desk.sending(cart(), channel="SMS")).status_code == 400


def test_it_heeds_consent_lists_by_kind_of_content(desk: Desk, shop: Shop) -> None:
    desk.sim("consents", {"number": ALICE, "list_type": "OPT_OUT_MARKETING"})
    marketing = reason_of(desk, shop, cart(), message_content_type="CONTENT_MARKETING")
    assert marketing == "RECIPIENT_NOT_OPTED_IN"
    assert shop.report_of(desk.send(cart(), message_content_type="CONTENT_NOTIFICATION"), "DELIVERED")
    desk.sim("consents", {"number": ALICE, "list_type": "OPT_OUT_ALL"})
    assert reason_of(desk, shop, cart()) == "RECIPIENT_NOT_OPTED_IN"
    listed = desk.call("GET", f"/apps/{desk.app['app_id']}/consents/OPT_OUT_ALL").json()
    assert listed == {"identities": [{"identity": ALICE}], "next_page_token": ""}
    assert desk.call("GET", f"/apps/{desk.app['app_id']}/consents/OPT_OUT_ALL?page_size=51").status_code == 400
    assert desk.call("GET", f"/apps/{desk.app['app_id']}/consents/SOME_LIST").status_code == 400


def test_it_fails_what_outlived_its_time_in_the_queue(desk: Desk, shop: Shop) -> None:
    desk.sim("settings", {"drain_per_second": 0.1})
    desk.send(cart(), BOB)
    late = desk.send(cart(), ttl="5s")
    desk.advance(11)
    report = shop.report_of(late, "FAILED")
    assert report["reason"]["code"] == "DELIVERY_TIMED_OUT"


def test_it_fails_what_outlived_its_time_on_the_way(desk: Desk, shop: Shop) -> None:
    desk.sim(f"handsets/{ALICE}", {"online": False})
    message_id = desk.send(cart(), ttl="60s")
    assert shop.report_of(message_id, "QUEUED_ON_CHANNEL")
    desk.advance(60)
    assert shop.report_of(message_id, "FAILED")["reason"]["code"] == "DELIVERY_TIMED_OUT"


@pytest.mark.parametrize(
    ("mime_type", "size", "code"),
    [
        ("image/jpeg", 10, ""),
        ("image/jpeg", 5 * 1024 * 1024 + 1, "MEDIA_TOO_LARGE"),
        ("text/html", 10, "MEDIA_TYPE_UNSUPPORTED"),
    ],
)
def test_it_looks_at_media_before_sending(desk: Desk, shop: Shop, mime_type: str, size: int, code: str) -> None:
    with open_shelf(mime_type, size) as url:
        desk.write({"type": "text", "text": "hi"})
        shop.next()
        report = shop.final_report_of(desk.send({"media_message": {"url": f"{url}/a.jpg"}}))
    assert (report["reason"] or {}).get("code", "") == code


def test_it_fails_media_that_cannot_be_fetched(desk: Desk, shop: Shop) -> None:
    desk.write({"type": "text", "text": "hi"})
    shop.next()
    gone = {"media_message": {"url": f"{desk.url}/media/01X/a.jpg"}}
    assert reason_of(desk, shop, gone) == "MEDIA_NOT_REACHABLE"
    assert reason_of(desk, shop, {"media_message": {"url": "http://127.0.0.1:9/a.jpg"}}) == "MEDIA_NOT_REACHABLE"
    assert reason_of(desk, shop, {"media_message": {"url": "no address"}}) == "MEDIA_NOT_REACHABLE"
    desk.sim("settings", {"check_media": False})
    assert shop.report_of(desk.send(gone), "DELIVERED")


def test_it_fails_a_number_on_order(desk: Desk, shop: Shop) -> None:
    desk.sim("faults", {"kind": "fail", "code": "RATE_LIMITED", "channel_code": "131056", "number": f"+{BOB}"})
    assert shop.report_of(desk.send(cart(), ALICE), "DELIVERED")
    assert reason_of(desk, shop, cart(), BOB) == "RATE_LIMITED"


def test_it_drains_20_a_second_with_high_priority_first(desk: Desk) -> None:
    desk.sim("clock", {"speed": 0.0001, "delays": 0})
    for i in range(25):
        desk.send(cart(), f"4219000001{i:02}")
    urgent = desk.send(cart(), BOB, queue="HIGH_PRIORITY")
    assert desk.sim("state")["queued"] == 25  # the first left at once
    desk.advance(0.06)
    assert desk.thread(BOB)[0]["id"] == urgent
    assert desk.thread(BOB)[0]["state"] == "read"
    desk.advance(0.95)
    assert desk.sim("state")["queued"] in {4, 5}


def test_it_drains_as_fast_as_told(desk: Desk, shop: Shop) -> None:
    desk.sim("settings", {"drain_per_second": 0, "callbacks_per_second": 0})
    sent = {desk.send(cart(), f"4219000001{i:02}") for i in range(30)}
    queued = {shop.until(lambda it: it.report()["status"] == "DELIVERED").report()["message_id"] for _ in sent}
    assert queued == sent


def test_it_tells_how_a_number_came_to_be_on_a_consent_list(desk: Desk) -> None:
    desk.sim("consents", {"number": ALICE, "list_type": "OPT_OUT_ALL"})
    desk.sim("consents", {"number": ALICE, "list_type": "OPT_OUT_ALL", "listed": False})
    path = f"/apps/{desk.app['app_id']}/consents/identities"
    told = desk.call("GET", f"{path}/{ALICE}").json()
    assert (told["identity"], [one["operation"] for one in told["audit_records"]]) == (
        ALICE, ["OPERATION_INSERT", "OPERATION_DELETE"],
    )  # fmt: skip
    assert {one["list_type"] for one in told["audit_records"]} == {"OPT_OUT_ALL"}
    assert desk.call("GET", f"{path}/{BOB}").json()["audit_records"] == []
