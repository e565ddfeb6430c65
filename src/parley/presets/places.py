"""Follows a text while it is woven and says where the next value stands."""

import re
from typing import Protocol

from parley.presets.pieces import SyntaxFault

_JSON_MARKS = re.compile(r'\\.?|"', re.DOTALL)
_AUTHORITY = re.compile(r"https?://[^/?#]+[/?#]", re.IGNORECASE)


class Place(Protocol):
    """Where we are. `state` is compared at the ends of branches and loops: all ways must lead to the same place."""

    state: str

    def read(self, text: str) -> None:
        """Text that will be sent has passed."""

    def for_tag(self) -> str:
        """The name of the function that prints a tag here. Raises SyntaxFault where no tag may stand."""

    def for_slot(self) -> str:
        """The same for a parameter."""


class FixedPlace:
    """Everywhere the same: plain text, XML, a form, a header."""

    def __init__(self, name: str) -> None:
        self.state = name

    def read(self, text: str) -> None:
        """Nothing changes."""

    def for_tag(self) -> str:
        """Always the same."""
        return self.state

    def for_slot(self) -> str:
        """Always the same."""
        return self.state


class JsonPlace:
    """Inside or outside of a JSON string."""

    def __init__(self) -> None:
        self.state = "_json_value"

    def read(self, text: str) -> None:
        """Counts quotation marks."""
        rest = text[1:] if self.state == "escape" and text else text
        if self.state == "escape" and text:
            self.state = "_json_text"
        for mark in _JSON_MARKS.findall(rest):
            if mark == '"':
                self.state = "_json_text" if self.state == "_json_value" else "_json_value"
            elif mark == "\\" and self.state == "_json_text":
                self.state = "escape"

    def for_tag(self) -> str:
        """After a lone backslash the first letter of a value would be eaten, and the value could end the string."""
        if self.state == "escape":
            raise SyntaxFault("a value cannot follow a backslash")
        return self.state

    def for_slot(self) -> str:
        """As for a tag."""
        return self.for_tag()


class UrlPlace:
    """The server's name is the preset's or a parameter's, never a customer's."""

    def __init__(self) -> None:
        self._passed = ""

    @property
    def state(self) -> str:
        """Base (nothing yet), host (the server's name is not complete) or the rest."""
        if not self._passed:
            return "base"
        return "_url" if _AUTHORITY.match(self._passed) else "host"

    @state.setter
    def state(self, _: str) -> None:
        """What has passed has passed: branches are only compared."""

    def read(self, text: str) -> None:
        """Collects until the server's name is complete."""
        if self.state != "_url":
            self._passed += text

    def for_tag(self) -> str:
        """Only after the server's name."""
        if self.state != "_url":
            raise SyntaxFault("the scheme and the server's name cannot come from Jinja: write them, or use a parameter")
        return "_url"

    def for_slot(self) -> str:
        """Everywhere; what may stand there is checked when it is filled in."""
        return self.state


def place_for(kind: str) -> Place:
    """`kind` is json, text, xml, form, url, header or method."""
    if kind == "json":
        return JsonPlace()
    if kind == "url":
        return UrlPlace()
    return FixedPlace({"xml": "_xml", "form": "_form", "header": "_header"}.get(kind, "_plain"))
