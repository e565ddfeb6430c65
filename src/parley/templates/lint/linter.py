"""Lints a template: every rule of the rule set, errors first."""

from importlib import import_module
from pkgutil import iter_modules

from parley.templates.lint import rules
from parley.templates.lint.finding import Finding, LintRule, Severity
from parley.templates.rule_sets import RuleSet
from parley.templates.template import MessageTemplate

RULES: dict[str, LintRule] = {
    module.name: import_module(f"{rules.__name__}.{module.name}").RULE for module in iter_modules(rules.__path__)
}
"""By name, in the order of the alphabet: every file of `rules/` is one."""


_BY_SET = {rule_set: [(name, rule) for name, rule in RULES.items() if rule_set in rule.sets] for rule_set in RuleSet}


def lint(template: MessageTemplate, rule_set: RuleSet) -> tuple[Finding, ...]:
    """Needs nothing but the template. Empty when nothing is wrong."""
    found = [
        Finding(name, rule.severity, fault.field, fault.sentence, fault.remedy, rule.source)
        for name, rule in _BY_SET[rule_set]
        for fault in rule.check(template)
    ]
    return tuple(sorted(found, key=lambda finding: finding.severity is Severity.WARN))
