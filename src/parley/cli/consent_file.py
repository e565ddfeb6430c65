"""A CSV file of consents on the disk, and cells that a spreadsheet may open without harm."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from parley.services.consent_table import ConsentFile, FileError, encoding_of


@contextmanager
def opened(path: Path) -> Iterator[tuple[ConsentFile, TextIO]]:
    """Raises FileError."""
    try:
        with path.open("rb") as raw:
            encoding = encoding_of(raw.read(2))
        with path.open(encoding=encoding, newline="") as file:
            yield ConsentFile(file), file
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror}.") from error


def safe(value: object) -> str:
    """A text that a spreadsheet would run as a formula has an apostrophe before it, as in the data API's export."""
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") and not text[1:].isdigit() else text
