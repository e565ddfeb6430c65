"""The linter: what WhatsApp would refuse in a template, found before it is handed in. One file per rule in `rules/`."""

from parley.templates.lint.finding import Fault, Finding, LintRule, Severity
from parley.templates.lint.linter import RULES, lint
from parley.templates.lint.same_text import find_same_text
from parley.templates.rule_sets import RuleSet

__all__ = ["RULES", "Fault", "Finding", "LintRule", "RuleSet", "Severity", "find_same_text", "lint"]
