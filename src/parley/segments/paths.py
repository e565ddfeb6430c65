"""Paths into JSON: `total_price`, `address.city`, `product_list[0].product_id`, `product_list[*].product_id`."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

Step = str | int | None
"""A key, a place in a list, or None for every item of a list."""

MAX_STEPS = 20
MAX_VALUES = 10_000
"""How many values a path with `[*]` may reach; a shop's list is far shorter."""

_PART = re.compile(r"(?P<key>[^.\[\]]+)(?P<places>(\[(\d{1,6}|\*)\])*)\Z")
_PLACE = re.compile(r"\[(\d+|\*)\]")


def parse_path(text: str) -> tuple[Step, ...] | None:
    """The steps of a path; None when it is not one."""
    steps: list[Step] = []
    for part in text.split("."):
        match = _PART.match(part)
        if match is None:
            return None
        steps.append(match["key"])
        steps.extend(None if place == "*" else int(place) for place in _PLACE.findall(match["places"]))
    return tuple(steps) if len(steps) <= MAX_STEPS else None


def write_path(steps: tuple[Step, ...]) -> str:
    """The text that `parse_path` reads back."""
    written = (f".{step}" if isinstance(step, str) else "[*]" if step is None else f"[{step}]" for step in steps)
    return "".join(written).removeprefix(".")


def find(root: Mapping[str, Any], steps: tuple[Step, ...]) -> tuple[Any, ...]:
    """Every value at the path. Null counts as missing; so does a path that leads through something else."""
    return tuple(islice((value for value in _walk(root, steps) if value is not None), MAX_VALUES))


def _walk(value: Any, steps: tuple[Step, ...]) -> Iterator[Any]:
    if not steps:
        yield value
        return
    for inner in _enter(value, steps[0]):
        yield from _walk(inner, steps[1:])


def _enter(value: Any, step: Step) -> Sequence[Any]:
    if isinstance(step, str):
        return (value[step],) if isinstance(value, Mapping) and step in value else ()
    if not isinstance(value, list | tuple):
        return ()
    return value if step is None else value[step : step + 1]
