"""The form in which keywords are compared: whole messages, as people type them on phones.

`stop!`, ` Stop. ` after an emoji, full-width letters, hidden direction marks and `STOP STOP STOP` all say STOP; `ARRÊT`
and `arret` say the same; `non-stop` says nothing.
"""

import unicodedata
from itertools import groupby

from parley.domain.keyword import normal_form, without_accents

LONGEST = 60
"""Characters of a message that can be a keyword, with all that is around it."""
MOST_WORDS = 3
_ARABIC = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ة": "ه", "ـ": ""})
"""Letters that are written without care: alef with and without its hamza, and the like."""
_VOWEL_MARKS = range(0x064B, 0x0660)
"""Arabic short vowels: most people leave them out."""


def plain_form(text: str) -> str:
    """'' when it is too long to be a keyword, or holds no letter."""
    if len(text) > LONGEST:
        return ""
    folded = without_accents(normal_form(text)).translate(_ARABIC)
    bare = "".join(letter for letter in folded if ord(letter) not in _VOWEL_MARKS)
    words = [word for word, _ in groupby("".join(_kept(letter) for letter in bare).split())]
    return " ".join(words) if len(words) <= MOST_WORDS else ""


def _kept(letter: str) -> str:
    """A mark belongs to its letter (Hindi); a sign between words is a space: OPT-OUT is OPT OUT."""
    return letter if unicodedata.category(letter)[0] in "LNM" else " "
