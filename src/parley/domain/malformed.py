"""Where a JSON text breaks, as an editor counts it: the decoder names a byte, and no editor shows those."""

import re

from parley.domain.plain_words import plainly

_BYTE = re.compile(r"\(byte (\d+)\)")


def told_by_line(data: bytes, error: Exception) -> str:
    """The decoder's sentence, with the line and the column (in characters, both from 1) instead of the byte."""
    return _BYTE.sub(lambda found: f"({_place(data[: int(found[1])])})", plainly(str(error)))


def _place(before: bytes) -> str:
    line = before.rpartition(b"\n")[2].decode("utf-8", "replace")
    breaks = before.count(b"\n")
    return f"line {breaks + 1}, column {len(line) + 1}"
