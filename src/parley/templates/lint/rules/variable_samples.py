"""Every variable has a sample."""

from collections.abc import Iterator

from parley.templates.lint.finding import Fault, LintRule, Severity
from parley.templates.lint.sources import COMPONENTS
from parley.templates.template import MessageTemplate, variables_of


def check(template: MessageTemplate) -> Iterator[Fault]:
    """The reviewer reads the template with them."""
    yield from _lacking(
        "header.samples", len(template.header_variables), template.header.samples if template.header else ()
    )
    yield from _lacking("body.samples", len(template.body_variables), template.body.samples)
    for number, card in enumerate(template.carousel):
        yield from _lacking(
            f"carousel[{number}].body.samples", len(card.body_variables), card.body.samples if card.body else ()
        )
    for field, button in template.all_buttons:
        wanted = 1 if button.type == "copy_code" else len(variables_of(button.url))
        yield from _lacking(f"{field}.samples", wanted, button.samples)


def _lacking(field: str, wanted: int, given: tuple[str, ...]) -> Iterator[Fault]:
    if wanted and len(given) != wanted:
        yield Fault(field, f"Samples wanted: {wanted}, given: {len(given)}.", "Give one sample for each.")


RULE = LintRule(Severity.ERROR, COMPONENTS, check)
