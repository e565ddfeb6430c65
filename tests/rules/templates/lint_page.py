"""Makes docs/reference/lint.md: `python -m tests.rules.templates.lint_page` writes it."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from parley.templates import RuleSet
from parley.templates.lint import RULES, rules

PATH = Path(__file__).parents[3] / "docs" / "reference" / "lint.md"
HEAD = """# The linter

<!-- Made from src/parley/templates/lint/rules/; a test compares. -->

[`parley lint`](cli.md#parley-lint) reads [template files](templates.md) and says what WhatsApp would refuse (error) or
frown at (warn), with the rule, its source and what to do. It needs no database and no network.

There are two rule sets. `transactional`, the default, is the regime of the page that Parley implements: one of ten
categories, and no promotion. `current` is Meta's of today: marketing, utility, authentication. A project keeps to one.

`promotional`, `utility_promotes` and `code_category` rest on [the promotional check](promotion.md), which reads the
header, the body, the footer and the labels of the buttons together.

One more rule, `same_text` (warn), compares the files with each other, and `parley apply` those of a project: WhatsApp
rejects a template whose body and footer another of the account has already. A code's text is WhatsApp's own, and not
compared. Source: Meta, "Template review" and the list of errors, December 2025.

| rule | severity | rule sets | what it holds to | source |
|---|---|---|---|---|
"""


def page() -> str:
    """The whole page."""
    return HEAD + "\n".join(_rows()) + "\n"


def _rows() -> Iterator[str]:
    for name, rule in RULES.items():
        sets = "both" if rule.sets == frozenset(RuleSet) else ", ".join(sorted(rule.sets))
        story = (import_module(f"{rules.__name__}.{name}").__doc__ or "").strip()
        yield f"| `{name}` | {rule.severity} | {sets} | {story} | {rule.source} |"


if __name__ == "__main__":
    PATH.write_text(page(), encoding="utf-8")
