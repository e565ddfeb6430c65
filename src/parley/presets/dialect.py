"""Exponea's dialect of Jinja on minijinja: filters, and the functions behind its statements (reference/jinja)."""

import hashlib
import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, tzinfo
from itertools import pairwise
from typing import Any, NoReturn, Protocol, TypeGuard
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import minijinja
import msgspec

from parley.presets.escapes import json_value, plain, printers
from parley.presets.run import (
    LETTERS_PER_NODE,
    LONGEST_TEXT,
    AbortReached,
    Items,
    LimitReached,
    RenderFault,
    Run,
    freeze,
    weigh,
)
from parley.presets.words import BOOLEANS, NUMBER

FUEL = 100_000
"""minijinja's steps; text it builds is charged too. A message needs a few hundred."""

_REMOVED_FILTERS = ("safe", "escape", "e", "chain", "zip")
"""Escaping is not up to the template; the last two multiply lists for nothing, and Jinja has no such filters."""


class State(Protocol):
    """What minijinja hands to a function that asks for it."""

    def lookup(self, name: str) -> Any:
        """A variable of the template."""


class FilterFault(RenderFault):
    """A filter cannot work with what it was given."""


def environment() -> minijinja.Environment:
    """No loader, so no files; nothing is escaped by itself: every tag says its own place."""
    made = minijinja.Environment(
        fuel=FUEL, undefined_behavior="chainable", auto_escape_callback=lambda _: False, keep_trailing_newline=True
    )
    made.debug = False
    for name in _REMOVED_FILTERS:
        made.remove_filter(name)
    for name in ("debug", "cycler", "joiner"):
        made.remove_global(name)
    for name, filter_ in FILTERS.items():
        made.add_filter(name, filter_)
    made.add_filter("_factor", _factor)
    for name, function in (_FUNCTIONS | printers()).items():
        made.add_global(name, function)
    return made


# Behind the statements


def _keep(value: Any, run: Run) -> tuple[Any, ...]:
    """Frozen, and taken out again by `[0]`: what is missing comes back from Python as none, but from () as missing."""
    return () if value is None else (freeze(value, run),)


def _factor(value: Any) -> Any:
    """An operand of `*`: text, which minijinja charges for, or a number."""
    if isinstance(value, list | tuple):
        raise FilterFault("a list cannot be multiplied")
    return value


@minijinja.pass_state
def _range(state: State, *numbers: int) -> Any:
    """Python's own, paid for."""
    wanted = range(*numbers)
    run: Run = state.lookup("_run")
    run.spend(len(wanted))
    return Items(wanted, run)


def _each(value: Any, run: Run) -> Any:
    return () if value is None else freeze(value, run)


def _append(target: Any, value: Any, run: Run) -> None:
    if not isinstance(target, Items):
        raise FilterFault("{% append x to list %}: this is not a list")
    target.append(freeze(value, run))


def _output(values: Any, separator: Any) -> str:
    parts = [_ready(value) for value in values or ()]
    return minijinja.Markup(_joined(parts, plain(separator)))


def _joined(parts: list[str], separator: str) -> str:
    """Measured before it is built: many parts and a long separator multiply."""
    if sum(map(len, parts)) + len(separator) * len(parts) > LONGEST_TEXT:
        raise LimitReached
    return separator.join(parts)


def _ready(value: Any) -> str:
    """What a customer's part has rendered as JSON goes in as it is, other text as a JSON string."""
    return plain(value) if hasattr(value, "__html__") else json_value(value)


def _number(value: Any) -> int | float | None:
    """A parameter of type number, computed by Jinja: the customer's own number may be stored as text."""
    if value is None or value == "" or (isinstance(value, int | float) and not isinstance(value, bool)):
        return None if value == "" else value
    text = plain(value).strip()
    if not NUMBER.fullmatch(text):
        raise FilterFault(f"{text[:40]!r} is not a number")
    return float(text) if "." in text else int(text)


def _boolean(value: Any) -> bool:
    """A parameter of type boolean, computed by Jinja."""
    return BOOLEANS.get(value.strip().lower(), bool(value)) if isinstance(value, str) else bool(value)


def _abort(reason: Any) -> NoReturn:
    raise AbortReached(plain(reason))


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "_keep": _keep,
    "_each": _each,
    "_append": _append,
    "_output": _output,
    "_abort": _abort,
    "_number": _number,
    "_boolean": _boolean,
    "range": _range,
}


# Filters


@minijinja.pass_state
def _from_json(state: State, value: Any) -> Any:
    try:
        return freeze(msgspec.json.decode(plain(value)), state.lookup("_run"))
    except (msgspec.DecodeError, RecursionError) as error:
        raise FilterFault(f"from_json: this is not JSON ({error})") from error


@minijinja.pass_state
def _json(state: State, value: Any, indent: int | None = None) -> str:
    weigh(value, state.lookup("_run"))
    if indent:
        return minijinja.Markup(json.dumps(value, ensure_ascii=False, indent=min(indent, 8), default=str))
    return minijinja.Markup(json_value(value))


def _from_timestamp(value: Any, pattern: str = "%Y-%m-%d %H:%M:%S", timezone: str = "UTC") -> str:
    if value is None or value == "":
        return ""
    try:
        return datetime.fromtimestamp(float(value), _zone(timezone)).strftime(pattern[:100])
    except (ValueError, OverflowError, OSError, TypeError) as error:
        raise FilterFault(f"from_timestamp: {plain(value)[:40]!r} is not a time in UNIX seconds") from error


def _to_timestamp(value: Any, pattern: str | None = None, timezone: str = "UTC") -> float | int | str:
    if value is None or value == "":
        return ""
    try:
        text = plain(value)
        moment = datetime.strptime(text, pattern) if pattern else datetime.fromisoformat(text)  # noqa: DTZ007  below
    except (ValueError, re.error) as error:  # the second for a pattern that names a part twice
        raise FilterFault(f"to_timestamp: {plain(value)[:40]!r} is not a date") from error
    aware = moment if moment.tzinfo else moment.replace(tzinfo=_zone(timezone))
    seconds = aware.timestamp()
    return int(seconds) if seconds.is_integer() else seconds


def _zone(name: str) -> tzinfo:
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise FilterFault(f"{name[:40]!r} is not a time zone such as Europe/Bratislava") from error


_HASHES = ("sha256", "sha512", "sha1", "md5", "sha384", "sha224")


def _hash(value: Any, algorithm: str = "sha256") -> str:
    if algorithm not in _HASHES:
        raise FilterFault(f"hash: there is no {algorithm[:20]!r}; there are {', '.join(_HASHES)}")
    return hashlib.new(algorithm, plain(value).encode(errors="replace"), usedforsecurity=False).hexdigest()


def _md5(value: Any) -> str:
    return _hash(value, "md5")


@minijinja.pass_state
def _random(state: State, values: Any) -> Any:
    """By the message's own id: the same message reads the same however often it is rendered."""
    run: Run = state.lookup("_run")
    run.chances += 1
    chosen = list(values.values()) if isinstance(values, Mapping) else list(values or ())
    run.spend(1 + len(chosen) // LETTERS_PER_NODE)
    digest = hashlib.blake2b(f"{run.seed}/{run.chances}".encode(errors="replace"), digest_size=8).digest()
    return chosen[int.from_bytes(digest, "big") % len(chosen)] if chosen else None


_ROUNDINGS: dict[str, Callable[[float], float]] = {"common": round, "ceil": math.ceil, "floor": math.floor}


def _round(value: Any, precision: int | str = 0, method: str = "common") -> float | int:
    """Also as Exponea writes it: `round('ceil')`."""
    digits, how = (0, precision) if isinstance(precision, str) else (precision, method)
    if how not in _ROUNDINGS or not _is_finite(value) or not -20 <= digits <= 20:
        raise FilterFault(f"round: {plain(value)[:40]!r} cannot be rounded by {how[:20]!r} to {digits} digits")
    if how == "common":
        return round(value, digits)
    scale = 10.0**digits
    rounded = _ROUNDINGS[how](value * scale) / scale
    return rounded if digits > 0 else int(rounded)


def _is_finite(value: Any) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and math.isfinite(value)


@minijinja.pass_state
def _join(state: State, values: Any, separator: Any = "", attribute: str | None = None) -> str:
    """As Jinja's; JSON joined to JSON stays JSON."""
    run: Run = state.lookup("_run")
    items = list(values or ())
    if attribute is not None:
        items = [item.get(attribute) if isinstance(item, Mapping) else None for item in items]
    joined = run.take(_joined([plain(item) for item in items], plain(separator)))
    return minijinja.Markup(joined) if items and all(hasattr(item, "__html__") for item in items) else joined


@minijinja.pass_state
def _batch(state: State, values: Any, size: int = 0, fill: Any = None) -> Items:
    """As Jinja's: lists of `size`, the last one filled up."""
    run: Run = state.lookup("_run")
    items = list(values or ())
    run.spend(len(items))
    batches = [items[start : start + size] for start in range(0, len(items), _at_least_one(size))]
    if batches and fill is not None:
        run.spend(missing := size - len(batches[-1]))
        batches[-1] += [fill] * missing
    return Items([Items(batch, run) for batch in batches], run)


@minijinja.pass_state
def _slice(state: State, values: Any, number: int = 0, fill: Any = None) -> Items:
    """As Jinja's: `number` lists, the first ones longer by one where it does not divide."""
    run: Run = state.lookup("_run")
    items = list(values or ())
    run.spend(len(items) + _at_least_one(number))
    size, longer = divmod(len(items), number)
    starts = [place * size + min(place, longer) for place in range(number + 1)]
    slices = [items[start:end] for start, end in pairwise(starts)]
    if longer and fill is not None:
        slices[longer:] = [[*part, fill] for part in slices[longer:]]
    return Items([Items(part, run) for part in slices], run)


def _at_least_one(number: Any) -> int:
    if not isinstance(number, int) or number < 1:
        raise FilterFault(f"batch, slice: {plain(number)[:40]!r} is not a number from 1")
    return number


FILTERS: dict[str, Callable[..., Any]] = {
    "batch": _batch,
    "from_json": _from_json,
    "from_timestamp": _from_timestamp,
    "hash": _hash,
    "join": _join,
    "json": _json,
    "md5": _md5,
    "random": _random,
    "round": _round,
    "slice": _slice,
    "to_timestamp": _to_timestamp,
    "tojson": _json,
}
"""What Exponea has and minijinja has not, or has differently."""
