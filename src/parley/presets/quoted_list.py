"""The page's way to write several values: each in quotation marks, delimited by commas.

`"{{ customer.first_name }}", "2, or \\"three\\""` is two values. A quotation mark inside a value is written `\\"` (or
`""`); inside `{{ }}` and `{% %}` quotation marks and commas are Jinja's own and need nothing.
"""

import re
from enum import Enum, auto

from parley.presets.pieces import SyntaxFault

LONGEST_LIST = 200
"""Values. WhatsApp's own limits are far below."""

_QUOTES = {'"': '"', "“": "”", "„": "“"}
"""What opens a value and what closes it: text editors like to bend quotation marks."""
_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_JINJA_STRINGS = re.compile(
    r"""\{\{(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^"'}]|\}(?!\}))*\}\}"""
    r"""|\{%(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^"'%]|%(?!\}))*%\}""",
    re.DOTALL,
)
_ESCAPED = {"\\": "\\", '"': '"', "'": "'", "“": "“", "”": "”", "„": "„", "n": "\n", "t": "\t"}


class _Need(Enum):
    VALUE_OR_END = auto()
    VALUE = auto()
    COMMA_OR_END = auto()


def read_quoted_list(text: str) -> tuple[str, ...]:
    """The values, without their quotation marks. Raises SyntaxFault that names the position (from 1)."""
    values: list[str] = []
    need, place = _Need.VALUE_OR_END, _skip_space(text, 0)
    while place < len(text):
        if need is _Need.COMMA_OR_END:
            place, need = _read_comma(text, place), _Need.VALUE
        else:
            value, place = _read_value(text, place)
            values.append(value)
            need = _Need.COMMA_OR_END
        place = _skip_space(text, place)
    if need is _Need.VALUE:
        raise SyntaxFault("a value is missing after the last comma")
    if len(values) > LONGEST_LIST:
        raise SyntaxFault(f"has more than {LONGEST_LIST} values")
    return tuple(values)


def _skip_space(text: str, place: int) -> int:
    while place < len(text) and text[place].isspace():
        place += 1
    return place


def _read_comma(text: str, place: int) -> int:
    if text[place] != ",":
        raise SyntaxFault(
            f"position {place + 1}: a comma should stand between two values; if this belongs to the value before it, "
            f'write the quotation mark inside the value as \\"'
        )
    return place + 1


def _read_value(text: str, place: int) -> tuple[str, int]:
    if text[place] not in _QUOTES:
        raise SyntaxFault(f'position {place + 1}: a value should begin with a quotation mark: "{text[place:][:20]}…"')
    start, closing = place, _QUOTES[text[place]]
    parts: list[str] = []
    place += 1
    while place < len(text):
        part, place, ended = _read_part(text, place, closing)
        if ended:
            return "".join(parts), place
        parts.append(part)
    raise SyntaxFault(f"position {start + 1}: the quotation mark that opens here is never closed")


def _read_part(text: str, place: int, closing: str) -> tuple[str, int, bool]:
    """One step inside a value: (what it adds, where it ends, was it the closing quotation mark)."""
    if tag := _JINJA_STRINGS.match(text, place) or _JINJA.match(text, place):
        return tag[0], tag.end(), False
    if text[place] == "\\" and text[place + 1 : place + 2] in _ESCAPED:
        return _ESCAPED[text[place + 1]], place + 2, False
    if text[place] == closing:
        doubled = text[place + 1 : place + 2] == closing
        return (closing, place + 2, False) if doubled else ("", place + 1, True)
    return text[place], place + 1, False
