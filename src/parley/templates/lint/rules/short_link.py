"""No shortened links, no links into WhatsApp."""

import re
from collections.abc import Iterator

from parley.templates.lint.finding import Fault, LintRule, Severity
from parley.templates.lint.sources import PROVIDERS
from parley.templates.lint.texts import written_texts
from parley.templates.template import MessageTemplate

_SHORT = re.compile(
    r"(?<![\w.-])(bit\.ly|tinyurl\.com|t\.co|goo\.gl|ow\.ly|is\.gd|buff\.ly|rebrand\.ly|cutt\.ly|rb\.gy|t\.ly|lnkd\.in"
    r"|shorturl\.at|tiny\.cc|wa\.me|api\.whatsapp\.com|wa\.link)(?![\w.-])",
    re.IGNORECASE,
)


def check(template: MessageTemplate) -> Iterator[Fault]:
    """The reader must see where a link leads."""
    fields = [*written_texts(template), *((f"{field}.url", button.url) for field, button in template.all_buttons)]
    for field, text in fields:
        if found := _SHORT.search(text):
            yield Fault(field, f"{found[1]} hides where the link leads.", "Write the address of your own site.")


RULE = LintRule(Severity.ERROR, PROVIDERS, check)
