"""Definition files read and parsed, each by itself; their secrets taken out."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from parley.domain.errors import InvalidInputError, Problem
from parley.domain.malformed import BYTE_ORDER_MARK, check_depth, check_once, no_object, too_deep
from parley.domain.visible import check_visible
from parley.integrations.definition import SECRET_FIELDS
from parley.services.definition_secrets import Path, SecretsTaken
from parley.services.definitions import PARSERS

LARGEST_FILE = 2_000_000
"""Bytes."""
LONGEST_NAME = 128
"""Characters. Templates and scenarios are stricter."""


class File(msgspec.Struct, frozen=True):
    """One definition as somebody wrote it."""

    path: str
    data: bytes


class ReadDefinition(msgspec.Struct, frozen=True):
    """A definition that makes sense by itself."""

    path: str
    kind: str
    name: str
    body: bytes
    """Secrets as references."""
    secrets: dict[str, str]
    """In the open, by reference."""


def read_definitions(files: Sequence[File], environment: Mapping[str, str]) -> list[ReadDefinition]:
    """In the order in which they may refer to each other. Raises InvalidInputError with every problem of every file."""
    problems: list[Problem] = []
    read: list[ReadDefinition] = []
    for file in files:
        try:
            read.append(_read_one(file, environment))
        except InvalidInputError as error:
            problems += [Problem(f"{file.path}: {problem.field}", problem.sentence) for problem in error.problems]
    problems += _twice(read)
    if problems:
        raise InvalidInputError(problems)
    return sorted(read, key=lambda one: list(PARSERS).index(one.kind))


def _read_one(file: File, environment: Mapping[str, str]) -> ReadDefinition:
    raw = _json_object(file.data)
    kind = raw.get("kind")
    if kind not in PARSERS:
        raise InvalidInputError([Problem("kind", f"must be one of {', '.join(PARSERS)}.")])
    taken = SecretsTaken(f"{kind}/{raw.get('name')}", environment, partial(_is_secret, kind))
    body = _pretty(taken.take(raw))
    try:
        definition = PARSERS[kind](body)
    except InvalidInputError as error:
        raise InvalidInputError([*taken.problems, *error.problems]) from error
    if taken.problems:
        raise InvalidInputError(taken.problems)
    _check_name(definition.name)
    check_visible("title", getattr(definition, "title", ""))
    return ReadDefinition(file.path, kind, _name_of(definition), body, taken.secrets)


def _json_object(data: bytes) -> dict[str, Any]:
    data = data.removeprefix(BYTE_ORDER_MARK)
    if len(data) > LARGEST_FILE:
        raise InvalidInputError([Problem("file", f"is larger than {LARGEST_FILE} bytes.")])
    try:
        raw = msgspec.json.decode(data, type=dict[str, Any])
        check_depth(raw, "file")
        check_once(data)
    except RecursionError as error:
        raise too_deep("file") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInputError([Problem("file", f"{no_object(data, error)}.")]) from error
    if b"\\u0000" in data.replace(b"\\\\", b""):  # the one way to write it in JSON; a backslash's own pair is none
        raise InvalidInputError([Problem("file", "holds the character NUL, which no database keeps: remove it.")])
    return raw


def _check_name(name: str) -> None:
    """It stands in an address, and before the names of the definition's own secrets."""
    if not name.strip() or len(name) > LONGEST_NAME or "/" in name or not name.isprintable():
        sentence = f"must be 1 to {LONGEST_NAME} printable characters without a slash."
        raise InvalidInputError([Problem("name", sentence)])


def _is_secret(kind: str, path: Path) -> bool:
    """A text typed into a field that holds a secret. In scenarios and campaigns those of preset forms, by their usual
    names.
    """
    if not path or path[-1] not in SECRET_FIELDS:
        return False
    return (kind == "integration" and path[0] in ("account", "signing_secret")) or (
        kind in ("scenario", "campaign") and "parameters" in path
    )


def _name_of(definition: Any) -> str:
    """A template is one in each language."""
    language = getattr(definition, "language", None)
    return f"{definition.name}.{language}" if language else str(definition.name)


def _twice(read: Sequence[ReadDefinition]) -> Iterator[Problem]:
    first: dict[tuple[str, str], str] = {}
    for one in read:
        key = (one.kind, one.name)
        if key in first:
            yield Problem(f"{one.path}: name", f"{one.kind} {one.name} is also in {first[key]}.")
        first.setdefault(key, one.path)


def _pretty(value: Any) -> bytes:
    """One way to write a value, so that the same definition is the same bytes; keys stay in the author's order."""
    return json.dumps(value, indent=2, ensure_ascii=False).encode("utf-8", "replace")
