"""Names are shown on terminals and pages: what would steer those is no part of a name."""

import unicodedata

from parley.domain.errors import InvalidInputError, Problem

_STEERING = frozenset({"Cc", "Zl", "Zp"})
"""Unicode's control characters, and its ends of lines and paragraphs."""


def check_visible(field: str, text: str) -> None:
    """Raises InvalidInputError that names the first character that steers a terminal, and where it stands."""
    for place, letter in enumerate(text, 1):
        if unicodedata.category(letter) in _STEERING:
            sentence = f"holds the control character U+{ord(letter):04X} at place {place}: remove it."
            raise InvalidInputError([Problem(field, sentence)])
