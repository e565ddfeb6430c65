"""Values that a send gives by name: those of a carousel's cards, and of parts that have no place of their own.

`carousel[0]body[1]text: Jana`: the names are the Conversation API's (sinch.md 2.6); cards and buttons count from 0,
texts from 1.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from parley.domain.errors import Problem
from parley.templates.template import Card, MessageTemplate, filled_length

LONGEST_CARD = 160
"""Characters of a card's finished text (whatsapp.md 1.4)."""
BY_NAME = frozenset({"flow", "order_details", "multi_product"})
"""Buttons that have no other way."""
_CARD = re.compile(r"carousel\[(\d{1,3})\]")


def read_named(given: Sequence[str]) -> dict[str, str]:
    """By name; `name: value` each."""
    parts = [one.partition(":") for one in given]
    return {name.strip(): value.strip() for name, _, value in parts}


def parts_by_name(template: MessageTemplate) -> Iterator[tuple[str, str, str]]:
    """(field, how its names begin, what it is) of what is filled by name only; cards' texts and media apart."""
    offer = template.limited_time_offer
    if offer is not None and offer.has_expiration:
        yield "limited_time_offer", "limited_time_offer", "when the offer ends"
    for number, button in enumerate(template.buttons):
        if button.type in BY_NAME:
            yield f"buttons[{number}]", f"button[{number}]", f"a button of the type {button.type}"
    for place, card in enumerate(template.carousel):
        for number, button in enumerate(card.buttons):
            if button.type in BY_NAME or button.type == "copy_code" or "{{" in button.url:
                what = f"a card's button of the type {button.type}"
                yield f"carousel[{place}].buttons[{number}]", f"carousel[{place}]button[{number}]", what


def check_named(template: MessageTemplate, values: Mapping[str, str]) -> Iterator[Problem]:
    """What is missing, or too much. The form of the values is looked at elsewhere."""
    for field, start, what in parts_by_name(template):
        if not any(name.startswith(start) for name in values):
            sentence = f"{what} is filled by name, in other_parameters: {start}… (WhatsApp error 132000)"
            yield Problem(field, sentence)
    for number, card in enumerate(template.carousel):
        yield from _check_card(number, card, values)
    for name in values:
        card_named = _CARD.match(name)
        if card_named and int(card_named[1]) >= len(template.carousel):
            yield Problem("other_parameters", f"{name} is of a card that the template does not have")


def samples_by_name(template: MessageTemplate) -> tuple[str, ...]:
    """As a message would give them; `x` for what has no sample."""
    return (*(f"{start}: x" for _, start, _ in parts_by_name(template)), *_samples_of_cards(template))


def _samples_of_cards(template: MessageTemplate) -> Iterator[str]:
    for number, card in enumerate(template.carousel):
        yield f"carousel[{number}]header[1]{card.header.format}.link: {(card.header.samples or ('x',))[0]}"
        given = card.body.samples if card.body else ()
        texts = given if len(given) == len(card.body_variables) else ("x",) * len(card.body_variables)
        yield from (f"carousel[{number}]body[{place}]text: {text}" for place, text in enumerate(texts, start=1))


def _check_card(number: int, card: Card, values: Mapping[str, str]) -> Iterator[Problem]:
    field, start = f"carousel[{number}]", f"carousel[{number}]"
    link = f"{start}header[1]{card.header.format}.link"
    if not values.get(link):
        yield Problem(f"{field}.header", f"no {card.header.format} is given: {link} (WhatsApp error 132012)")
    wanted = card.body_variables
    texts = {name: values.get(f"{start}body[{place}]text") for place, name in enumerate(wanted, start=1)}
    given = {name: text for name, text in texts.items() if text is not None}
    if len(given) != len(wanted):
        sentence = f"takes {len(wanted)} values, {len(given)} are given: {start}body[1]text … (WhatsApp error 132000)"
        yield Problem(f"{field}.body", sentence)
    length = filled_length(card.body.text, given) if card.body else 0
    if length > LONGEST_CARD:
        sentence = f"is {length} characters long with its values, at most {LONGEST_CARD} fit (WhatsApp error 132005)"
        yield Problem(f"{field}.body", sentence)
