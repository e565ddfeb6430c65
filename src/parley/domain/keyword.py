"""Does a customer's message say the keyword? The whole message, never a part of it: docs/reference/scenarios.md.

`cart!`, ` Cart `, `„CART“` and `CART 🙂` say CART; `my cart is broken` does not.
"""

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

MAX_LENGTH = 1000
"""Characters: a longer message is no keyword."""

_KEYCAP = "\N{COMBINING ENCLOSING KEYCAP}"
_DOT_ABOVE = "\N{COMBINING DOT ABOVE}"
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_VARIATIONS = range(0xFE00, 0xFE10)


@lru_cache(maxsize=4096)
def normal_form(text: str) -> str:
    """What is compared: NFKC, case folded, spaces collapsed, and punctuation, quotes and emoji around it removed.

    A text of nothing but signs (a keyword `👍`) keeps its signs.
    """
    folded = _folded(text[:MAX_LENGTH])
    return _trimmed(folded) or folded


def said(keywords: Iterable[str], words: Iterable[str]) -> str | None:
    """The first keyword that one of the customer's words (payload, title, text) says, else None.

    Exact letters win; only then accents are forgiven, because many people type without them (KOŠÍK, kosik).
    """
    wanted = tuple(keywords)
    spoken = [normal_form(word) for word in words if word.strip() and len(word) <= MAX_LENGTH]
    for form in (str, without_accents):
        forms = {form(normal_form(keyword)): keyword for keyword in reversed(wanted)}
        for word in spoken:
            if form(word) in forms:
                return forms[form(word)]
    return None


def _folded(text: str) -> str:
    kept = "".join(letter for letter in text if not _is_invisible(letter))
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", kept).casefold())
    # Turkish writes I without a dot and İ with one; a keyword must not depend on the phone's language.
    return " ".join(folded.replace("i" + _DOT_ABOVE, "i").replace("ı", "i").split())


def _is_invisible(letter: str) -> bool:
    """Direction marks, joiners, variation selectors, skin tones: they change how a text looks, not what it says."""
    point = ord(letter)
    is_dressing = point in _VARIATIONS or point in _SKIN_TONES or letter == _KEYCAP
    return is_dressing or unicodedata.category(letter) in {"Cf", "Cs"}


def _trimmed(text: str) -> str:
    start, end = 0, len(text)
    while start < end and unicodedata.category(text[start])[0] not in "LN":
        start += 1
    # A trailing mark belongs to its letter: Hindi and Arabic words end in them.
    while end > start and unicodedata.category(text[end - 1])[0] not in "LNM":
        end -= 1
    return text[start:end]


def without_accents(text: str) -> str:
    """Of Latin letters only: in other scripts a mark is part of the letter."""
    plain = []
    for letter in text:
        base = unicodedata.normalize("NFD", letter)[0]
        plain.append(base if "LATIN" in unicodedata.name(base, "") else letter)
    return "".join(plain)
