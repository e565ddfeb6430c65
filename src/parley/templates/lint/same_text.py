"""Two templates of one account cannot have the same body and footer: what no template can tell alone."""

from collections import defaultdict
from collections.abc import Sequence

from parley.templates.lint.finding import Finding, Severity
from parley.templates.lint.sources import REVIEW
from parley.templates.template import MessageTemplate

RULE = "same_text"


def find_same_text(templates: Sequence[MessageTemplate]) -> dict[tuple[str, str], Finding]:
    """By name and language. A warning: two files may be meant for two accounts. A code's text is WhatsApp's own."""
    alike: defaultdict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for template in templates:
        if template.category.upper() != "AUTHENTICATION":
            text = template.body.text.strip(), template.footer.text.strip() if template.footer else ""
            alike[text].append((template.name, template.language))
    return {
        one: _finding(next(other for other in same if other != one))
        for same in alike.values()
        for one in same
        if len(set(same)) > 1
    }


def _finding(other: tuple[str, str]) -> Finding:
    sentence = f"{other[0]} ({other[1]}) has the same body and footer, so WhatsApp rejects the later of them."
    return Finding(RULE, Severity.WARN, "body.text", sentence, "Use one for both, or say it differently.", REVIEW)
