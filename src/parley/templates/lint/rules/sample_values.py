"""Samples obey the rules of values."""

from collections.abc import Iterator

from parley.templates.lint.finding import Fault, LintRule, Severity
from parley.templates.lint.sources import REVIEW
from parley.templates.named_values import samples_by_name
from parley.templates.template import MessageTemplate
from parley.templates.values import check_parameters


def check(template: MessageTemplate) -> Iterator[Fault]:
    """No line break, no tab, no five spaces, nothing empty, not too long: what a message would be refused for."""
    if len(template.body.samples) != len(template.body_variables):
        return  # told by variable_samples
    named = samples_by_name(template)
    for problem in check_parameters(template, _header(template), template.body.samples, _buttons(template), named):
        yield Fault(f"samples of {problem.field}", f"{problem.sentence}.", "Choose samples as they will really come.")


def _header(template: MessageTemplate) -> tuple[str, ...]:
    given = template.header.samples if template.header and template.header.format == "text" else ()
    return given if len(given) == len(template.header_variables) else tuple("x" for _ in template.header_variables)


def _buttons(template: MessageTemplate) -> tuple[str, ...]:
    samples = [button.samples for button in template.buttons]
    return tuple((samples[number] or ("x",))[0] for number, _ in template.button_variables)


RULE = LintRule(Severity.ERROR, REVIEW, check)
