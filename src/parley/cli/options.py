"""Options that several commands share."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from parley.domain.errors import InvalidInputError, Problem
from parley.services.whom import check_form

LARGEST_PAGE = 1_000
DataDir = Annotated[Path | None, Parameter(help="Data folder (PARLEY_DATA_DIR); ./parley-data when neither is given.")]
ProjectToken = Annotated[str, Parameter(name="--project", help="The project's token, from `parley project create`.")]
AnyProject = Annotated[str | None, Parameter(name="--project", help="A project's token; all projects when left out.")]
Port = Annotated[int, Parameter(help="0 picks a free one.", validator=Number(gte=0, lte=65535))]
AsJson = Annotated[bool, Parameter(name="--json", help="Print JSON for scripts.")]
Size = Annotated[int, Parameter(help="How many on a page; 1,000 at most.", validator=Number(gte=1, lte=LARGEST_PAGE))]
By = Annotated[str | None, Parameter(name="--by", help="Who writes it down; you when left out.")]


class MisusedError(InvalidInputError):
    """A word on the command line is not of its form. Told as every error, with exit code 2."""


def look_at_words(check: Callable[..., object], *words: object) -> None:
    """What `check` raises of them as InvalidInputError is raised as MisusedError."""
    try:
        check(*words)
    except InvalidInputError as error:
        raise MisusedError(error.problems) from error


Customer = Annotated[
    str,
    Parameter(
        help="registered=jana, phone=+421901000001 or id=UUID; a number or a UUID may stand alone.",
        validator=lambda _, word: look_at_words(check_form, word),
    ),
]


def zoned(moment: datetime | None) -> datetime | None:
    """What is typed without a zone is the machine's own time. Raises MisusedError."""
    if moment is None or moment.tzinfo is not None:
        return moment
    try:
        return moment.astimezone()
    except (ValueError, OverflowError) as error:
        sentence = f"{moment:%d %B} of the year {moment.year} is not a time to ask about: use years from 1970 on."
        raise MisusedError([Problem("time", sentence)]) from error
