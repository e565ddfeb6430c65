"""Where a value stands decides how it is written: one function per place, for `{{ }}` and for parameters."""

import re
from collections.abc import Callable
from html import escape as escape_html
from typing import Any
from urllib.parse import quote, quote_plus

import msgspec

from parley.presets.run import RenderFault, Run, weigh

_SAFE = "*"
"""Not percent-encoded although allowed to be: a masked secret stays readable in a preview."""
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""XML 1.0, 2.2: characters that no escape can carry."""


class HeaderFault(RenderFault):
    """would contain a line break"""


def plain(value: Any) -> str:
    """As Jinja prints it, except that nothing prints as nothing (not `None`)."""
    return "" if value is None else str(value)


def json_text(text: str) -> str:
    """As content of a JSON string."""
    return msgspec.json.encode(str(text))[1:-1].decode()  # str: a marked text is of another type


def json_value(value: Any) -> str:
    """As a JSON value of its own. JSON that the filter `json` has made is JSON already."""
    if hasattr(value, "__html__") and (ready := _ready_json(value)):
        return ready
    if isinstance(value, list) and any(hasattr(item, "__html__") for item in value):
        return f"[{','.join(map(json_value, value))}]"
    if isinstance(value, str):  # also a marked one, whose type the encoder would not know
        return msgspec.json.encode(str(value)).decode()
    return msgspec.json.encode(value, enc_hook=str).decode()


def _ready_json(value: Any) -> str | None:
    """Whole values only (one, or several with commas between): a fragment could move the structure around it."""
    try:
        msgspec.json.decode(f"[{value}]")
    except (msgspec.DecodeError, RecursionError):
        return None
    return plain(value)


def xml(text: str) -> str:
    """As content of an element or of a quoted attribute."""
    return escape_html(_NOT_XML.sub("", text))


def url(text: str) -> str:
    """As one piece of a path or of a query."""
    return quote(text, safe=_SAFE)


def form(text: str) -> str:
    """As one name or value of application/x-www-form-urlencoded."""
    return quote_plus(text, safe=_SAFE)


def header(text: str) -> str:
    """Unchanged, if it can be a header's value. Raises HeaderFault."""
    if _CONTROL.search(text):
        raise HeaderFault
    return text


ESCAPES: dict[str, Callable[[str], str]] = {
    "_plain": str,
    "_json_text": json_text,
    "_xml": xml,
    "_url": url,
    "_form": form,
    "_header": header,
}
"""Places by the name of the function that prints there (the underscore hides it from templates). `_json_value`, the
one place that knows more than text, stands outside."""


def printers() -> dict[str, Callable[[Any, int, Run], str]]:
    """The functions behind every `{{ }}`: (value, number of the expression, run) -> text."""
    return {"_json_value": _print_json_value, **{name: _printer(escape) for name, escape in ESCAPES.items()}}


def _printer(escape: Callable[[str], str]) -> Callable[[Any, int, Run], str]:
    def print_value(value: Any, number: int, run: Run) -> str:
        if isinstance(value, str) and value:
            return escape(value)
        _note(value, number, run)
        return escape(plain(value))

    return print_value


def _print_json_value(value: Any, number: int, run: Run) -> str:
    _note(value, number, run)
    return json_value(value)


def _note(value: Any, number: int, run: Run) -> None:
    if value is None or value == "":
        run.empty.append(number)
    else:
        weigh(value, run)
