"""A table of consents as spreadsheets write it: UTF-8 or UTF-16, commas, semicolons or tabs, with a heading."""

import codecs
import csv
from collections.abc import Iterator, Mapping
from typing import TextIO

from parley.domain.errors import ParleyError
from parley.services.consent_lines import BEYOND

DELIMITERS = ",;\t"


class FileError(ParleyError):
    """The file cannot be read at all; the sentence says where and what to do."""


def encoding_of(start: bytes) -> str:
    """By the first bytes of the file."""
    return "utf-16" if start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig"


class ConsentFile:
    """Its heading, and its lines by number and column."""

    def __init__(self, file: TextIO) -> None:
        try:
            first = file.readline()
        except UnicodeDecodeError as error:
            raise FileError(f"The file is not {error.encoding}: save it as CSV UTF-8.") from error
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
                cells[BEYOND] = beyond
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
