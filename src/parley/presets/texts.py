"""Renders a single text: a parameter when a message is planned, one property of an integration's mapping."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import minijinja

from parley.domain.errors import InvalidInputError, Problem
from parley.presets.pieces import SyntaxFault, read_pieces
from parley.presets.places import place_for
from parley.presets.quoted_list import read_quoted_list
from parley.presets.rendering import Aborted, Printer, Template
from parley.presets.run import AbortReached
from parley.presets.weave import weave


def render_text(text: str, variables: Mapping[str, Any]) -> str | Aborted:
    """Plain text, nothing escaped. Raises InvalidInputError: Jinja that does not parse, fails, never ends, or makes
    NUL.
    """
    if "{" not in text:
        return text
    if (named := _named_text(text, variables)) is not None:
        return named
    try:
        rendered = Printer(variables).print(_compiled(text))
    except AbortReached as abort:
        return Aborted(str(abort))
    if "\0" in rendered:
        raise InvalidInputError([Problem("text", "makes the character NUL, which no database keeps")])
    return rendered


def read_list(text: str) -> tuple[str, ...]:
    """Several texts that stand in quotation marks, delimited by commas. Raises InvalidInputError."""
    try:
        return read_quoted_list(text)
    except SyntaxFault as fault:
        raise InvalidInputError([Problem("text", str(fault))]) from fault


def words_of(text: str) -> frozenset[str]:
    """Every variable that a text can name is among them; none when it is always the same.

    Raises InvalidInputError: Jinja that does not parse.
    """
    return _compiled(text).words if "{" in text else frozenset()


LONGEST_NAMED = 10_000
"""Characters. A longer text goes the way that counts what it costs."""


def _named_text(text: str, variables: Mapping[str, Any]) -> str | None:
    """The fast way for `{{ message.body }}`, a text that names one of the variables' own texts: it is that text.

    Most properties of a mapping are no more than this, and rendering copies all of `message` for each of them. None:
    it is more, or the value is no text, or not one that can be printed as it stands.
    """
    path = _path(text)
    if path is None:
        return None
    name, key = path
    found = variables.get(name)
    if key is not None:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, str) and len(found) <= LONGEST_NAMED and found.isprintable() else None


_WORDS_OF_JINJA = frozenset(
    {"true", "false", "none", "not", "in", "is", "and", "or", "if", "else", "self", "super", "loop", "caller"}
)
"""They mean something else than a variable, whatever variables there are."""
_NAMED = re.compile(r"\{\{ ?([a-z_]+)(?:\.([a-z_]+))? ?\}\}", re.ASCII)


@lru_cache(maxsize=2_000)
def _path(text: str) -> tuple[str, str | None] | None:
    """What such a text names. A word of Jinja's own, or a name that dictionaries themselves use, is left to Jinja."""
    named = _NAMED.fullmatch(text)
    if named is None or named[1] in _WORDS_OF_JINJA or hasattr(dict, named[2] or ""):
        return None
    return named[1], named[2]


def text_faults(text: str) -> tuple[Problem, ...]:
    """What is wrong with the Jinja of a text, before any customer is known."""
    try:
        _compiled(text)
    except InvalidInputError as error:
        return error.problems
    return ()


@lru_cache(maxsize=2_000)
def _compiled(text: str) -> Template:
    try:
        return Template("text", weave(read_pieces(text), {}, place_for("text")))
    except SyntaxFault as fault:
        raise InvalidInputError([Problem("text", str(fault))]) from fault
    except minijinja.TemplateError as error:
        raise InvalidInputError([Problem("text", f"line {error.line}: {error.message}")]) from error
