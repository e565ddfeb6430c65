"""What a whole template is for: its header, body, footer and buttons, read as one text."""

from functools import lru_cache

from parley.templates.lint.texts import written_texts
from parley.templates.promotion import Classified, classify
from parley.templates.rule_sets import RuleSet
from parley.templates.template import MessageTemplate


@lru_cache(maxsize=64)
def intent_of(template: MessageTemplate, rules: RuleSet) -> tuple[str, Classified]:
    """(field of the sentence that decided, what the text is). Remembered a moment, because several rules ask."""
    texts = [*written_texts(template), *((f"{field}.text", one.text) for field, one in template.all_buttons)]
    found = classify("\n".join(text for _, text in texts), template.language, rules)
    return next((field for field, text in texts if found.sentence in text), "body.text"), found
