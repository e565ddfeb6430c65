"""A media header needs a sample for the review."""

from collections.abc import Iterator

from parley.templates.lint.finding import Fault, LintRule, Severity
from parley.templates.lint.sources import COMPONENTS
from parley.templates.template import MessageTemplate

MEDIA = frozenset({"image", "video", "document"})


def check(template: MessageTemplate) -> Iterator[Fault]:
    """The reviewer must see what kind of picture, film or document comes."""
    if template.header and template.header.format in MEDIA and not template.header.samples:
        yield Fault(
            "header.samples",
            f"A header of the format {template.header.format} has no sample.",
            "Add the address of one.",
        )


RULE = LintRule(Severity.ERROR, COMPONENTS, check)
