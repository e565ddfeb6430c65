"""`parley lint`: what WhatsApp would refuse in template files, found before they are handed in."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import App, Parameter

from parley.cli.options import AsJson
from parley.costs import Difference, difference, shipped_cards
from parley.domain.clock import system_clock
from parley.domain.counting import counted
from parley.domain.errors import InvalidInputError
from parley.domain.malformed import BYTE_ORDER_MARK, check_once
from parley.domain.template_category import filed_today
from parley.templates import MessageTemplate, RuleSet, parse_template
from parley.templates.judgement import barring, judge, told_as
from parley.templates.lint import Finding, find_same_text
from parley.templates.template import LARGEST_TEMPLATE

app = App(name="lint", help="Lint template files, for CI too.")
Rules = Annotated[RuleSet, Parameter(help="transactional: the ten categories, no promotion. current: Meta's three.")]


class Linted(msgspec.Struct, frozen=True):
    """What was found in a file, or why it is no template."""

    file: str
    findings: tuple[Finding, ...] = ()
    unreadable: tuple[str, ...] = ()
    override: str = ""
    """The file's own reason why the project's rule set does not count."""
    failing: tuple[str, ...] = ()
    """The rules whose errors no override lifts."""
    costs_more: Difference | None = None
    """A message of it, when WhatsApp files it as the check predicts and not as it is handed in. List prices in USD."""


@app.default
def lint_files(*files: Path, rules: Rules = RuleSet.TRANSACTIONAL, as_json: AsJson = False) -> int:
    """FILES are template files, or folders: of those the templates, as `parley apply` would find them.

    Exit code 0: nothing, or what counts no more than a warning. 1: an error. 2: a file is not a readable template.
    """
    linted = _compared([_linted(file, rules) for file in _found(files)])
    print(msgspec.json.encode(linted).decode() if as_json else "\n".join(_story(linted)))
    if not linted or any(one.unreadable for one in linted):
        return 2
    return 1 if any(one.failing for one in linted) else 0


def _found(named: Iterable[Path]) -> Iterator[Path]:
    for one in named:
        yield from sorted(filter(_may_be_template, one.rglob("*.json"))) if one.is_dir() else (one,)


def _may_be_template(file: Path) -> bool:
    """What cannot be read may be one, and is told."""
    try:
        return _kind_of(file.read_bytes().removeprefix(BYTE_ORDER_MARK)) == "template"
    except OSError:
        return True


def _kind_of(raw: bytes) -> str:
    try:
        return msgspec.json.decode(raw, type=_Definition).kind
    except (msgspec.DecodeError, RecursionError):
        return "template"


class _Definition(msgspec.Struct):
    kind: str = "template"


def _linted(file: Path, rules: RuleSet) -> tuple[Linted, MessageTemplate | None]:
    try:
        with file.open("rb") as opened:
            raw = opened.read(LARGEST_TEMPLATE + 1).removeprefix(BYTE_ORDER_MARK)
        if (kind := _kind_of(raw)) != "template":
            return Linted(str(file), unreadable=(f"kind: this is a {kind}, not a template",)), None
        template = parse_template(raw)
        check_once(raw)
    except InvalidInputError as error:
        return Linted(str(file), unreadable=tuple(str(problem) for problem in error.problems)), None
    except OSError as error:
        return Linted(str(file), unreadable=(error.strerror or str(error),)), None
    return _judged(str(file), template, rules), template


def _compared(linted: Sequence[tuple[Linted, MessageTemplate | None]]) -> list[Linted]:
    same = find_same_text([template for _, template in linted if template])
    found = [(one, same.get((template.name, template.language)) if template else None) for one, template in linted]
    return [msgspec.structs.replace(one, findings=(*one.findings, more)) if more else one for one, more in found]


def _judged(file: str, template: MessageTemplate, rules: RuleSet) -> Linted:
    judgement = judge(template, rules)
    failing = tuple(one.rule for one in barring(judgement, overridden=bool(template.override)))
    linted = Linted(file, judgement.findings, override=template.override, failing=failing)
    asked, filed = filed_today(template.category), judgement.predicted
    if rules is RuleSet.TRANSACTIONAL or filed in {asked, ""}:
        return linted
    more = difference(asked, filed, shipped_cards(), "USD", system_clock().date())
    return msgspec.structs.replace(linted, costs_more=more)


def _story(linted: Sequence[Linted]) -> Iterator[str]:
    for one in linted:
        yield from (f"{one.file}: unreadable: {sentence}" for sentence in one.unreadable)
        for found in one.findings:
            yield f"{one.file}: {told_as(found, overridden=bool(one.override))}"
            yield f"    {found.rule} ({found.source})"
        if one.override and one.findings:
            yield f"{one.file}: override: {one.override}"
        if one.costs_more:
            yield f"{one.file}: WhatsApp would file it as another category: a message costs {one.costs_more.told} more"
    if not any(one.unreadable or one.findings for one in linted):
        found_nothing = f"{counted(len(linted), 'templates')}, nothing found."
        yield found_nothing if linted else "No template: name a file, or a folder that holds some."
