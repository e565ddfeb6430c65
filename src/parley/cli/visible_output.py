"""What commands print on a terminal may be a customer's or the provider's words: those must not steer it."""

import sys
from typing import TextIO

from parley.domain.visible import visible

RAW = sys.stdout
"""For those who draw with a terminal's own codes."""


class _Visible:
    """Passes everything on, but for what would steer the terminal."""

    def __init__(self, terminal: TextIO) -> None:
        self._terminal = terminal

    def write(self, text: str) -> int:
        """As a file does."""
        return self._terminal.write(visible(text))

    def __getattr__(self, name: str) -> object:
        return getattr(self._terminal, name)


def show_what_steers() -> None:
    """From here on, where somebody looks; a program that reads a pipe gets every byte."""
    if sys.stdout.isatty():
        sys.stdout = _Visible(RAW)
