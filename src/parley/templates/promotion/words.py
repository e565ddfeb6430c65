"""A text as words that can be looked up, whatever disguise it wears: sentences of folded words (whatsapp.md 7.2)."""

import re
import unicodedata

import msgspec


class Word(msgspec.Struct, frozen=True):
    """One word, number or variable of a text."""

    text: str
    """As it is written."""
    forms: tuple[str, ...]
    """How it may be looked up: without capitals and accents, and what a disguise of it would mean."""
    opens: bool
    """Does a clause begin here? `Order now` is a call, `your order` is not."""


class Sentence(msgspec.Struct, frozen=True):
    """A sentence, and its words."""

    text: str
    words: tuple[Word, ...]


LONGEST_TEXT = 5_000
"""Characters that are read; a template has some 1,500, free text 4,096 at most."""
LONGEST_WORD = 60
"""Letters of a word that are read."""

VARIABLE, NUMBER, PERCENT, MINUS_PERCENT, MONEY, LINK = "<var>", "<num>", "<pct>", "<-pct>", "<money>", "<url>"
DIGITS = "<digits>"
"""A number as one-time codes are: four to eight digits and nothing else. The answer `1` is none."""
SHORTEST_CODE, LONGEST_CODE = 4, 8
_VAR = r"\{\{[^{}]{1,60}\}\}|\{\w{1,40}\}|\[[^\[\]\n]{1,40}\]"
_COINS = r"eur|euros?|usd|czk|kč|kc|pln|zł\w{0,4}|zl|gbp|chf|brl|reais|dol+ar\w{0,3}|pounds?|korun\w{0,3}"
_CURRENCY = rf"(?:[€$£]|(?:{_COINS})(?![^\W\d_]))"
_HUNDREDTHS = r"percent\w{0,3}|per\s?cent|prozent\w{0,2}|procent\w{0,3}|por\s?ciento|pour\s?cent|p[eo]r\s?cento"
_PERCENTS = rf"(?:%|(?:{_HUNDREDTHS})(?![^\W\d_]))"
_WORD = re.compile(
    r"(?P<plain>(?!https?:|www\.)[^\W\d_]{2,}(?![\w$€@!|]))"  # most words: not asked whether they are something else
    rf"|(?P<url>(?:https?://|www\.)\S+)"
    rf"|(?P<minus>(?<![\w%])[-–−]\s?(?=[\d{{]))?(?P<pct>(?:\d+(?:[.,]\d+)?|{_VAR})\s?{_PERCENTS})"
    rf"|(?P<money>(?:r\$|[€$£])\s?(?:\d[\d.,]*\d|\d|{_VAR})"
    rf"|(?:\d[\d.,]*\d|\d|{_VAR})(?:,[-–]+)?\s?{_CURRENCY})"
    rf"|(?P<var>{_VAR})"
    rf"|(?P<num>\d+(?:[.,:/]\d+)*(?![^\W_]))"
    r"|(?P<word>[$€@]?[^\W_](?:[^\W_]|[$€@!|](?=[^\W_]))*)",
    re.IGNORECASE,
)
_SPECIAL = {"url": (LINK,), "pct": (PERCENT,), "money": (MONEY,), "var": (VARIABLE,), "num": (NUMBER,)}
_SPECIAL_MINUS = (PERCENT, MINUS_PERCENT)
_SPECIAL_CODE = (NUMBER, DIGITS)
_SPACE = re.compile(r"[ .·\-_*]")
_SPACED = re.compile(r"(?<![\w{])(?:[\w%€$@][ .·\-_*]){3,}[\w%€$@](?![\w}])")
_SENTENCE_END = re.compile(r"(?<=[!?…])\s+|(?<=[^\W\d]{2}\.)\s+(?=[^\W\d_])|(?<=[)}\d]\.)\s+(?=[A-ZÀ-Ž¿¡])|\s*\n\s*")
_UNSEEN = re.compile(
    "[*~`\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff]"
)
"""WhatsApp's marks for bold and the like, and characters without a width."""
_JOINS = frozenset(" \t'’‘\"“”„«»-&/(_\u00a0")
_REPEATED = re.compile(r"(.)\1{2,}")
_DISGUISES = "013457@$€!|"
_DISGUISED = tuple(str.maketrans(dict(zip(_DISGUISES, f"o{one}eastase{one}{one}", strict=True))) for one in "il")
_LOOK_ALIKES = dict(zip("аеорсухіѕӏԁһј", "aeopcyxisldhj", strict=True))


def read_sentences(text: str) -> tuple[Sentence, ...]:
    """The sentences of a text that have a word in them. What nobody sees is dropped; letters set apart are joined."""
    clean = _UNSEEN.sub("", unicodedata.normalize("NFKC", text[:LONGEST_TEXT]))
    joined, apart = _SPACED.subn(lambda found: _SPACE.sub("", found[0]), clean)
    found = (Sentence(part, _words(part, apart > 0)) for part in _SENTENCE_END.split(joined))
    return tuple(sentence for sentence in found if sentence.words)


def fold(word: str) -> str:
    """Without capitals and accents: `Zľava` as `zlava`, `Grüße` as `grusse`."""
    return word.casefold().translate(_PLAIN)


def _words(sentence: str, apart: bool) -> tuple[Word, ...]:  # noqa: FBT001  of the text, not of the call
    found: list[Word] = []
    end = 0
    for match in _WORD.finditer(sentence):
        opens = not found or not _JOINS.issuperset(sentence[end : match.start()])
        found.append(Word(match[0], _forms(match, apart), opens))
        end = match.end()
    return tuple(found)


def _forms(match: re.Match[str], apart: bool) -> tuple[str, ...]:  # noqa: FBT001  as above
    kind = match.lastgroup
    if kind == "num" and match[0].isdecimal() and SHORTEST_CODE <= len(match[0]) <= LONGEST_CODE:
        return _SPECIAL_CODE
    if kind in _SPECIAL:
        return _SPECIAL_MINUS if match["minus"] else _SPECIAL[kind]
    form = fold(match[0][:LONGEST_WORD])
    if form.isascii() and form.isalpha() and not apart and not _REPEATED.search(form):
        return (form,)
    return tuple(dict.fromkeys(_undisguised(form, apart)))


def _undisguised(form: str, apart: bool) -> list[str]:  # noqa: FBT001  as above
    """Digits and signs that stand for letters; letters said many times; what was joined may hide a word inside."""
    forms = [form, form.translate(_LOOK_ALIKE)]
    forms += [form.translate(table) for table in _DISGUISED]
    forms += [_REPEATED.sub(times, forms[1]) for times in (r"\1", r"\1\1")]
    return forms + ([form[start:] for start in range(1, len(form) - 3)] if apart else [])


def _plain_letters() -> dict[int, str]:
    table = {}
    for code in range(0xC0, 0x250):
        base = unicodedata.normalize("NFD", chr(code))[0]
        if base.isascii():
            table[code] = base
    return table | {ord("ł"): "l", ord("ø"): "o", ord("đ"): "d", ord("ı"): "i", ord("œ"): "oe", ord("æ"): "ae"}


_PLAIN = _plain_letters()
_LOOK_ALIKE = str.maketrans(_LOOK_ALIKES)
