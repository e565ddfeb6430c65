"""A preset with its parameters filled in, woven for minijinja: done once, rendered many times."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Any

import minijinja
import msgspec

from parley.domain.errors import InvalidInputError, Problem
from parley.presets.dialect import environment
from parley.presets.parameters import Parameter, fill_parameters
from parley.presets.pieces import Piece, SyntaxFault, Tag, Text
from parley.presets.places import Place, place_for
from parley.presets.prefix import method_fault, url_fault
from parley.presets.preset import Preset, parameters_of, pieces_of
from parley.presets.weave import Filling, Woven, weave

_CONTENT_TYPES = {
    "json": "application/json",
    "xml": "application/xml",
    "form": "application/x-www-form-urlencoded",
    "text": "text/plain; charset=utf-8",
}
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""RFC 9110, 5.6.2."""
_FORBIDDEN_HEADERS = frozenset({"host", "content-length", "transfer-encoding", "connection"})
"""The client that sends the request writes these."""


class Prepared(msgspec.Struct, frozen=True):
    """Everything that does not depend on the customer."""

    method: Woven
    url: Woven
    headers: tuple[tuple[str, Woven], ...]
    body: Woven
    customer: Woven | None
    """A batch's part per customer."""
    customer_is_json: bool
    authentication: dict[str, str]
    """The texts of the authentication, by field."""
    secrets: tuple[str, ...]

    def texts(self) -> Iterator[tuple[str, Woven]]:
        """Everything that is rendered: (field, woven)."""
        yield from (("method", self.method), ("url", self.url), ("body", self.body))
        yield from ((f"headers.{name}", woven) for name, woven in self.headers)
        if self.customer:
            yield "batch.customer", self.customer


def prepare(preset: Preset, values: Mapping[str, Any]) -> Prepared:
    """Raises InvalidInputError for values that do not fit the parameters, or break the texts they stand in."""
    parameters = parameters_of(preset)
    return _weave_all(preset, parameters, fill_parameters(parameters, values))


def check_preset(preset: Preset) -> None:
    """Proves, with stand-in values, that every text weaves and that minijinja reads it. Raises InvalidInputError."""
    parameters = parameters_of(preset)
    examples = {parameter.name: _example(preset, parameter) for parameter in parameters}
    prepared = _weave_all(preset, parameters, fill_parameters(parameters, examples))
    check_sources(prepared)
    problems = [*_fixed_faults(preset), *_header_faults(preset), *_unknown_filters(preset)]
    if problems:
        raise InvalidInputError(problems)


def check_sources(prepared: Prepared) -> None:
    """Raises InvalidInputError with every text that minijinja does not read."""
    problems = [Problem(field, fault) for field, woven in prepared.texts() if (fault := _jinja_fault(woven))]
    if problems:
        raise InvalidInputError(problems)


def _example(preset: Preset, parameter: Parameter) -> Any:
    if parameter.default not in {None, ""}:
        return parameter.default
    if parameter.type == "enum":
        return parameter.options[0] if parameter.options else ""
    if preset.url.startswith(f"[[ {parameter.name} ") or preset.url.startswith(f"[[{parameter.name}"):
        return "https://parameter.invalid"
    return _EXAMPLES.get(parameter.type, "x")


_EXAMPLES: dict[str, Any] = {
    "number": "1",
    "boolean": "true",
    "list": ["x"],
    "date": "2026-11-23",
    "time": "14:30",
    "datetime": "2026-11-23T14:30:00+00:00",
}


def _weave_all(preset: Preset, parameters: tuple[Parameter, ...], fillings: Mapping[str, Filling]) -> Prepared:
    problems: list[Problem] = []

    def woven(field: str, text: str, place: Place) -> Woven:
        try:
            return weave(pieces_of(text), fillings, place)
        except SyntaxFault as fault:
            problems.append(Problem(field, str(fault)))
            return Woven("", (), has_tags=False)

    is_json = _customer_is_json(preset)
    part = preset.batch.customer if preset.batch else None
    prepared = Prepared(
        method=woven("method", preset.method, place_for("method")),
        url=woven("url", preset.url, place_for("url")),
        headers=tuple((n, woven(f"headers.{n}", text, place_for("header"))) for n, text in preset.headers.items()),
        body=woven("body", preset.body, place_for(preset.format)),
        customer=None if part is None else woven("batch.customer", part, place_for("json" if is_json else "text")),
        customer_is_json=is_json,
        authentication={name: _literal(name, text, fillings, problems) for name, text in preset.authentication.texts()},
        secrets=tuple(_plain_text(fillings[parameter.name].pieces) for parameter in parameters if parameter.secret),
    )
    if problems:
        raise InvalidInputError(problems)
    return prepared


def _customer_is_json(preset: Preset) -> bool:
    """By the first letter that is sent: statements and white space before it do not count."""
    if preset.batch is None or preset.format != "json":
        return False
    sent = (p for p in pieces_of(preset.batch.customer) if not (isinstance(p, Tag) and not p.prints))
    first = next((p for p in sent if not (isinstance(p, Text) and not p.text.strip())), None)
    return isinstance(first, Text) and first.text.lstrip()[0] in '{["'


def _literal(name: str, text: str, fillings: Mapping[str, Filling], problems: list[Problem]) -> str:
    """Credentials depend on parameters, never on the customer."""
    parts: list[str] = []
    for piece in pieces_of(text):
        if isinstance(piece, Text):
            parts.append(piece.text)
        elif isinstance(piece, Tag) or any(isinstance(inner, Tag) for inner in fillings[piece.name].pieces):
            problems.append(Problem(f"authentication.{name}", "cannot hold Jinja: it is the same for every customer"))
        else:
            filling = fillings[piece.name]
            parts.append(filling.literal or _plain_text(filling.pieces))
    return "".join(parts)


def _plain_text(pieces: tuple[Piece, ...]) -> str:
    return "".join(piece.text for piece in pieces if isinstance(piece, Text))


def _fixed_faults(preset: Preset) -> Iterator[Problem]:
    """Of a method and an address that are the same for everybody: those with slots or tags are seen when rendered."""
    for field, text, fault_of in (("method", preset.method, method_fault), ("url", preset.url, url_fault)):
        is_fixed = "[[" not in text and "{{" not in text and "{%" not in text
        if is_fixed and (fault := fault_of(text.strip())):
            yield Problem(field, fault)


def _header_faults(preset: Preset) -> Iterator[Problem]:
    names = [*preset.headers, *(name for name in getattr(preset.authentication, "headers", {}))]
    for name in names:
        if not _HEADER_NAME.fullmatch(name):
            yield Problem(f"headers.{name[:60]}", "is not the name of a header")
        elif name.lower() in _FORBIDDEN_HEADERS:
            yield Problem(f"headers.{name}", "is written by the sender itself")


def _unknown_filters(preset: Preset) -> Iterator[Problem]:
    for field, text in preset.texts():
        for piece in pieces_of(text):
            words = piece.words if isinstance(piece, Tag) else ()
            yield from (Problem(field, f"there is no filter {name!r}") for name in _filters(words) if not _exists(name))


def _filters(words: tuple[Any, ...]) -> Iterator[str]:
    written = [word for word in words if isinstance(word, str) and word.strip()]
    yield from (name for bar, name in pairwise(written) if bar == "|" and name.isidentifier())


_CHECKER = environment()


@lru_cache(maxsize=500)
def _exists(name: str) -> bool:
    try:
        _CHECKER.render_str(f"{{{{ []|{name} }}}}")
    except minijinja.TemplateError as error:
        return error.kind != "UnknownFilter"
    except Exception:  # noqa: BLE001  a filter of ours that dislikes its argument exists
        return True
    return True


def _jinja_fault(woven: Woven) -> str | None:
    if not woven.has_tags:
        return None
    try:
        _CHECKER.undeclared_variables_in_str(woven.source)
    except minijinja.TemplateError as error:
        return f"line {error.line}: {error.message}"
    return None


def content_type(preset: Preset) -> tuple[tuple[str, str], ...]:
    """The header that a body needs, unless the preset has its own."""
    if preset.format == "none" or any(name.lower() == "content-type" for name in preset.headers):
        return ()
    return (("Content-Type", _CONTENT_TYPES[preset.format]),)
