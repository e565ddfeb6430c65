"""What would steer a terminal or a page is no part of a name, and is written out where a text holds it."""

import re
import unicodedata

from parley.domain.errors import InvalidInputError, Problem

_STEERING = frozenset({"Cc", "Zl", "Zp"})
"""Unicode's control characters, and its ends of lines and paragraphs."""
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They turn the direction of what follows, so that a line reads as another one than it is. The marks that people write
in their languages (U+200E, U+200F, the joiners) turn nothing.
"""
_OURS = frozenset("\n\t")
"""Lines and columns are made of them."""
LONGEST_WORD, LEFT_OF_IT = 300, 40
"""Characters. No name, address or path is so long; what is gets cut, so that the sentence around it is read."""
_ENDLESS = re.compile(rf"\S{{{LONGEST_WORD},}}")


def check_visible(field: str, text: str) -> None:
    """Raises InvalidInputError that names the first character that steers a terminal, and where it stands."""
    for place, letter in enumerate(text, 1):
        if _steers(letter):
            sentence = f"holds the control character U+{ord(letter):04X} at place {place}: remove it."
            raise InvalidInputError([Problem(field, sentence)])


def visible(text: str) -> str:
    """For a terminal: what would steer it is written out, `\\x1b`."""
    return "".join(map(_written_out, text)) if not text.isprintable() else text


def _written_out(letter: str) -> str:
    is_written_out = letter not in _OURS and _steers(letter)
    return letter.encode("unicode_escape").decode("ascii") if is_written_out else letter


def _steers(letter: str) -> bool:
    return letter in _TURNING or unicodedata.category(letter) in _STEERING


def shortened(text: str) -> str:
    """A sentence that quotes what somebody gave us, whose endless words are cut."""
    return _ENDLESS.sub(lambda word: f"{word[0][:LEFT_OF_IT]}…", text)
