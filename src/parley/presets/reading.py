"""A preset from its JSON, or every reason why not."""

from typing import Any

import msgspec

from parley.domain.errors import InvalidInputError, Problem
from parley.domain.malformed import no_object
from parley.domain.misfit import joined, misfits_of
from parley.presets.answers import answer_faults
from parley.presets.pieces import SyntaxFault
from parley.presets.prepare import check_preset
from parley.presets.preset import Preset, pieces_of

LARGEST_PRESET = 256_000
"""Bytes of a preset's JSON."""

_TYPES: dict[str, Any] = {field.name: field.type for field in msgspec.structs.fields(Preset)}
_REQUIRED = ("kind", *(field.name for field in msgspec.structs.fields(Preset) if field.required))


def parse_preset(data: bytes) -> Preset:
    """A preset from its JSON. Raises InvalidInputError with every problem that was found, by field."""
    preset = _decode(data)
    _check_texts(preset)
    check_preset(preset)
    return preset


def _decode(data: bytes) -> Preset:
    if len(data) > LARGEST_PRESET:
        raise InvalidInputError([Problem("preset", f"is larger than {LARGEST_PRESET} bytes")])
    try:
        raw = msgspec.json.decode(data, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInputError([Problem("preset", no_object(data, error))]) from error
    known = ", ".join(_TYPES)
    problems = [
        Problem(name[:60], f"is not a part of a preset; there are {known}") for name in raw if name not in _TYPES
    ]
    problems += [Problem(name, "is missing") for name in _REQUIRED if name not in raw]
    fields = {name: _convert(name, raw[name], problems) for name in raw if name in _TYPES}
    if problems:
        raise InvalidInputError(problems)
    return Preset(**fields)


def _convert(name: str, value: Any, problems: list[Problem]) -> Any:
    try:
        return msgspec.convert(value, _TYPES[name])
    except msgspec.ValidationError:
        told = misfits_of(value, _TYPES[name])
        problems += [Problem(joined(name, place), sentence) for place, sentence in told]
        return None


def _check_texts(preset: Preset) -> None:
    problems = list(answer_faults(preset.answers))
    if preset.batch and not 1 <= preset.batch.max <= 1000:
        problems.append(Problem("batch.max", "must be from 1 to 1000"))
    if preset.format == "none" and preset.body:
        problems.append(Problem("body", "must be empty when the format is none"))
    for field, text in preset.texts():
        try:
            pieces_of(text)
        except SyntaxFault as fault:
            problems.append(Problem(field, str(fault)))
    if problems:
        raise InvalidInputError(problems)
