"""A limited-time offer is marketing, short, and without a footer."""

from collections.abc import Iterator

from parley.templates.lint.finding import Fault, LintRule, Severity
from parley.templates.lint.sources import COMPONENTS
from parley.templates.template import MessageTemplate

LONGEST_OFFER = 16
LONGEST_BODY = 600


def check(template: MessageTemplate) -> Iterator[Fault]:
    """16 characters of offer, 600 of body. Its code obeys `sample_values`."""
    offer = template.limited_time_offer
    if offer is None:
        return
    if template.category.upper() != "MARKETING":
        yield Fault("limited_time_offer", "It offers something.", "Hand it in as MARKETING, or leave the offer out.")
    if not 1 <= len(offer.text.strip()) <= LONGEST_OFFER:
        sentence = f"It has {len(offer.text.strip())} characters; from 1 to {LONGEST_OFFER} may be."
        yield Fault("limited_time_offer.text", sentence, "Say it in two words: Ends soon!")
    if len(template.body.text) > LONGEST_BODY:
        sentence = f"It has {len(template.body.text)} characters; beside an offer {LONGEST_BODY} fit."
        yield Fault("body.text", sentence, "Shorten it.")
    if template.footer:
        yield Fault("footer", "A limited-time offer has no footer.", "Leave the footer out.")


RULE = LintRule(Severity.ERROR, COMPONENTS, check)
