"""Reads an editor's text into pieces: plain text, `[[ slots ]]` for parameters, and Jinja tags.

Only as much of Jinja is read as is needed to know where a tag ends and which of its words are strings: minijinja
does the rest. Everything that later decides about quoting stands on these pieces, never on text replaced in text.
"""

import re

import msgspec

LONGEST_SOURCE = 100_000
"""Characters of one editor's text, parameters included."""
LONGEST_TAG = 2_000
"""Characters inside one Jinja tag: bounds what a single expression can build."""


class SyntaxFault(Exception):  # noqa: N818  told to the user as a Problem, never raised out of this room
    """The text of a preset or of a parameter cannot be read."""


class Text(msgspec.Struct, frozen=True):
    """Plain text, to be sent as it stands (or escaped, when a parameter brought it)."""

    text: str


class Slot(msgspec.Struct, frozen=True):
    """`[[ name : type(options) : default ]]`. What was not written is None."""

    name: str
    type: str | None = None
    options: tuple[str, ...] = ()
    default: str | None = None


class Tag(msgspec.Struct, frozen=True):
    """`{{ … }}` or `{% … %}`; `words` are its tokens, white space included, strings whole."""

    opening: str
    words: tuple[str | Slot, ...]
    closing: str

    @property
    def prints(self) -> bool:
        """Is it `{{ }}`?"""
        return self.opening.startswith("{{")

    @property
    def source(self) -> str:
        """What stands between the braces, for a message."""
        return "".join(f"[[ {word.name} ]]" if isinstance(word, Slot) else word for word in self.words).strip()


Piece = Text | Slot | Tag

_SLOT = (
    r"\[\[\s*(?P<name>[A-Za-z][\w -]*?)\s*"
    r"(?::\s*(?P<type>[^:\]()]*?)\s*(?:\((?P<options>[^)\]]*)\))?\s*(?::(?P<default>.*?))?)?\]\]"
)
_OPENING = re.compile(rf"\{{#|(?P<tag>\{{[{{%][-+]?)|(?P<slot>{_SLOT})", re.DOTALL)
_CLOSING = {"{{": re.compile(r"[-+]?\}\}"), "{%": re.compile(r"[-+]?%\}")}
_WORD = re.compile(
    rf"""(?P<slot>{_SLOT}) | (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*') | \s+ | \w+ | (?P<bad>["']) | .""",
    re.DOTALL | re.VERBOSE,
)
_PAIRS = {")": "(", "]": "[", "}": "{"}
_NOT_NAMES = frozenset({"true", "false", "null", "none"})
"""`[[true]]` is a list in a list."""


def read_pieces(source: str) -> tuple[Piece, ...]:
    """The pieces of `source`; comments are dropped. Raises SyntaxFault."""
    if len(source) > LONGEST_SOURCE:
        raise SyntaxFault(f"is longer than {LONGEST_SOURCE} characters")
    pieces: list[Piece] = []
    start = 0
    while found := _next_opening(source, start):
        if found.start() > start:
            pieces.append(Text(source[start : found.start()]))
        piece, start = _read_piece(source, found)
        if piece is not None:
            pieces.append(piece)
    return (*pieces, Text(source[start:])) if start < len(source) else tuple(pieces)


def slots_of(pieces: tuple[Piece, ...]) -> list[Slot]:
    """Every parameter slot, in the order in which it is written."""
    slots: list[Slot] = []
    for piece in pieces:
        if isinstance(piece, Slot):
            slots.append(piece)
        elif isinstance(piece, Tag):
            slots.extend(word for word in piece.words if isinstance(word, Slot))
    return slots


def _next_opening(source: str, start: int) -> re.Match[str] | None:
    found = _OPENING.search(source, start)
    while found and found["slot"] and found["name"] in _NOT_NAMES:
        found = _OPENING.search(source, found.end())
    return found


def _read_piece(source: str, found: re.Match[str]) -> tuple[Piece | None, int]:
    if found["slot"]:
        return _slot(found), found.end()
    if found["tag"]:
        return _read_tag(source, found)
    end = source.find("#}", found.end())
    if end < 0:
        raise SyntaxFault(f"line {_line(source, found.start())}: the comment that begins with {{# never ends")
    return None, end + 2


def _read_tag(source: str, found: re.Match[str]) -> tuple[Tag, int]:
    """Brackets are counted, so that no expression can step out of the call it will be wrapped in."""
    closing = _CLOSING[found["tag"][:2]]
    words: list[str | Slot] = []
    open_brackets: list[str] = []
    place = found.end()
    while place < len(source) and place - found.start() <= LONGEST_TAG:
        if not open_brackets and (end := closing.match(source, place)):
            return Tag(found["tag"], tuple(words), end[0]), end.end()
        word = _WORD.match(source, place)
        if word is None or word["bad"]:
            break
        _count_bracket(word[0], open_brackets, _line(source, found.start()))
        words.extend(_words(word))
        place = word.end()
    raise SyntaxFault(_endless(source, found, place))


def _endless(source: str, found: re.Match[str], place: int) -> str:
    line = _line(source, found.start())
    if place - found.start() > LONGEST_TAG:
        return f"line {line}: the tag that begins with {found['tag']} is longer than {LONGEST_TAG} characters"
    return f"line {line}: the tag that begins with {found['tag']} never ends (is a quotation mark or bracket missing?)"


def _count_bracket(word: str, open_brackets: list[str], line: int) -> None:
    if word in {"(", "[", "{"}:
        open_brackets.append(word)
    elif word in _PAIRS and (not open_brackets or open_brackets.pop() != _PAIRS[word]):
        raise SyntaxFault(f"line {line}: a {word} closes nothing")


def _words(word: re.Match[str]) -> list[str | Slot]:
    if word["slot"]:
        return [_slot(word)]
    if word["string"]:
        return _string_words(word[0])
    if word[0].startswith("_"):
        raise SyntaxFault(f"{word[0]}: names that begin with an underscore are not for presets")
    return [word[0]]


def _string_words(literal: str) -> list[str | Slot]:
    """A slot inside a string of a tag: "a [[ b ]]" becomes ("a " ~ slot ~ "")."""
    quote, inner, words, start = literal[0], literal[1:-1], list[str | Slot](), 0
    for found in re.finditer(_SLOT, inner, re.DOTALL):
        words += [quote + inner[start : found.start()] + quote, " ~ ", _slot(found), " ~ "]
        start = found.end()
    return ["(", *words, quote + inner[start:] + quote, ")"] if words else [literal]


def _slot(found: re.Match[str]) -> Slot:
    options = tuple(option.strip() for option in (found["options"] or "").split(",") if option.strip())
    default = found["default"]
    return Slot(found["name"], found["type"] or None, options, None if default is None else default.strip())


def _line(source: str, place: int) -> int:
    return source.count("\n", 0, place) + 1
