"""`parley classify`: what texts are, promotional, utility or authentication, and why."""

from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import App, Parameter

from parley.cli.options import AsJson
from parley.domain.errors import InvalidInputError, ParleyError, Problem
from parley.domain.malformed import NOT_UTF_8
from parley.templates import RuleSet
from parley.templates.promotion import Classified, classify

app = App(name="classify", help="Is a text promotional? Says why.")
LARGEST_FILE = 100_000_000
"""Bytes."""
Rules = Annotated[RuleSet, Parameter(help="transactional: the ten categories, no promotion. current: Meta's three.")]


class Asked(msgspec.Struct, frozen=True):
    """A line of the file. Other fields may stand beside these."""

    text: str
    language: str | None = None


class UnreadableFileError(ParleyError):
    """The file cannot be read."""


@app.default
def classify_texts(file: Path, *, rules: Rules = RuleSet.TRANSACTIONAL, as_json: AsJson = False) -> None:
    """FILE has one JSON object with `text` and, when known, `language` in each line; the answers keep its order."""
    for asked in _lines(file):
        found = classify(asked.text, asked.language, rules)
        print(_as_json(found) if as_json else f"{found.label}  {found.category or '-'}  {found.why}")


def _as_json(found: Classified) -> str:
    told = {"label": found.label, "category": found.category, "why": found.why}
    return msgspec.json.encode(told).decode()


def _lines(file: Path) -> list[Asked]:
    """All of them, or every problem: nothing is answered of a file that is half understood."""
    read: list[Asked] = []
    problems: list[Problem] = []
    for number, line in enumerate(_bytes_of(file).splitlines(), 1):
        try:
            read += [msgspec.json.decode(line, type=Asked)] if line.strip() else []
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            why = f"it {NOT_UTF_8}" if isinstance(error, UnicodeDecodeError) else error
            problems.append(Problem(f"{file}:{number}", f'is not {{"text": …, "language": …}}: {why}'))
    if problems:
        raise InvalidInputError(problems)
    return read


def _bytes_of(file: Path) -> bytes:
    try:
        if file.stat().st_size > LARGEST_FILE:
            raise UnreadableFileError(f"{file} has more than {LARGEST_FILE} bytes.")
        return file.read_bytes()
    except OSError as error:
        raise UnreadableFileError(f"{file}: {error.strerror or error}.") from error
