"""The root of every error Parley raises, and the shape in which bad input is told."""

from collections.abc import Iterable

import msgspec


class ParleyError(Exception):
    """Something is wrong. The docstring of a subclass is its default message."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())


class Problem(msgspec.Struct, frozen=True):
    """One fault in what somebody gave us: where, what is wrong, what to do."""

    field: str
    """A path as the writer would say it: `nodes[2].for`, `body`, `parameters.account`."""
    sentence: str

    def __str__(self) -> str:
        return f"{self.field}: {self.sentence}"


class InvalidInputError(ParleyError):
    """What was given cannot be used."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(str(problem) for problem in self.problems))
