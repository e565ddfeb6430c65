"""The terms of a lexicon, and an index that finds them in a sentence.

A term is words with blanks between: `sale` (that word), `discount*` (a word that begins so), `*konto` (that ends so),
`*rabatt*` (that has it anywhere), `buy|shop now` (one of them, then the other), `our?` (may be missing), `..` (up to
three words), `...` (up to seven), `^order` (only where a clause begins), `rendez-vous` and `l'offre` (two words).
`<var>`, `<num>`, `<digits>`, `<pct>`, `<-pct>`, `<money>` and `<url>` stand for a variable, number, number of four to
eight digits, percentage, percentage with a minus, sum of money, link. Accents do not count.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from parley.templates.promotion.words import Word, fold

GAPS = {"..": 3, "...": 7}
"""How many words a gap may hold."""


class Step(msgspec.Struct, frozen=True):
    """One place of a term."""

    exact: frozenset[str]
    begins: tuple[str, ...]
    ends: tuple[str, ...]
    holds: tuple[str, ...]
    opens: bool
    optional: bool
    gap: int
    """Words that may stand before it."""

    def fits(self, word: Word) -> bool:
        """Is this word one of those meant?"""
        if self.opens and not word.opens:
            return False
        for form in word.forms:
            if form in self.exact or form.startswith(self.begins) or form.endswith(self.ends):
                return True
            for part in self.holds:
                if part in form:
                    return True
        return False


class Term(msgspec.Struct, frozen=True):
    """A term of a list: its first word leads to it, the steps are the rest."""

    name: str
    """Of the list."""
    opens: bool
    steps: tuple[Step, ...]

    def end(self, words: Sequence[Word], start: int) -> int:
        """Where it ends when it begins at `start`; 0 when it does not."""
        if self.opens and not words[start].opens:
            return 0
        return _end(words, start + 1, self.steps)


Place = tuple[int, int]
"""Number of the sentence, number of the word in it."""


class Hit(msgspec.Struct, frozen=True):
    """A term that was found, and where."""

    name: str
    sentence: int
    start: int
    end: int

    def places(self) -> list[Place]:
        """Of its words."""
        return [(self.sentence, word) for word in range(self.start, self.end)]


def _end(words: Sequence[Word], at: int, steps: tuple[Step, ...], number: int = 0) -> int:
    """The nearest end of the steps from `number`; a place that may be missing is tried first."""
    if number == len(steps):
        return at
    step = steps[number]
    for place in range(at, min(at + step.gap + 1, len(words))):
        if step.fits(words[place]) and (end := _end(words, place + 1, steps, number + 1)):
            return end
    return _end(words, at, steps, number + 1) if step.optional else 0


MOST_KNOWN = 20_000
"""Words whose terms an index remembers: more than a language says often."""


class Index:
    """Finds terms by their first word: the cost grows with the text, not with the lexicon."""

    def __init__(self, lists: Mapping[str, Sequence[str]]) -> None:
        """From the terms of each list, by the list's name."""
        self._exact: dict[str, list[Term]] = defaultdict(list)
        self._begins: dict[str, list[Term]] = defaultdict(list)
        self._ends: dict[str, list[Term]] = defaultdict(list)
        self._holds: dict[str, list[Term]] = defaultdict(list)
        for name, texts in lists.items():
            for text in texts:
                for simple in _simpler(text.replace("'", "-")):
                    self._add(name, simple)
        self._known: dict[str, list[Term]] = {}

    def hits(self, words: Sequence[Word], sentence: int) -> Iterator[Hit]:
        """Every term in a sentence, overlapping ones too."""
        for start, word in enumerate(words):
            for form in word.forms:
                for term in self._beginning(form):
                    if end := term.end(words, start):
                        yield Hit(term.name, sentence, start, end)

    def _add(self, name: str, text: str) -> None:
        first, *rest = parse_steps(text)
        if first.optional or first.gap:
            raise ValueError(f"{name}: {text}: the first word of a term must be there")
        term = Term(name, first.opens, tuple(rest))
        tables = (self._exact, first.exact), (self._begins, first.begins), (self._ends, first.ends)
        for table, keys in (*tables, (self._holds, first.holds)):
            for key in keys:
                table[key].append(term)

    def _beginning(self, form: str) -> list[Term]:
        """A word of so many letters begins in so many ways: that many look-ups, and no more."""
        if (known := self._known.get(form)) is None:
            known = [*self._exact.get(form, ())]
            if form[0] != "<":
                known += [term for end in range(1, len(form) + 1) for term in self._begins.get(form[:end], ())]
                known += [term for start in range(len(form)) for term in self._ends.get(form[start:], ())]
                known += [term for part, terms in self._holds.items() if part in form for term in terms]
            if len(self._known) < MOST_KNOWN:
                self._known[form] = known
        return known


def _simpler(text: str) -> Iterator[str]:
    """Texts are split at hyphens and apostrophes: `rendez-vous|rdv pris` is `rendez vous pris` and `rdv pris`."""
    parts = text.split()
    for place, part in enumerate(parts):
        whole = part.removeprefix("^").removesuffix("?").split("|")
        if joined := [word for word in whole if "-" in word and not word.startswith("<")]:
            apart = [word.replace("-", " ") for word in joined] + [
                "|".join(word for word in whole if word not in joined)
            ]
            for word in filter(None, apart):
                yield from _simpler(
                    " ".join([*parts[:place], part[: part.startswith("^")] + word, *parts[place + 1 :]])
                )
            return
    yield text


def parse_steps(text: str) -> Iterator[Step]:
    """The places of a term."""
    gap = 0
    for part in text.split():
        if part in GAPS:
            gap = GAPS[part]
        else:
            yield _step(part, gap)
            gap = 0


def _step(part: str, gap: int) -> Step:
    opens, optional = part.startswith("^"), part.endswith("?")
    words = [fold(word) for word in part.removeprefix("^").removesuffix("?").split("|")]
    holds = tuple(word.strip("*") for word in words if word.startswith("*") and word.endswith("*"))
    begins = tuple(word[:-1] for word in words if word.endswith("*") and not word.startswith("*"))
    ends = tuple(word[1:] for word in words if word.startswith("*") and not word.endswith("*"))
    exact = frozenset(word for word in words if "*" not in word)
    return Step(exact, begins, ends, holds, opens, optional, gap)
