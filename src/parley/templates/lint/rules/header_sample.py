"""A media header needs a sample for the review."""

from collections.abc import Iterator

from parley.templates.lint.finding import Fault, LintRule, Severity
from parley.templates.lint.sources import COMPONENTS
from parley.templates.template import MessageTemplate

MEDIA = frozenset({"image", "video", "document"})


def check(template: MessageTemplate) -> Iterator[Fault]:
    """The reviewer must see what kind of picture, film or document comes."""
    cards = [(f"carousel[{number}].header", card.header) for number, card in enumerate(template.carousel)]
    for field, header in [("header", template.header), *cards]:
        if header and header.format in MEDIA and not header.samples:
            sentence = f"A header of the format {header.format} has no sample."
            yield Fault(f"{field}.samples", sentence, "Add the address of one.")


RULE = LintRule(Severity.ERROR, COMPONENTS, check)
