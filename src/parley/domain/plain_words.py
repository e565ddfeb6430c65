"""The JSON library's sentences in the words of whoever wrote the file, who knows JSON and not Python."""

import re
from collections.abc import Callable

from parley.domain.counting import counted

_NAMES = {
    "str": "a text",
    "array": "a list",
    "object": "an object",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "null": "nothing",
}
_PARTS = {"str": "characters", "array": "entries", "object": "fields"}
_BOUNDS = {">=": "at least", "<=": "at most", ">": "more than", "<": "less than"}


def plainly(said: str) -> str:
    """What a value must be, without the full stop: `must be at most 720`. What is not known is told as it is."""
    for pattern, words in _SENTENCES.items():
        if found := re.fullmatch(pattern, said):
            return words(found)
    return said


def _kinds(found: re.Match[str]) -> str:
    wanted = " or ".join(_NAMES.get(one, one) for one in found[1].split(" | "))
    return f"must be {wanted}; it is {_NAMES.get(found[2], found[2])}"


def _lengths(found: re.Match[str]) -> str:
    return f"must have {_BOUNDS[found[2]]} {counted(int(found[3]), _PARTS[found[1]])}"


_SENTENCES: dict[str, Callable[[re.Match[str]], str]] = {
    r"Expected `([\w| ]+)`, got `(\w+)`": _kinds,
    r"Expected `(str|array|object)` of length (>=|<=) (\d+)": _lengths,
    r"Expected `\w+` (>=|<=|>|<) (\S+)": lambda found: f"must be {_BOUNDS[found[1]]} {found[2]}",
    r"Expected `str` matching regex '(.*)'": lambda found: f"must match {found[1]}",
    r"Expected `datetime` with a timezone component": lambda _: "must say its zone, as in 2026-11-23T09:00:00+01:00",
    r"Invalid RFC3339 encoded date": lambda _: "must be a date like 2026-11-23",
    r"Invalid RFC3339 encoded datetime": lambda _: "must be a time like 2026-11-23T09:00:00+01:00",
    r"Object missing required field `(.*)`": lambda found: f"{found[1]} is missing",
    r"Object contains unknown field `(.*)`": lambda found: f"{found[1]} is not known here",
    r"Number out of range": lambda _: "holds a number that is out of range",
    r"Invalid UUID": lambda _: "must be an id like 0199d1f0-7a5b-7c3e-8f4a-2b6c1d0e9f83",
    r"Invalid decimal string": lambda _: "must be a number",
}
