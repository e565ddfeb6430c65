"""Values by name: a carousel's cards, and what has no place of its own."""

import json
from typing import Any

import pytest

from parley.domain.errors import InvalidInputError
from parley.templates import MessageTemplate, check_parameters, parse_template

PICTURE = {"format": "image", "samples": ["https://cdn.example/a.png"]}
CARD: dict[str, Any] = {
    "header": PICTURE,
    "body": {"text": "{{1}}, for {{2}} EUR.", "samples": ["A lamp", "20"]},
    "buttons": [{"type": "quick_reply", "text": "Show me"}],
}
LINK = "carousel[{0}]header[1]image.link: https://cdn.example/{0}.png"
TEXTS = ("carousel[{0}]body[1]text: A lamp", "carousel[{0}]body[2]text: 20")
WHOLE = [one.format(number) for number in (0, 1) for one in (LINK, *TEXTS)]


def carousel(**changes: Any) -> MessageTemplate:
    file = {
        "kind": "template",
        "name": "lamps",
        "language": "en",
        "category": "MARKETING",
        "body": {"text": "What you have asked for."},
        "carousel": [CARD, CARD | changes],
    }
    return parse_template(json.dumps(file).encode())


def told(template: MessageTemplate, *others: str) -> list[str]:
    return [str(one) for one in check_parameters(template, (), (), (), others)]


def test_a_card_takes_its_picture_and_its_texts() -> None:
    assert told(carousel(), *WHOLE) == []


@pytest.mark.parametrize(
    ("left_out", "more", "said"),
    [
        (WHOLE[0], (), "carousel[0].header: no image is given: carousel[0]header[1]image.link"),
        (WHOLE[5], (), "carousel[1].body: takes 2 values, 1 are given"),
        (WHOLE[4], ("carousel[1]body[1]text: A\tlamp",), "carousel[1]body[1]text: holds a tab"),
        (WHOLE[4], ("carousel[1]body[1]text:",), "carousel[1]body[1]text: is empty"),
        (WHOLE[4], ("carousel[1]body[1]text: " + "x" * 150,), "carousel[1].body: is 163 characters long"),
        ("", ("carousel[2]body[1]text: A lamp",), "is of a card that the template does not have"),
    ],
)
def test_what_whatsapp_would_refuse_is_named(left_out: str, more: tuple[str, ...], said: str) -> None:
    given = [one for one in WHOLE if one != left_out]
    (problem, *rest) = told(carousel(), *given, *more)
    assert said in problem
    assert rest == []


def test_a_cards_own_link_is_filled_by_name() -> None:
    link = {"type": "url", "text": "Show me", "url": "https://shop.example/{{1}}", "samples": ["7"]}
    template = carousel(buttons=[link])
    (problem,) = told(template, *WHOLE)
    assert "carousel[1].buttons[0]: a card's button of the type url is filled by name" in problem
    assert told(template, *WHOLE, "carousel[1]button[0]url[1]text: 7") == []


@pytest.mark.parametrize("kind", ["flow", "order_details", "multi_product"])
def test_a_button_without_a_place_of_its_own_is_filled_by_name(kind: str) -> None:
    template = parse_template(
        json.dumps(
            {"kind": "template", "name": "x", "language": "en", "category": "UTILITY", "body": {"text": "Book here."},
             "buttons": [{"type": kind, "text": "Book", "flow_id": "1", "navigate_screen": "A"}]}
        ).encode()
    )  # fmt: skip
    (problem,) = told(template)
    assert f"a button of the type {kind} is filled by name, in other_parameters: button[0]" in problem
    assert told(template, f"button[0]{kind}[1]action.type: navigate") == []


@pytest.mark.parametrize("text", ["Dear {{1}} and {{name}}.", "Dear {{2}}.", "Dear {{1}."])
def test_the_variables_of_a_card_must_be_countable(text: str) -> None:
    with pytest.raises(InvalidInputError, match=r"carousel\[1\].body.text"):
        carousel(body={"text": text})
