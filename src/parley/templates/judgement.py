"""How a template was judged: what the linter found, and what its text is for. Made once per version and kept."""

import msgspec

from parley.templates.lint.finding import Finding, Severity
from parley.templates.lint.intent import intent_of
from parley.templates.lint.linter import lint
from parley.templates.promotion import Label
from parley.templates.rule_sets import RuleSet, is_in
from parley.templates.template import MessageTemplate, Status

JUDGE_VERSION = "2026-11-27.1"
"""Changes whenever the linter or the promotional check judges differently; kept with every judgement."""

REGIME = frozenset({"promotional", "category_transactional", "category_current"})
"""Lint rules that say what the project's rule set is about. The others foretell what WhatsApp's review says."""
REVIEWED = frozenset({Status.APPROVED, Status.PAUSED, Status.DISABLED})
"""WhatsApp has looked at the text."""
MEANS = {Label.PROMOTIONAL: "MARKETING", Label.UTILITY: "UTILITY", Label.AUTHENTICATION: "AUTHENTICATION"}


class Judgement(msgspec.Struct, frozen=True):
    """Of one version of a template, by one rule set."""

    rules: RuleSet
    label: Label
    category: str | None
    """Which of the ten the text would be; nothing for what is promotional."""
    why: str
    """The words, the rule, the sentence that decided."""
    sentence: str
    category_fits: bool
    """Is the declared category one of the rule set?"""
    readable: bool = True
    """Can the promotional check read it? If not, it counts as promotional until a person says otherwise."""
    findings: tuple[Finding, ...] = ()
    version: str = JUDGE_VERSION

    @property
    def predicted(self) -> str:
        """Which of Meta's three categories WhatsApp will file it as; empty where the text cannot be judged."""
        return MEANS[self.label] if self.readable else ""

    @property
    def may_be_sent(self) -> bool:
        """By the rule set: under *current* everything may."""
        return self.rules is RuleSet.CURRENT or (self.category_fits and self.label is not Label.PROMOTIONAL)

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What is refused, sooner or later."""
        return tuple(one for one in self.findings if one.severity is Severity.ERROR)


def judge(template: MessageTemplate, rules: RuleSet) -> Judgement:
    """Needs nothing but the template."""
    _, found = intent_of(template, rules)
    return Judgement(
        rules=rules,
        label=found.label,
        category=found.category,
        why=found.why,
        sentence=found.sentence,
        readable=found.readable,
        category_fits=is_in(template.category, rules),
        findings=lint(template, rules),
    )


def refusing(template: MessageTemplate, judgement: Judgement) -> tuple[Finding, ...]:
    """For what a file is not taken. An override takes it as it is; what WhatsApp has reviewed it will not refuse."""
    if template.override:
        return ()
    return tuple(one for one in judgement.errors if one.rule in REGIME or template.status not in REVIEWED)


def barring(judgement: Judgement, *, overridden: bool) -> tuple[Finding, ...]:
    """For what it is not handed in. An override is about the project's rule set, not about WhatsApp's review."""
    return tuple(one for one in judgement.errors if not (overridden and one.rule in REGIME))


def told_as(found: Finding, *, overridden: bool) -> str:
    """`error: body.text: …` with the remedy, or `warn: …`; `overruled: …` without it for what an override lifts."""
    is_lifted = overridden and found.severity is Severity.ERROR and found.rule in REGIME
    if is_lifted:
        return f"overruled: {found.field}: {found.sentence}"
    return f"{found.severity}: {found.field}: {found.sentence} {found.remedy}"
