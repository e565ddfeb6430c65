"""A CSV file as spreadsheets write it: UTF-8 or UTF-16, commas, semicolons or tabs, with a heading."""

import codecs
import csv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from parley.domain.errors import ParleyError

DELIMITERS = ",;\t"
REST = ""
"""The column of cells that stand beyond the heading."""


class FileError(ParleyError):
    """The file cannot be read at all; the sentence says where and what to do."""


class ConsentFile:
    """Its heading, and its lines by number and column."""

    def __init__(self, file: TextIO) -> None:
        first = file.readline()
        file.seek(0)
        delimiter = max(DELIMITERS, key=first.count)
        self._rows = csv.reader(file, delimiter=delimiter, strict=True)
        self.heading = [name.strip() for name in self._next() or []]
        if not any(self.heading):
            raise FileError("The file is empty: its first line must name the columns, as in phone,category,action.")

    def lines(self) -> Iterator[tuple[int, Mapping[str, str]]]:
        """A number is that of the line in which the row begins. Empty rows are left out. Raises FileError."""
        number = self._rows.line_num + 1
        while (row := self._next()) is not None:
            cells = dict(zip(self.heading, map(str.strip, row), strict=False))
            beyond = " ".join(row[len(self.heading) :]).strip()
            if beyond:
                cells[REST] = beyond
            if any(cells.values()):
                yield number, cells
            number = self._rows.line_num + 1

    def _next(self) -> list[str] | None:
        try:
            return next(self._rows, None)
        except UnicodeDecodeError as error:
            at = self._rows.line_num + 1
            raise FileError(f"Near line {at} the file is not {error.encoding}: save it as CSV UTF-8.") from error
        except csv.Error as error:
            raise FileError(f"Line {self._rows.line_num} is no CSV: {error}. Nothing was imported.") from error


@contextmanager
def opened(path: Path) -> Iterator[tuple[ConsentFile, TextIO]]:
    """Raises FileError."""
    try:
        with path.open("rb") as raw:
            marked = raw.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
        with path.open(encoding="utf-16" if marked else "utf-8-sig", newline="") as file:
            yield ConsentFile(file), file
    except UnicodeDecodeError as error:
        raise FileError(f"The file is not {error.encoding}: save it as CSV UTF-8.") from error
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror}.") from error


def safe(value: object) -> str:
    """A text that a spreadsheet would run as a formula has an apostrophe before it, as in the data API's export."""
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") and not text[1:].isdigit() else text
