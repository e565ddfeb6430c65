"""The linter: what WhatsApp would refuse in a template, found before it is handed in. One file per rule in `rules/`."""

from parley.templates.lint.finding import Fault, Finding, LintRule, RuleSet, Severity
from parley.templates.lint.linter import RULES, lint

__all__ = ["RULES", "Fault", "Finding", "LintRule", "RuleSet", "Severity", "lint"]
