"""Reads a condition from decoded JSON, strictly: every fault with its place. See docs/reference/conditions.md."""

from collections.abc import Callable, Mapping
from typing import Any

from parley.domain.errors import InvalidInputError, Problem
from parley.segments.comparisons import OPERATORS, Comparison
from parley.segments.condition import Attribute, Condition, Consent, EventCount, Every, Negation, Property, Since, Some
from parley.segments.paths import parse_path
from parley.segments.values import as_span

MAX_DEPTH = 20
MAX_PARTS = 100
"""How many conditions one `all` or `any` may hold."""
MAX_COUNT = 1_000_000

_COUNT_WORDS = ("at_least", "at_most", "equals")
_BESIDE = frozenset({*OPERATORS, "ignore_case", "since", "where", "count"})
"""They say more of a kind, and are none."""


def parse_condition(raw: object, field: str = "condition") -> Condition:
    """The condition that `raw` (decoded JSON) says. Raises InvalidInputError with every problem and its path."""
    return _parse(raw, field, KINDS)


def parse_filter(raw: object, field: str = "filter") -> Condition:
    """As `parse_condition`, for one event alone: only all, any, not and property."""
    return _parse(raw, field, FILTER_KINDS)


def parse_audience(raw: object, field: str = "audience") -> Condition:
    """As `parse_condition`, where no event is the start: without property (outside `where`) and without `start`."""
    return _parse(raw, field, AUDIENCE_KINDS)


def _parse(raw: object, field: str, kinds: "Kinds") -> Condition:
    reader = _Reader(kinds)
    condition = reader.condition(raw, field)
    if condition is None or reader.problems:
        raise InvalidInputError(reader.problems)
    return condition


class _Reader:
    """One reading: collects the problems on the way, so that an author sees all of them at once."""

    def __init__(self, kinds: "Kinds", depth: int = 0, problems: list[Problem] | None = None) -> None:
        self.kinds = kinds
        self.depth = depth
        self.problems: list[Problem] = [] if problems is None else problems

    def fault(self, field: str, sentence: str) -> None:
        self.problems.append(Problem(field, sentence))

    def condition(self, raw: object, field: str) -> Condition | None:
        if not isinstance(raw, dict):
            self.fault(field, "must be an object.")
            return None
        if self.depth >= MAX_DEPTH:
            self.fault(field, f"is nested more than {MAX_DEPTH} deep.")
            return None
        kinds = [kind for kind in self.kinds if kind in raw]
        if len(kinds) != 1:
            strange = "" if kinds else next((f"; {key} is none of them" for key in raw if key not in _BESIDE), "")
            self.fault(field, f"must say exactly one of {', '.join(self.kinds)}{strange}.")
            return None
        return self.kinds[kinds[0]](_Reader(self.kinds, self.depth + 1, self.problems), raw, field)

    def inside_event(self) -> "_Reader":
        return _Reader(FILTER_KINDS, self.depth, self.problems)

    def only(self, raw: Mapping[str, Any], field: str, known: tuple[str, ...]) -> None:
        for key in raw:
            if key not in known:
                self.fault(f"{field}.{key}", f"is not known here; known: {', '.join(known)}.")

    def name(self, raw: object, field: str) -> str:
        if not isinstance(raw, str) or not raw.strip():
            self.fault(field, "must be a name.")
            return ""
        return raw


Kinds = dict[str, Callable[[_Reader, dict[str, Any], str], Condition | None]]


def _many(kind: str, made: type[Every] | type[Some]) -> Callable[[_Reader, dict[str, Any], str], Condition | None]:
    def read(reader: _Reader, raw: dict[str, Any], field: str) -> Condition | None:
        reader.only(raw, field, (kind,))
        parts = raw[kind]
        if not isinstance(parts, list) or not 0 < len(parts) <= MAX_PARTS:
            reader.fault(f"{field}.{kind}", f"must be a list of 1 to {MAX_PARTS} conditions.")
            return None
        read_parts = [reader.condition(part, f"{field}.{kind}[{index}]") for index, part in enumerate(parts)]
        return made(tuple(part for part in read_parts if part is not None))

    return read


def _not(reader: _Reader, raw: dict[str, Any], field: str) -> Condition | None:
    reader.only(raw, field, ("not",))
    inner = reader.condition(raw["not"], f"{field}.not")
    return None if inner is None else Negation(inner)


def _compared(
    kind: str, made: type[Attribute] | type[Property]
) -> Callable[[_Reader, dict[str, Any], str], Condition | None]:
    def read(reader: _Reader, raw: dict[str, Any], field: str) -> Condition | None:
        reader.only(raw, field, (kind, "ignore_case", *OPERATORS))
        path = parse_path(reader.name(raw[kind], f"{field}.{kind}") or "?")
        if path is None:
            reader.fault(f"{field}.{kind}", "must be a path such as `email`, `items[0].id` or `items[*].id`.")
            return None
        comparison = _comparison(reader, raw, field)
        if comparison is None:
            return None
        if comparison.operator == "is_set" and not comparison.value:
            return Negation(made(path, Comparison("is_set", value=True)))
        return made(path, comparison)

    return read


def _comparison(reader: _Reader, raw: dict[str, Any], field: str) -> Comparison | None:
    operators = [name for name in OPERATORS if name in raw]
    if len(operators) != 1:
        reader.fault(field, f"must have exactly one comparison: {', '.join(OPERATORS)}.")
        return None
    operator = operators[0]
    ignore_case = raw.get("ignore_case", False)
    if not isinstance(ignore_case, bool):
        reader.fault(f"{field}.ignore_case", "must be true or false.")
        return None
    sentence = OPERATORS[operator].fault(raw[operator])
    if sentence is not None:
        reader.fault(f"{field}.{operator}", sentence)
        return None
    return Comparison(operator, raw[operator], ignore_case)


def _event(reader: _Reader, raw: dict[str, Any], field: str) -> Condition | None:
    reader.only(raw, field, ("event", "since", "where", "count"))
    type_ = reader.name(raw["event"], f"{field}.event")
    since = _since(reader, raw.get("since"), f"{field}.since")
    where = reader.inside_event().condition(raw["where"], f"{field}.where") if "where" in raw else None
    at_least, at_most = _count(reader, raw.get("count", {"at_least": 1}), f"{field}.count")
    return None if since is None else EventCount(type_, since, where, at_least, at_most)


def _event_before_now(reader: _Reader, raw: dict[str, Any], field: str) -> Condition | None:
    if raw.get("since") == "start":
        reader.fault(f"{field}.since", "must be `ever` or a span such as `7 days`: no event starts a campaign.")
        return None
    return _event(reader, raw, field)


def _since(reader: _Reader, raw: object, field: str) -> Since | None:
    if raw == "start":
        return Since("start")
    if raw == "ever":
        return Since("ever")
    span = as_span(raw) if isinstance(raw, str) else None
    if span is None:
        reader.fault(field, "must be `start`, `ever` or a span such as `7 days`.")
        return None
    return Since("span", span)


def _count(reader: _Reader, raw: object, field: str) -> tuple[int, int | None]:
    if not isinstance(raw, dict) or not raw:
        reader.fault(field, f"must be an object with {', '.join(_COUNT_WORDS)}.")
        return 0, None
    reader.only(raw, field, _COUNT_WORDS)
    if "equals" in raw and len(raw) > 1:
        reader.fault(field, "says equals: then at_least and at_most have no place.")
    equals, low, high = (_whole(reader, raw.get(word), f"{field}.{word}") for word in ("equals", "at_least", "at_most"))
    if low is not None and high is not None and low > high:
        reader.fault(field, "can never be: at_least is more than at_most.")
    return (low or 0, high) if equals is None else (equals, equals)


def _whole(reader: _Reader, raw: object, field: str) -> int | None:
    if raw is None:
        return None
    if isinstance(raw, int) and not isinstance(raw, bool) and 0 <= raw <= MAX_COUNT:
        return raw
    reader.fault(field, f"must be a whole number from 0 to {MAX_COUNT}.")
    return None


def _consent(reader: _Reader, raw: dict[str, Any], field: str) -> Condition | None:
    reader.only(raw, field, ("consent",))
    return Consent(reader.name(raw["consent"], f"{field}.consent"))


FILTER_KINDS: Kinds = {
    "all": _many("all", Every),
    "any": _many("any", Some),
    "not": _not,
    "property": _compared("property", Property),
}
KINDS: Kinds = FILTER_KINDS | {
    "attribute": _compared("attribute", Attribute),
    "event": _event,
    "consent": _consent,
}
AUDIENCE_KINDS: Kinds = {kind: KINDS[kind] for kind in KINDS if kind != "property"} | {"event": _event_before_now}
