"""All customers as one stream: rows leave while the next page is read."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec

from parley.services.customer_data import Field

Pages = AsyncIterator[list[list[Any]]]


async def as_native_json(fields: Sequence[Field], pages: Pages) -> AsyncIterator[bytes]:
    """`{"success": true, "fields": [...], "data": [[...], ...]}`"""
    columns = [{"type": one.type, ("id" if one.type == "id" else "property"): one.name} for one in fields]
    yield b'{"success":true,"fields":' + msgspec.json.encode(columns) + b',"data":['
    between = b""
    async for page in pages:
        yield between + b",".join(msgspec.json.encode(row) for row in page)
        between = b","
    yield b"]}"


async def as_csv(fields: Sequence[Field], pages: Pages) -> AsyncIterator[bytes]:
    """RFC 4180, with a header; lists and objects as JSON, nothing as an empty field."""
    yield _lines([[one.name for one in fields]])
    async for page in pages:
        yield _lines([[_cell(value) for value in row] for row in page])


def _lines(rows: Sequence[Sequence[Any]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _cell(value: object) -> object:
    if value is None or isinstance(value, str):
        return _harmless(value or "")
    return msgspec.json.encode(value).decode()


def _harmless(text: str) -> str:
    """A spreadsheet would run a cell that begins like a formula; a phone number's plus is no formula."""
    return f"'{text}" if text.startswith(("=", "@", "\t", "\r")) or _is_formula(text) else text


def _is_formula(text: str) -> bool:
    return text[:1] in {"+", "-"} and not text[1:].replace(".", "", 1).isdecimal()
