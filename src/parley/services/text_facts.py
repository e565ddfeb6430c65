"""What the policy may know about a template's text: how it was judged, and what a person said about it."""

import msgspec

from parley.policy import TextFacts
from parley.store.templates import TemplateRow
from parley.templates import MessageTemplate, RuleSet
from parley.templates.judgement import Judgement, judge
from parley.templates.promotion import Label


def judgement_of(row: TemplateRow | None, template: MessageTemplate, rules: RuleSet) -> Judgement:
    """As it is kept with this version; what was registered before anybody judged is judged now."""
    if row is None or row.judgement is None or row.judgement["rules"] != rules:
        return judge(template, rules)
    return msgspec.convert(row.judgement, Judgement)


def text_facts(row: TemplateRow | None, template: MessageTemplate, rules: RuleSet) -> TextFacts:
    """For every message of this template, until something about it changes."""
    judgement = judgement_of(row, template, rules)
    return TextFacts(
        rules=rules,
        category=template.category,
        category_fits=judgement.category_fits,
        promotional=judgement.label is Label.PROMOTIONAL,
        readable=judgement.readable,
        predicted=judgement.predicted,
        why=judgement.why if judgement.label is Label.PROMOTIONAL else "",
        judged_by=judgement.version,
        filed_as=row.provider_category if row else None,
        override=row.override_reason if row else template.override or None,
        overridden_by=row.override_by if row else None,
    )
