"""From the bytes of a callback to values that are safe to keep, however odd the bytes are.

What `decode` gives can always be written as JSON again and stored by PostgreSQL: no NUL character, no lone surrogate,
no NaN or infinity, no integer wider than 64 bits, no nesting deeper than `MAX_DEPTH`.
"""

import json
import math
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import msgspec

from parley.domain.callback import CallbackItem, Unknown
from parley.domain.malformed import no_json

MAX_DEPTH = 64
"""Levels of nesting. Sinch's deepest callback has 8; a reader that recurses must not be led to the stack's end."""

MAX_DIGITS = 18
"""Digits of an integer that is kept as a number: always within 64 bits. A longer one becomes text."""

EARLIEST = datetime(2009, 1, 1, tzinfo=UTC)
"""WhatsApp's first year. An earlier time is a provider's zero value (1970, 0001), not a time."""

LATEST = datetime(2100, 1, 1, tzinfo=UTC)
"""Times from here on are nonsense, and would overflow where 24 hours are added."""

Ident = Annotated[str, msgspec.Meta(min_length=1, max_length=512)]
"""An id of the provider's. Real ones have up to about 100 characters; the limit keeps it usable as a database key."""

WORD_LIMIT = 128
"""Characters."""

Word = Annotated[str, msgspec.Meta(max_length=WORD_LIMIT)]
"""One of the provider's own words: a state, a kind. Also the longest piece of a callback that a reason quotes."""

Address = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
"""A number or user id as the provider wrote it."""

T = TypeVar("T")


class Unreadable(msgspec.Struct, frozen=True):
    """The bytes are no JSON that could be kept."""

    reason: str


class Tree(msgspec.Struct, frozen=True):
    """What the bytes said, made safe to keep: None, bool, int, float, str, list or dict."""

    value: Any


def decode(body: bytes) -> Tree | Unreadable:
    """The JSON value in `body`. Broken UTF-8, NaN, control characters and a byte order mark are forgiven."""
    try:
        value = _parse(body)
        return Tree(value if is_harmless(body) else _safe(value, MAX_DEPTH))
    except RecursionError:
        return Unreadable(f"The JSON is nested deeper than {MAX_DEPTH} levels.")
    except ValueError as error:
        return Unreadable(f"The body is not JSON: {_safe_text(no_json(error))}.")


def is_harmless(body: bytes) -> bool:
    """The fast way for most bodies: what they say is safe already, so nobody need walk through it.

    ASCII without escaped characters holds no NUL and no surrogate, so few brackets cannot nest too deep, and no integer
    is as long as the widest that is kept. Judged by the bytes: in doubt no.
    """
    return (
        body.isascii()
        and b"\\u" not in body
        and b"\0" not in body
        and body.count(b"{") + body.count(b"[") < MAX_DEPTH
        and _LONG_NUMBER not in b":" + body.translate(_NUMBERS)
    )


_NUMBERS = bytes.maketrans(b"0123456789:,[- \t\n\r", b"0" * 10 + b":" * 8)
"""Leaves every digit a 0, and whatever may stand before a value a colon."""
_LONG_NUMBER = b":" + b"0" * MAX_DIGITS
"""Ids and times are texts and begin with a quotation mark."""


def convert(value: Any, shape: type[T]) -> T:
    """`value` as a struct; raises msgspec.ValidationError, which `read_each` turns into Unknown."""
    return msgspec.convert(value, shape)


def read_each(reader: Callable[[Any], CallbackItem], items: Iterable[Any]) -> tuple[CallbackItem, ...]:
    """Each item through `reader`. One that does not fit becomes Unknown and does not harm its neighbours."""
    return tuple(_read_one(reader, item) for item in items)


def as_list(value: Any) -> list[Any]:
    """A list as it is, nothing as no items, anything else as one item: Sinch's sources disagree (sinch.md 1.4)."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def read_time(*candidates: str | None) -> datetime | None:
    """The first candidate that is a time, in UTC. ISO 8601 with 0 to 9 fraction digits (cut to microseconds)."""
    return next((when for when in map(_time, candidates) if when is not None), None)


def _read_one(reader: Callable[[Any], CallbackItem], item: Any) -> CallbackItem:
    try:
        return reader(item)
    except msgspec.ValidationError as error:
        return Unknown(reason=_safe_text(str(error)), raw=msgspec.json.encode(item))


def _parse(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _parse_kindly(body)


def _parse_kindly(body: bytes) -> Any:
    """The standard library forgives what msgspec does not; slower, so only for bodies that need it."""
    text = body.decode("utf-8-sig", "replace")
    return json.loads(
        text, strict=False, parse_constant=lambda _: None, parse_int=_int_or_text, parse_float=_float_or_text
    )


def _int_or_text(digits: str) -> int | str:
    return int(digits) if len(digits) <= MAX_DIGITS else digits[:64]


def _float_or_text(digits: str) -> float | str:
    number = float(digits)
    return number if math.isfinite(number) else digits[:64]


def _safe(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return _safe_text(value)
    if depth == 0 and isinstance(value, dict | list):
        raise RecursionError
    if isinstance(value, dict):
        return {_safe_text(key): _safe(item, depth - 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_safe(item, depth - 1) for item in value]
    if isinstance(value, int):
        return value if -(10**MAX_DIGITS) < value < 10**MAX_DIGITS else str(value)
    return value


def _safe_text(text: str) -> str:
    if text.isascii():
        return text.replace("\0", "\ufffd")
    paired = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return paired.replace("\0", "\ufffd")


def _time(text: str | None) -> datetime | None:
    try:
        when = datetime.fromisoformat(text or "")
        aware = when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return aware if EARLIEST <= aware < LATEST else None
