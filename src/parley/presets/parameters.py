"""What a form must ask for a preset, and what the answers become. Parameters are filled in before Jinja runs."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time
from typing import Any

import msgspec

from parley.domain.errors import InvalidInputError, Problem
from parley.presets.pieces import Piece, Slot, SyntaxFault, Tag, Text, read_pieces
from parley.presets.quoted_list import read_quoted_list
from parley.presets.weave import Filling
from parley.presets.words import BOOLEANS, NUMBER


class ParameterNote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a preset says about one of its parameters beside the slot itself."""

    title: str = ""
    help: str = ""
    default: str | int | float | bool | None = None
    options: tuple[str, ...] = ()


class Parameter(msgspec.Struct, frozen=True):
    """One input of the form."""

    name: str
    type: str
    title: str
    help: str
    default: str | int | float | bool | None
    options: tuple[str, ...]
    required: bool
    """No default, so the form cannot be sent without it."""
    secret: bool
    """Write-only: stored encrypted, shown masked."""


def collect_parameters(slots: Iterable[Slot], notes: Mapping[str, ParameterNote]) -> tuple[Parameter, ...]:
    """One per name: those with a note in the order of the notes, then the others as written.

    Raises InvalidInputError for slots that contradict each other, unknown types and notes without a slot.
    """
    written: dict[str, list[Slot]] = {name: [] for name in notes}
    for slot in slots:
        written.setdefault(slot.name, []).append(slot)
    problems = [problem for name, group in written.items() for problem in _contradictions(name, group)]
    if problems:
        raise InvalidInputError(problems)
    return tuple(_parameter(name, group, notes.get(name, ParameterNote())) for name, group in written.items())


def _contradictions(name: str, group: list[Slot]) -> list[Problem]:
    field = f"parameters.{name}"
    if not group:
        return [Problem(field, f"no [[ {name} ]] stands anywhere in the preset")]
    types = {slot.type for slot in group if slot.type}
    defaults = {slot.default for slot in group if slot.default is not None}
    problems = [
        Problem(field, f"there is no type {type_!r}; there are {', '.join(sorted(KINDS))}")
        for type_ in sorted(types - KINDS.keys())
    ]
    if len(types) > 1:
        problems.append(Problem(field, f"written with different types: {', '.join(sorted(types))}"))
    if len(defaults) > 1:
        problems.append(Problem(field, "written with different defaults"))
    return problems


def _parameter(name: str, group: list[Slot], note: ParameterNote) -> Parameter:
    type_ = next((slot.type for slot in group if slot.type), "string")
    default = note.default
    if default is None:
        default = next((slot.default for slot in group if slot.default is not None), None)
    options = note.options or next((slot.options for slot in group if slot.options), ())
    title = note.title or name.replace("_", " ").capitalize()
    return Parameter(name, type_, title, note.help, default, options, default is None, type_ == "secret")


def fill_parameters(parameters: Iterable[Parameter], values: Mapping[str, Any]) -> dict[str, Filling]:
    """Every parameter with its value or default. Raises InvalidInputError with a problem per parameter."""
    known = {parameter.name: parameter for parameter in parameters}
    problems = [_unknown(name, known) for name in values if name not in known]
    fillings: dict[str, Filling] = {}
    for parameter in known.values():
        try:
            fillings[parameter.name] = _fill(parameter, values.get(parameter.name))
        except SyntaxFault as fault:
            problems.append(Problem(f"parameters.{parameter.name}", str(fault)))
    if problems:
        raise InvalidInputError(problems)
    return fillings


def _unknown(name: str, known: Mapping[str, Parameter]) -> Problem:
    there_are = f"there are {', '.join(known)}" if known else "the preset has none"
    return Problem(f"parameters.{name[:60]}", f"the preset has no such parameter; {there_are}")


def _fill(parameter: Parameter, value: Any) -> Filling:
    given = parameter.default if value is None else value
    if given is None:
        raise SyntaxFault(f"{parameter.title} is missing")
    if given == "" and value is not None and parameter.required and parameter.type not in {"text", "list"}:
        raise SyntaxFault(f"{parameter.title} is empty")
    return KINDS[parameter.type](parameter, given)


# One function per type: what was typed into the form becomes a Filling, or SyntaxFault says why not.


def _fill_text(_: Parameter, value: Any) -> Filling:
    return Filling(pieces=_read_value(_as_text(value)))


def _fill_secret(_: Parameter, value: Any) -> Filling:
    """Never Jinja: a password may contain braces."""
    return Filling(pieces=(Text(_as_text(value)),))


def _fill_number(_: Parameter, value: Any) -> Filling:
    text = _as_text(value).strip()
    if NUMBER.fullmatch(text):
        return Filling(literal=text)
    return Filling(pieces=_only_tag(text, "a number such as 5 or 3.14"), cast="_number")


def _fill_boolean(_: Parameter, value: Any) -> Filling:
    text = _as_text(value).strip()
    if text.lower() in BOOLEANS:
        return Filling(literal="true" if BOOLEANS[text.lower()] else "false")
    return Filling(pieces=_only_tag(text, "true or false"), cast="_boolean")


def _fill_enum(parameter: Parameter, value: Any) -> Filling:
    text = _as_text(value)
    if text not in parameter.options:
        raise SyntaxFault(f"{text[:40]!r} is not one of {', '.join(parameter.options)}")
    return Filling(pieces=(Text(text),))


def _fill_list(_: Parameter, value: Any) -> Filling:
    """The page's way, or a list when it comes from a program."""
    if isinstance(value, list | tuple):
        return Filling(items=tuple(_read_value(_as_text(item)) for item in value))
    return Filling(items=tuple(_read_value(item) for item in read_quoted_list(_as_text(value))))


def _moment(read: Callable[[str], object], example: str) -> Callable[[Parameter, Any], Filling]:
    def fill(_: Parameter, value: Any) -> Filling:
        pieces = _read_value(_as_text(value))
        if any(isinstance(piece, Tag) for piece in pieces):
            return Filling(pieces=pieces)
        try:
            read(_as_text(value))
        except ValueError as error:
            raise SyntaxFault(f"{_as_text(value)[:40]!r} is not written as {example}") from error
        return Filling(pieces=pieces)

    return fill


KINDS: dict[str, Callable[[Parameter, Any], Filling]] = {
    "string": _fill_text,
    "text": _fill_text,
    "secret": _fill_secret,
    "number": _fill_number,
    "boolean": _fill_boolean,
    "enum": _fill_enum,
    "list": _fill_list,
    "date": _moment(date.fromisoformat, "2026-11-23"),
    "time": _moment(time.fromisoformat, "14:30"),
    "datetime": _moment(datetime.fromisoformat, "2026-11-23T14:30:00+00:00"),
}
"""The types of `[[ name : type ]]`."""


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise SyntaxFault(f"a {type(value).__name__} cannot be used here")


def _read_value(text: str) -> tuple[Piece, ...]:
    """A value may bring Jinja, but no slots of its own."""
    pieces = read_pieces(text)
    return tuple(Text(_written(piece)) if isinstance(piece, Slot) else piece for piece in pieces)


def _written(slot: Slot) -> str:
    parts = [slot.name, *filter(None, (slot.type, slot.default))]
    return f"[[ {' : '.join(parts)} ]]"


def _only_tag(text: str, wanted: str) -> tuple[Piece, ...]:
    pieces = _read_value(text)
    if len(pieces) != 1 or not isinstance(pieces[0], Tag) or not pieces[0].prints:
        raise SyntaxFault(f"{text[:40]!r} is not {wanted} (nor one {{{{ }}}})")
    return pieces
