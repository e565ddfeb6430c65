"""The command line: which commands there are, and how an error is told."""

import os
import sys
from typing import NoReturn

import cyclopts
from rich.console import Console

from parley import __version__
from parley.cli import apply, demo, key, migrate, preset, project, sender, serve, simulator, why, worker
from parley.domain.errors import InvalidInputError, ParleyError

app = cyclopts.App(
    name="parley",
    help="An open, self-hosted WhatsApp engagement server.",
    version=__version__,
    default_parameter=cyclopts.Parameter(negative=()),
)
for room in (serve, worker, migrate, project, key, apply, preset, why, sender, simulator, demo):
    app.command(room.app)


def main() -> None:
    """Runs the command; what went wrong is told in sentences on stderr, with exit code 1."""
    try:
        _leave(app() or 0)
    except InvalidInputError as error:
        _tell("\n".join(str(problem) for problem in error.problems))
    except ParleyError as error:
        _tell(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # `parley preset list | head`: the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(1)


def _leave(code: int) -> NoReturn:
    """At once: threads of the HTTP client and server that wake while Python shuts down would abort the process."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _tell(sentence: str) -> None:
    Console(stderr=True, highlight=False, soft_wrap=True).print(f"[bold red]error[/] {_plain(sentence)}")


def _plain(text: str) -> str:
    return text.replace("[", r"\[")
