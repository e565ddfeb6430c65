"""What a template may say: by Sinch's validation, by its book, and by WhatsApp at once (whatsapp.md 1.4, 1.5)."""

from typing import Any

import pytest
import requests

from tests.simulator.desk import DEADLINE, Desk
from tests.simulator.provisioning import BODY, REMINDER, TEMPLATES, approved, create, error_of, shown, template
from tests.simulator.shop import open_shelf

Part = dict[str, Any]


def buttons(*given: Part) -> Part:
    return {"type": "BUTTONS", "buttons": list(given)}


def reply(text: str) -> Part:
    return {"type": "QUICK_REPLY", "text": text}


def url(address: str, *examples: str, text: str = "Look") -> Part:
    return {"type": "URL", "text": text, "url": address, **({"examples": list(examples)} if examples else {})}


def card(*parts: Part) -> Part:
    return {"components": list(parts)}


SHORT = {"type": "BODY", "text": "Look here."}
OTP = {"type": "OTP", "otpType": "COPY_CODE", "text": "Copy"}
AUTHENTICATION = {"category": "AUTHENTICATION"}
WRONG: list[tuple[str, list[Part], dict[str, Any], str]] = [
    ("no body", [{"type": "FOOTER", "text": "Bye"}], {}, "must contain a BODY"),
    ("two bodies", [BODY, SHORT], {}, "one BODY only"),
    ("two footers", [BODY, {"type": "FOOTER", "text": "a"}, {"type": "FOOTER", "text": "b"}], {}, "one FOOTER only"),
    ("no text", [{"type": "BODY"}], {}, "components.0: text must be given"),
    ("no example", [{"type": "BODY", "text": "Dear {{1}}, hello."}], {}, "each of 1 variables"),
    ("security", [{**SHORT, "addSecurityRecommendation": True}], {}, "for AUTHENTICATION only"),
    ("header text", [BODY, {"type": "HEADER", "format": "TEXT"}], {}, "components.1: text must be given"),
    (
        "header with two variables",
        [BODY, {"type": "HEADER", "format": "TEXT", "text": "{{1}} {{2}}", "examples": ["a"]}],
        {},
        "one variable only",
    ),
    (
        "header without example",
        [BODY, {"type": "HEADER", "format": "TEXT", "text": "Hi {{1}}"}],
        {},
        "one for the variable",
    ),
    ("picture without example", [BODY, {"type": "HEADER", "format": "IMAGE"}], {}, "the url of a file"),
    ("variable in footer", [BODY, {"type": "FOOTER", "text": "Hi {{1}}"}], {}, "no variable"),
    ("expiry", [BODY, {"type": "FOOTER", "text": "Hi", "codeExpirationMinutes": 5}], {}, "codeExpirationMinutes"),
    ("no buttons", [BODY, buttons()], {}, "between 1 and 10"),
    ("eleven buttons", [BODY, buttons(*(reply(f"r{i}") for i in range(11)))], {}, "between 1 and 10"),
    ("three addresses", [BODY, buttons(*(url("https://x.test", text=f"u{i}") for i in range(3)))], {}, "2 URL at most"),
    ("the same twice", [BODY, buttons(reply("a"), reply("a"))], {}, "'a' twice"),
    ("replies apart", [BODY, buttons(reply("a"), url("https://x.test"), reply("b"))], {}, "keep quick replies"),
    ("a mute button", [BODY, buttons(reply(""))], {}, "components.1: buttons.0: text must be given"),
    ("no address", [BODY, buttons(url("x.test"))], {}, "must be a URL address"),
    ("a broken address", [BODY, buttons(url("https://["))], {}, "must be a URL address"),
    ("variable in the middle", [BODY, buttons(url("https://x.test/{{1}}/a", "https://x.test"))], {}, "at its end"),
    ("address without example", [BODY, buttons(url("https://x.test/{{1}}"))], {}, "the whole address"),
    ("no number", [BODY, buttons({"type": "PHONE_NUMBER", "text": "Call"})], {}, "phoneNumber must be given"),
    ("no coupon", [BODY, buttons({"type": "COPY_CODE"})], {}, "must have a code"),
    ("no flow", [BODY, buttons({"type": "FLOW", "text": "Go"})], {}, "flowId and flowAction"),
    (
        "no screen",
        [BODY, buttons({"type": "FLOW", "text": "Go", "flowId": "1", "flowAction": "NAVIGATE"})],
        {},
        "navigateScreen",
    ),
    ("OTP elsewhere", [BODY, buttons(OTP)], {}, "OTP for AUTHENTICATION"),
    ("no OTP", [{"type": "BODY"}, buttons(reply("a"))], AUTHENTICATION, "OTP for AUTHENTICATION"),
    ("own words for a code", [SHORT, buttons(OTP)], AUTHENTICATION, "WhatsApp writes it"),
    ("no cards", [BODY, {"type": "CAROUSEL"}], {}, "between 1 and 10"),
    (
        "cards that differ",
        [BODY, {"type": "CAROUSEL", "cards": [card(SHORT), card(SHORT, buttons(reply("a")))]}],
        {},
        "the same components",
    ),
    (
        "a long card",
        [BODY, {"type": "CAROUSEL", "cards": [card({"type": "BODY", "text": "x" * 161})]}],
        {},
        "cards.0: a body may have 160",
    ),
    ("an offer", [BODY, {"type": "LIMITED_TIME_OFFER", "text": "-20 %"}], {"category": "UTILITY"}, "MARKETING only"),
]


@pytest.mark.parametrize(("parts", "more", "word"), [it[1:] for it in WRONG], ids=[it[0] for it in WRONG])
def test_it_says_what_is_wrong_with_a_component(desk: Desk, parts: list[Part], more: dict[str, Any], word: str) -> None:
    answer = desk.provision("POST", TEMPLATES, template(*parts, **more))
    assert error_of(answer) == (400, "invalid_input")
    complaints = answer.json()["additionalInformation"]["validationErrors"]
    assert any(word in complaint for complaint in complaints), complaints
    assert error_of(desk.provision("GET", REMINDER)) == (404, "template_not_found")
    assert create(desk, *parts, status="DRAFT", **more)["changes"]["status"] == "DRAFT"


def test_it_says_everything_at_once(desk: Desk) -> None:
    answer = desk.provision("POST", TEMPLATES, template({"type": "FOOTER"}, buttons()))
    complaints = answer.json()["additionalInformation"]["validationErrors"]
    assert complaints == [
        "details.components must contain a BODY",
        "details.components.0: text must be given",
        "details.components.1: buttons must be between 1 and 10",
    ]


ODD: list[tuple[dict[str, Any], str]] = [
    ({"name": "x"}, "name: "),
    ({"name": "Has Capitals"}, "name: "),
    ({"language": "en_US"}, "language must be one of the following values: AF, "),
    ({"category": "PROMOTION"}, "category: "),
    ({"status": "SEND"}, "status: "),
    ({"details": {"components": "none"}}, "details.components: "),
    ({"details": {"components": [{"type": "BANNER"}]}}, "details.components[0].type: "),
    ({"details": {"components": [{"type": "BODY", "text": "x" * 1025}]}}, "details.components[0].text: "),
    ({"details": {"components": [BODY], "messageSendTtlSeconds": 60}}, "between 43200 and 2592000 for MARKETING"),
    ({"details": {"components": [BODY, buttons(reply("x" * 26))]}}, "details.components[1].buttons[0].text: "),
]


@pytest.mark.parametrize(("odd", "word"), ODD, ids=range(len(ODD)))
def test_it_names_the_field_that_is_no_such_value(desk: Desk, odd: dict[str, Any], word: str) -> None:
    answer = desk.provision("POST", TEMPLATES, {**template(), **odd})
    assert error_of(answer) == (400, "invalid_input")
    assert word in answer.json()["additionalInformation"]["validationErrors"][0]


def test_it_names_a_field_that_is_missing(desk: Desk) -> None:
    body = template()
    del body["category"]
    answer = desk.provision("POST", TEMPLATES, body)
    assert answer.json()["additionalInformation"]["validationErrors"] == ["category must be given"]


GOOD: list[list[Part]] = [
    [BODY],
    [BODY, {"type": "HEADER", "format": "LOCATION"}],
    [BODY, buttons(reply("a"), reply("b"), url("https://x.test/{{1}}", "https://x.test/a"))],
    [BODY, buttons({"type": "PHONE_NUMBER", "text": "Call", "phoneNumber": "+421900000999"}, reply("a"))],
    [BODY, buttons({"type": "COPY_CODE", "examples": ["WINTER27"]})],
    [BODY, buttons({"type": "FLOW", "text": "Go", "flowId": "1", "flowAction": "DATA_EXCHANGE"})],
    [BODY, buttons({"type": "REQUEST_CONTACT_INFO"}), {"type": "FOOTER", "text": "Bye"}],
    [BODY, buttons({"type": "ORDER_DETAILS"})],
    [BODY, {"type": "CAROUSEL", "cards": [card(SHORT, buttons(reply("a"))), card(SHORT, buttons(reply("b")))]}],
    [BODY, {"type": "LIMITED_TIME_OFFER", "text": "-20 %", "hasExpiration": True}],
    [{"type": "BODY", "text": "Dear {{first_name}}, hello.", "examples": ["Alice"]}],
]


@pytest.mark.parametrize("parts", GOOD, ids=range(len(GOOD)))
def test_it_takes_what_is_right(desk: Desk, parts: list[Part]) -> None:
    assert create(desk, *parts)["state"] == "PENDING"
    assert shown(desk)["details"]["components"] == parts


@pytest.mark.parametrize(
    ("category", "seconds"), [("AUTHENTICATION", 10), ("MARKETING", 2_592_000), ("UTILITY", 43_200)]
)
def test_each_category_has_its_own_patience(desk: Desk, category: str, seconds: int) -> None:
    parts = [{"type": "BODY"}, buttons(OTP)] if category == "AUTHENTICATION" else [BODY]
    body = template(*parts, category=category)
    body["details"]["messageSendTtlSeconds"] = seconds
    assert desk.provision("POST", TEMPLATES, body).status_code == 201
    body["name"], body["details"]["messageSendTtlSeconds"] = "other", seconds * 100
    assert error_of(desk.provision("POST", TEMPLATES, body)) == (400, "invalid_input")


EDGE = {"type": "BODY", "text": "{{1}}, your cart waits.", "examples": ["a"]}
END = {"type": "BODY", "text": "Your cart waits, {{1}} ", "examples": ["a"]}
GAP = {"type": "BODY", "text": "Dear {{1}}, your {{3}} waits.", "examples": ["a", "b"]}
REFUSED: list[tuple[str, list[Part], tuple[int, str]]] = [
    ("begins with a variable", [EDGE], (424, "template_submit_error")),
    ("ends with a variable", [END], (424, "template_submit_error")),
    ("a gap in the numbers", [GAP], (424, "template_submit_error")),
    ("an example too many", [BODY, buttons(url("https://x.test", "x"))], (400, "template_invalid_button_example")),
    (
        "a link to WhatsApp",
        [BODY, buttons(url("https://wa.me/421"))],
        (409, "template_restricted_Domain_for_button_url"),
    ),
    (
        "and below it",
        [BODY, buttons(url("https://api.whatsapp.com/a"))],
        (409, "template_restricted_Domain_for_button_url"),
    ),
]


@pytest.mark.parametrize(("parts", "error"), [it[1:] for it in REFUSED], ids=[it[0] for it in REFUSED])
def test_it_refuses_at_once_and_may_keep_a_draft(desk: Desk, parts: list[Part], error: tuple[int, str]) -> None:
    assert error_of(desk.provision("POST", TEMPLATES, template(*parts))) == error
    assert error_of(desk.provision("GET", REMINDER)) == (404, "template_not_found")
    body = template(*parts, saveDraftOnFailure=True)
    assert error_of(desk.provision("POST", TEMPLATES, body)) == error
    assert shown(desk)["changes"]["status"] == "DRAFT"


def test_it_passes_on_whatsapps_own_error(desk: Desk) -> None:
    told = desk.provision("POST", TEMPLATES, template(EDGE)).json()["additionalInformation"]["metaError"]
    assert (told["code"], told["subcode"]) == ("100", "2388299")


def test_no_two_templates_say_the_same(desk: Desk) -> None:
    create(desk)
    same = desk.provision("POST", TEMPLATES, template(name="other"))
    assert error_of(same) == (424, "template_content_already_exists")
    create(desk, BODY, {"type": "FOOTER", "text": "Bye"}, name="other")
    create(desk, language="SK")


def test_it_has_room_for_a_number_of_templates(desk: Desk) -> None:
    desk.sim("settings", {"template_limit": 2})
    approved(desk)
    more = template(SHORT, name="other")
    assert error_of(desk.provision("POST", TEMPLATES, more)) == (424, "template_limit_reached")
    assert desk.provision("PATCH", REMINDER, {"status": "SUBMIT"}).status_code == 200
    desk.sim("settings", {"template_limit": 0})
    assert desk.provision("POST", TEMPLATES, more).status_code == 201


@pytest.mark.parametrize(
    ("mime_type", "size", "error"),
    [
        ("image/png", 10, None),
        ("text/html", 10, (400, "file_invalid_mime_type")),
        ("image/png", 5 * 1024 * 1024 + 1, (409, "file_size_too_large")),
    ],
)
def test_it_fetches_the_example_of_a_header(
    desk: Desk, mime_type: str, size: int, error: tuple[int, str] | None
) -> None:
    with open_shelf(mime_type, size) as address:
        picture = {"type": "HEADER", "format": "IMAGE", "examples": [{"url": f"{address}/a.png"}]}
        answer = desk.provision("POST", TEMPLATES, template(BODY, picture))
    assert answer.status_code == 201 if error is None else error_of(answer) == error


def test_it_gives_way_to_who_was_faster(desk: Desk) -> None:
    """Another makes the template while Sinch fetches the example of ours."""
    headers = {"authorization": f"Bearer {desk.token()}"}
    url = f"{desk.url}/provisioning/v1/projects/{desk.app['project_id']}{TEMPLATES}"
    faster: list[int] = []

    def make_another() -> None:
        faster.append(requests.post(url, json=template(), headers=headers, timeout=DEADLINE).status_code)

    with open_shelf("image/png", 10, make_another) as address:
        picture = {"type": "HEADER", "format": "IMAGE", "examples": [{"url": f"{address}/a.png"}]}
        answer = desk.provision("POST", TEMPLATES, template(BODY, picture))
    assert (faster, error_of(answer)) == ([201], (409, "resource_locked"))
    assert shown(desk)["details"]["components"] == [BODY]


def test_it_looks_for_the_examples_of_cards_and_need_not(desk: Desk) -> None:
    picture = {"type": "HEADER", "format": "IMAGE", "examples": [{"url": f"{desk.url}/media/none/a.png"}]}
    parts: list[Part] = [BODY, {"type": "CAROUSEL", "cards": [card(picture, SHORT)]}]
    assert error_of(desk.provision("POST", TEMPLATES, template(*parts))) == (409, "file_not_found")
    desk.sim("settings", {"check_media": False})
    create(desk, *parts)


def test_it_reports_keys_that_no_document_names(desk: Desk) -> None:
    create(desk, {**BODY, "colour": "red"}, status="DRAFT", shade="dark")
    desk.provision("PATCH", REMINDER, {"hue": 7})
    made, changed = desk.sim("journal?name=provisioning.templates")["entries"]
    assert sorted(made["unknown_keys"]) == ["details.components[0].colour", "shade"]
    assert changed["unknown_keys"] == ["hue"]
