"""What the linter and the promotional check say of templates that are about to be applied."""

from collections.abc import Iterator, Sequence

from parley.domain.errors import InvalidInputError, Problem
from parley.services.read_definitions import ReadDefinition
from parley.templates import MessageTemplate, RuleSet, parse_template
from parley.templates.judgement import Judgement, judge, refusing, told_as
from parley.templates.lint import Finding, find_same_text

REMEDY = 'Or say in the file why it is right all the same: "override": "the reason".'


def look_at_templates(
    read: Sequence[ReadDefinition], beside: Sequence[bytes], rules: RuleSet
) -> dict[str, tuple[str, ...]]:
    """By the template's name what is worth a look, `beside` all the templates that there will be. Raises
    InvalidInputError with every error that has no override.
    """
    judged = [(one, parse_template(one.body)) for one in read if one.kind == "template"]
    looked_at = [(one, template, judge(template, rules)) for one, template in judged]
    problems = [
        Problem(f"{one.path}: {found.field}", f"{found.sentence} {_remedy(found)} ({found.rule}, {found.source})")
        for one, template, judgement in looked_at
        for found in refusing(template, judgement)
    ]
    if problems:
        raise InvalidInputError(problems)
    same = find_same_text([parse_template(body) for body in beside]) if judged else {}
    return {
        one.name: tuple(_notes(template, judgement, same.get((template.name, template.language))))
        for one, template, judgement in looked_at
    }


def _remedy(found: Finding) -> str:
    return found.remedy if "`override`" in found.remedy else f"{found.remedy} {REMEDY}"


def _notes(template: MessageTemplate, judgement: Judgement, same: Finding | None) -> Iterator[str]:
    is_overridden = bool(template.override)
    found = (*judgement.findings, *([same] if same else []))
    yield from (f"{told_as(one, overridden=is_overridden)} ({one.rule})" for one in found)
    if template.override:
        yield f"override: {template.override}"
