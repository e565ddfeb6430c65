"""The command line: which commands there are, and how an error is told."""

import os
import sys
from collections.abc import Sequence
from datetime import date, datetime
from enum import Enum
from typing import Literal, NoReturn, get_args, get_origin
from uuid import UUID

import cyclopts
from cyclopts.exceptions import (
    CoercionError,
    CycloptsError,
    MissingArgumentError,
    UnusedCliTokensError,
    ValidationError,
)
from rich.console import Console
from rich.text import Text

from parley import __version__
from parley.cli.options import MisusedError
from parley.cli.visible_output import RAW, show_what_steers
from parley.domain.errors import InvalidInputError, ParleyError
from parley.domain.visible import shortened, visible


def _misused(error: CycloptsError) -> Text:
    """A word on the command line that no command takes: told as every other error, with the way to the help."""
    command = " ".join(error.command_chain or ())
    return _told(f"{_sentence(error)}\n{' '.join(('parley', command)).strip()} --help shows what may be given.")


def _sentence(error: CycloptsError) -> str:
    if isinstance(error, UnusedCliTokensError) and error.unused_tokens:
        return f"{' '.join(error.unused_tokens)}: not expected here."
    if isinstance(error, MissingArgumentError) and error.argument is not None:
        name, is_word = error.argument.name, error.argument.index is not None
        if error.keyword:
            return f"{name} needs a value."
        strange = [word.partition("=")[0] for word in error.unused_tokens or () if word.startswith("--")]
        mistyped = f" {strange[0]} is no option of this command." if strange else ""
        return f"{_as_word(name) if is_word else name} is missing.{mistyped}"
    if isinstance(error, CoercionError) and error.token is not None and (must_be := _must_be(error)):
        where = error.token.keyword or (_as_word(error.argument.name) if error.argument is not None else "it")
        return f"{where} must be {must_be}; it is {error.token.value}."
    if isinstance(error, ValidationError) and error.argument is not None and error.argument.tokens:
        token = error.argument.tokens[0]
        said = error.exception_message.removesuffix(".").removeprefix("Must be ")
        bound, _, limit = said.partition(" ")
        if bound in _BOUNDS:
            where = token.keyword or _as_word(error.argument.name)
            return f"{where} must be {_BOUNDS[bound]} {limit}; it is {token.value}."
    return str(error)


def _must_be(error: CoercionError) -> str | None:
    wanted = error.target_type
    if isinstance(wanted, type) and issubclass(wanted, Enum) and error.argument is not None:
        return f"one of {', '.join(error.argument.parameter.name_transform(one.name) for one in wanted)}"
    if get_origin(wanted) is Literal:
        return f"one of {', '.join(map(str, get_args(wanted)))}"
    return _MUST_BE.get(wanted)


_BOUNDS = {">=": "at least", "<=": "at most", ">": "more than", "<": "less than"}


_MUST_BE: dict[type | None, str] = {
    date: "a day of the calendar, such as 2026-11-23",
    datetime: "a day or a moment, such as 2026-11-23 or 2026-11-23T12:00:00Z",
    UUID: "an id, as the page before named it",
    int: "a whole number",
    float: "a number",
}


def _as_word(name: str) -> str:
    """As the help writes what stands without an option: MESSAGE_ID."""
    return name.strip("-").replace("-", "_").upper()


def _told(sentence: str) -> Text:
    shown = visible(shortened(sentence))
    return Text.assemble(("error", "bold red"), " ", shown)  # text, not markup: it may quote what the user wrote


_STDERR = Console(stderr=True, highlight=False, soft_wrap=True)

app = cyclopts.App(
    name="parley",
    help="An open, self-hosted WhatsApp engagement server.",
    version=__version__,
    default_parameter=cyclopts.Parameter(negative=()),
    console=Console(file=RAW),
    error_console=_STDERR,
    error_formatter=_misused,
)
_COMMANDS = (
    "serve",
    "worker",
    "migrate",
    "project",
    "key",
    "apply",
    "preset",
    "campaign",
    "scenario",
    "callback",
    "consent",
    "suppression",
    "lint",
    "classify",
    "cost",
    "policy",
    "why",
    "doctor",
    "message",
    "sender",
    "template",
    "simulator",
    "demo",
)
for _name in _COMMANDS:
    app.command(f"parley.cli.{_name}:app", name=_name)  # imported when it is called: all of them take a second


def main() -> None:
    """Runs the command; what went wrong is told on stderr, with exit code 1, or 2 when the typed words cannot be.

    Ctrl-C is caught by whoever has imported this (parley.__main__).
    """
    words = sys.argv[1:]
    _refuse_bytes(words)
    if not words or words[0] not in _COMMANDS:
        app.resolved_commands()  # imports them: the list of commands says what each is for
    show_what_steers()
    try:
        _leave(app(result_action="return_value") or 0)  # else it would exit by itself, slowly
    except InvalidInputError as error:
        _tell("\n".join(str(problem) for problem in error.problems))
        _leave(2 if isinstance(error, MisusedError) else 1)
    except ParleyError as error:
        _tell(str(error))
    except BrokenPipeError:  # `parley preset list | head`: the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    _leave(1)


def _refuse_bytes(words: Sequence[str]) -> None:
    """Bytes that are no UTF-8 come as lone surrogates, which can be neither printed nor stored."""
    for place, word in enumerate(words, 1):
        seen = word.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        if seen != word:
            _tell(
                f"The word {seen} (number {place} after parley) is not UTF-8: set the terminal to UTF-8, type it again."
            )
            _leave(2)


def _leave(code: int) -> NoReturn:
    """At once: threads of the HTTP client and server that wake while Python shuts down would abort the process."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _tell(sentence: str) -> None:
    _STDERR.print(_told(sentence))
