"""Nobody is asked for a whole card, account or identity number."""

import re
from collections.abc import Iterator

from parley.templates.lint.finding import Fault, LintRule, Severity
from parley.templates.lint.sources import REVIEW
from parley.templates.lint.texts import written_texts
from parley.templates.template import MessageTemplate

_ASKS = re.compile(
    r"(?:send|give|reply with|tell|enter|confirm)\s(?:us\s)?your\s(?:full\s|complete\s)?"
    r"(?:(?:credit\s|debit\s)?card number|bank account number|iban|passport number"
    r"|social security number|cvv|pin code)",
    re.IGNORECASE,
)


def check(template: MessageTemplate) -> Iterator[Fault]:
    """The last digits are fine."""
    for field, text in written_texts(template):
        if found := _ASKS.search(text):
            yield Fault(
                field, f'"{found[0]}" asks for what WhatsApp forbids to ask for.', "Ask for the last four digits."
            )


RULE = LintRule(Severity.ERROR, REVIEW, check)
