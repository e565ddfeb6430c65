"""Bytes become values: what JSON allows and PostgreSQL or common sense does not is refused with a sentence."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from parley.api.errors import malformed, refused
from parley.domain.customer import CustomerIds
from parley.domain.misfit import NOT_CHOSEN, misfit
from parley.domain.plain_words import plainly
from parley.domain.project import ProjectSettings

LARGEST_MESSAGE = 800_000
"""Bytes of one event or update."""
LARGEST_VALUE = 16_384
"""Bytes of one property, as JSON."""
LONGEST_TEXT = 256
"""Characters of an id, a type, a name: they stand in indexes."""
DEEPEST = 64
"""Levels of lists and objects within a property."""
_LONE_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")

T = TypeVar("T")


class UnusableError(Exception):
    """Something in a message cannot be used; the text is a sentence for its sender."""


def read_json(body: bytes, kind: type[T]) -> T:
    """Reads a body, or raises ApiError: 400 when it is no JSON, else with what is wrong inside."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise refused(said_plainly(error, kind)) from error
    except RecursionError as error:
        raise refused(f"The JSON is nested too deeply: {DEEPEST} levels are the limit.") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise malformed(_no_json(body, error)) from error


def read_part(raw: bytes | msgspec.Raw, kind: type[T]) -> T:
    """Reads a part of a body, or raises UnusableError."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError as error:
        raise UnusableError(said_plainly(error, kind)) from error
    except RecursionError as error:
        raise UnusableError(f"The JSON is nested too deeply: {DEEPEST} levels are the limit.") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnusableError(_no_json(bytes(raw), error)) from error


def said_plainly(error: msgspec.ValidationError, read_as: Any) -> str:
    """`properties: must be an object; it is a list.`"""
    if str(error).startswith(NOT_CHOSEN):
        return "{}: {}.".format(*misfit(error, read_as))
    text, _, path = str(error).partition(" - at ")
    field = path.strip("`").removeprefix("$").removeprefix(".")
    told = plainly(text).replace("`", "")
    return f"{field}: {told}." if field else f"{told}."


def _no_json(body: bytes, error: Exception) -> str:
    if not body:
        return "The body is empty: it must be JSON."
    if _LONE_SURROGATE.search(body) and not isinstance(error, UnicodeDecodeError):
        return "The JSON is malformed: it holds half of a surrogate pair."
    if isinstance(error, UnicodeDecodeError):
        return "The JSON is malformed: it is not UTF-8."
    return f"The JSON is malformed: {str(error).removeprefix('JSON is malformed: ')}."


def checked_properties(given: Mapping[str, Any] | None, message: bytes) -> Mapping[str, Any]:
    """The properties if they can be stored; raises UnusableError. `message` is the whole one, as it came."""
    if len(message) > LARGEST_MESSAGE:
        raise UnusableError(f"The message is too large: {LARGEST_MESSAGE // 1000} KB are the limit.")
    for name in given or ():
        _check_text(name, "The name of a property", LONGEST_TEXT)
    if not _is_small_and_flat(message):
        check_values(given or {})
    return given or {}


def _is_small_and_flat(message: bytes) -> bool:
    """Nearly every message: with so few bytes, so few brackets and no escaped NUL, `check_values` minds nothing."""
    brackets = message.count(b"{") + message.count(b"[")
    return len(message) <= LARGEST_VALUE and brackets <= DEEPEST and rb"\u0000" not in message


def check_values(given: Mapping[str, Any]) -> None:
    """Size, depth and texts of each property. Raises UnusableError."""
    for name, value in given.items():
        if len(msgspec.json.encode(value)) > LARGEST_VALUE:
            raise UnusableError(f"The property {name[:40]} is too large: 16 KB are the limit.")
        _check_value(value, name)


def _check_value(value: object, name: str, depth: int = 1) -> None:
    if isinstance(value, str):
        if "\x00" in value:
            raise UnusableError(f"The property {name[:40]} holds the character NUL.")
    elif isinstance(value, dict | list):
        if depth > DEEPEST:
            raise UnusableError(f"The property {name[:40]} is nested too deeply: {DEEPEST} levels are the limit.")
        for inner in value:
            _check_value(inner, name, depth + 1)
        for inner in value.values() if isinstance(value, dict) else ():
            _check_value(inner, name, depth + 1)


def checked_text(value: str, what: str) -> str:
    """A text that may stand in an index; raises UnusableError."""
    _check_text(value, what, LONGEST_TEXT)
    return value


def _check_text(value: str, what: str, longest: int) -> None:
    if not value:
        raise UnusableError(f"{what} must not be empty.")
    if len(value) > longest:
        raise UnusableError(f"{what} is too long: {longest} characters are the limit.")
    if "\x00" in value:
        raise UnusableError(f"{what} holds the character NUL.")


def read_ids(given: Mapping[str, Any] | None, settings: ProjectSettings) -> CustomerIds:
    """External ids by name; a null or an empty text counts as not given. Raises UnusableError."""
    hard: dict[str, str] = {}
    soft: dict[str, tuple[str, ...]] = {}
    for name, value in (given or {}).items():
        values = _id_values(name, value)
        if name in settings.hard_ids:
            hard |= _one(name, values)
        elif name in settings.soft_ids:
            soft |= {name: values} if values else {}
        else:
            known = ", ".join((*settings.hard_ids, *settings.soft_ids))
            raise UnusableError(f"There is no id {name[:40]!r} in this project; it has: {known}.")
    if not hard and not soft:
        raise UnusableError("At least one id should be specified.")
    return CustomerIds(hard, soft)


def _one(name: str, values: tuple[str, ...]) -> dict[str, str]:
    if len(values) > 1:
        raise UnusableError(f"A customer has one {name}; send one value.")
    return {name: values[0]} if values else {}


def _id_values(name: str, value: object) -> tuple[str, ...]:
    if isinstance(value, str) and value:
        return (_id_value(name, value),)  # nearly every id
    listed = value if isinstance(value, list) else [value]
    if len(listed) > 64:
        raise UnusableError(f"At most 64 values of {name[:40]} at once.")
    return tuple(dict.fromkeys([_id_value(name, one) for one in listed if one is not None and one != ""]))


def _id_value(name: str, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise UnusableError(f"The id {name[:40]} must be a text.")
    return checked_text(str(value), f"The id {name[:40]}")


def read_time(value: float | str | None) -> datetime | None:
    """UNIX seconds (as number or text) or ISO 8601; None when not given. Raises UnusableError."""
    if value is None:
        return None
    try:
        return _from_seconds(float(value))
    except OverflowError as error:
        raise UnusableError(f"The time {value} is out of range: give seconds, not milliseconds.") from error
    except ValueError:
        return _from_iso(str(value))


def _from_seconds(seconds: float) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OSError) as error:  # "year is out of range", beyond the platform's; NaN from the text "nan"
        raise OverflowError from error


def _from_iso(text: str) -> datetime:
    try:
        read = datetime.fromisoformat(text.strip())
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UnusableError(f"The time {text[:40]!r} is neither UNIX seconds nor ISO 8601.") from error


def checked_event_id(value: str | int | None) -> str | None:
    """The client's own id of an event, as a text. Raises UnusableError."""
    return None if value is None or value == "" else checked_text(str(value), "The event_id")
