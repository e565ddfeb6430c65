"""A carousel has two to ten cards, all built alike."""

from collections.abc import Iterator

from parley.templates.lint.finding import Fault, LintRule, Severity
from parley.templates.lint.sources import COMPONENTS
from parley.templates.template import Card, MessageTemplate

FEWEST, MOST = 2, 10
LONGEST_BODY = 160
MOST_BUTTONS = 2
MEDIA = frozenset({"image", "video"})


def check(template: MessageTemplate) -> Iterator[Fault]:
    """A picture or a film, 160 characters, two buttons."""
    cards = template.carousel
    if not cards:
        return
    if not FEWEST <= len(cards) <= MOST:
        yield Fault("carousel", f"It has {len(cards)} cards.", f"From {FEWEST} to {MOST} may be.")
    if len({_shape(card) for card in cards}) > 1:
        yield Fault(
            "carousel", "Its cards differ in what they are made of.", "Give all the same header, body and buttons."
        )
    for number, card in enumerate(cards):
        yield from (Fault(f"carousel[{number}].{field}", *said) for field, *said in _of_a_card(card))


def _shape(card: Card) -> tuple[object, ...]:
    return card.header.format, card.body is None, *(button.type for button in card.buttons)


def _of_a_card(card: Card) -> Iterator[tuple[str, str, str]]:
    if card.header.format not in MEDIA:
        yield "header.format", f"It is {card.header.format}.", "A card shows an image or a video."
    if card.body and len(card.body.text) > LONGEST_BODY:
        yield "body.text", f"It has {len(card.body.text)} characters; {LONGEST_BODY} fit.", "Shorten it."
    if len(card.buttons) > MOST_BUTTONS:
        yield "buttons", f"There are {len(card.buttons)}; {MOST_BUTTONS} may be.", "Leave the others out."


RULE = LintRule(Severity.ERROR, COMPONENTS, check)
