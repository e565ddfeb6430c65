"""Is a text promotional, and why? Rules over the terms that were found; the first that fits decides."""

from collections import Counter
from collections.abc import Callable, Sequence, Set
from enum import StrEnum
from functools import lru_cache

import msgspec

from parley.templates.promotion.lexicon import find_hits, foreign_script, lexicons, term_lists, unknown_language
from parley.templates.promotion.terms import Hit, Place
from parley.templates.promotion.words import MONEY, NUMBER, VARIABLE, Sentence, Word, read_sentences
from parley.templates.rule_sets import RuleSet


class Label(StrEnum):
    """What a text is. Promotional is Meta's marketing."""

    PROMOTIONAL = "promotional"
    UTILITY = "utility"
    AUTHENTICATION = "authentication"


class Classified(msgspec.Struct, frozen=True):
    """What a text is, and why."""

    label: Label
    category: str | None
    """Which of the ten categories it would be; nothing for what is promotional."""
    why: str
    """The rule, the words and the sentence that caused it."""
    sentence: str = ""
    """That sentence alone."""
    readable: bool = True
    """Can the lexicons read it? What they cannot counts as promotional until a person says otherwise."""


FIRM = frozenset({"account", "alert", "appointment", "issue", "payment", "finance", "shipping"})
"""Lists whose words are seldom said without a reason, so that one will do where nothing persuades."""
ENOUGH_ANCHORS = 2
"""Words such as *table* or *flight* are said in an advertisement, too; two tie a text to a transaction."""
WEIGHTS = {"pitch": 3, "call": 2, "urgency": 2, "praise": 1, "question": 1}
"""How much each word persuades, in anchors."""
PITCHING = ("pitch", "call", "question")
"""What makes a sentence of its own promotional."""
MANY_ANCHORS = 5
"""In a long notice a single call or question is a courtesy."""
ANCHORS_OF_A_QUESTION = 3
"""Whoever has said what was delivered may ask how it was, in a sentence of its own, unless the brand is asked about."""


class Reading(msgspec.Struct):
    """A text, and what was found in it by the role of the terms."""

    sentences: tuple[Sentence, ...]
    hits: dict[str, list[Hit]]
    specific: bool
    """Does it name a variable or number beside the one it greets with?"""
    script: str | None = None
    """`Arabic`, where no lexicon has the letters of it."""
    language: str | None = None
    """`nl`, where no lexicon has the words of it."""

    def role(self, role: str) -> list[Hit]:
        """In the order of the text."""
        return self.hits.get(role, [])

    @property
    def anchors(self) -> int:
        """How firmly it is tied to something of this customer."""
        found = self.role("anchor")
        return len(found) + self.specific + bool(self.role("harmless")) if found else 0

    def pitches(self) -> list[Hit]:
        """What recommends, invites or calls in a sentence that is not rather about a transaction."""
        hits = [hit for role in PITCHING for hit in self.role(role) if self._persuades(hit.sentence)]
        return [] if len(hits) == 1 and self._is_courtesy(hits[0]) else hits

    def _is_courtesy(self, hit: Hit) -> bool:
        enough = ANCHORS_OF_A_QUESTION if hit.name == "opinion" else MANY_ANCHORS
        return term_lists()[hit.name].role != "pitch" and self.anchors >= enough

    def _persuades(self, sentence: int) -> bool:
        anchors = sum(hit.sentence == sentence for hit in self.role("anchor"))
        named = anchors and _names_something(self.sentences[sentence].words)
        return anchors + named < sum(
            weight for role, weight in WEIGHTS.items() for hit in self.role(role) if hit.sentence == sentence
        )


def classify(text: str, language: str | None, rules: RuleSet) -> Classified:
    """Reads the language that is named, `de` or `de_AT`; without one, the languages that the text reads like."""
    reading = _read(text, language)
    return next(found for rule in _RULES if (found := rule(reading, rules)))


VALUES_KEPT = 20_000
LONGEST_VALUE_LOOKED_AT = 1_000
"""Characters."""
LONGEST_NAME = 5
"""Words: *Gift card 50 EUR* is what somebody ordered; more than that is said, and not named."""
NAMED = frozenset({"gift", "voucher", "delivery", "novelty", "season", "credit"})
"""Lists whose words also stand in names of what is sold."""


@lru_cache(maxsize=VALUES_KEPT)
def why_promotes(value: str, language: str | None) -> str | None:
    """Why a variable's value brings promotion into a text that has none; None for names, things, dates and sums.

    What is unclear is no fault of a value: its template says what it is about.
    """
    reading = _read(value[:LONGEST_VALUE_LOOKED_AT], language)
    if sum(len(sentence.words) for sentence in reading.sentences) <= LONGEST_NAME:
        reading.hits = {role: [hit for hit in hits if hit.name not in NAMED] for role, hits in reading.hits.items()}
    found = _offers(reading, RuleSet.TRANSACTIONAL) or _pitches(reading, RuleSet.TRANSACTIONAL)
    return found.why if found else None


def _offers(reading: Reading, _: RuleSet) -> Classified | None:
    hits = reading.role("offer")
    if reading.role("code"):  # `use code 123 to sign in` is no voucher
        hits = [hit for hit in hits if hit.name != "voucher"]
    return _promotional(reading, hits, "which has no place in a notice") if hits else None


def _is_code(reading: Reading, _: RuleSet) -> Classified | None:
    hits = reading.role("code")
    return _classified(reading, Label.AUTHENTICATION, None, hits, "and nothing else") if hits else None


def _reminds(reading: Reading, rules: RuleSet) -> Classified | None:
    hits = reading.role("reminder")
    if not hits or len(reading.pitches()) > len(hits) or _is_back_order(reading, hits):
        return None
    if rules is RuleSet.CURRENT:
        return _promotional(reading, hits, "which is marketing today even when it was asked for")
    return _classified(reading, Label.UTILITY, "ALERT_UPDATE", hits, "without an offer")


def _is_back_order(reading: Reading, hits: Sequence[Hit]) -> bool:
    """Is what is on stock again part of something that was ordered or asked for already?"""
    firm = [hit for hit in reading.role("anchor") if term_lists()[hit.name].category]
    return len(firm) > len(hits) and all(hit.name == "stock" for hit in hits)


def _pitches(reading: Reading, _: RuleSet) -> Classified | None:
    hits = reading.pitches()
    return _promotional(reading, hits, "which is not about something agreed") if hits else None


def _persuades(reading: Reading, _: RuleSet) -> Classified | None:
    hits = reading.role("urgency") + reading.role("praise")
    if _is_deadline(reading, hits):
        return None
    if not hits or reading.anchors > sum(WEIGHTS[term_lists()[hit.name].role] for hit in hits):
        return None
    return _promotional(reading, hits, "and it weighs more than what ties it to a transaction")


def _is_deadline(reading: Reading, hits: Sequence[Hit]) -> bool:
    """`By Friday` beside something that is this customer's own: when it must be done, and no haste to buy."""
    firm = [hit for hit in reading.role("anchor") if hit.name in FIRM]
    return len(hits) == 1 and hits[0].name == "urgency" and any(hit.sentence == hits[0].sentence for hit in firm)


def _informs(reading: Reading, _: RuleSet) -> Classified | None:
    hits = reading.role("anchor")
    alone = any(hit.name in FIRM for hit in hits)
    if reading.anchors < (1 if alone else ENOUGH_ANCHORS):
        return None
    return _classified(reading, Label.UTILITY, _category(hits), hits, "and nothing in it persuades")


def _is_in_foreign_letters(reading: Reading, _: RuleSet) -> Classified | None:
    """Before what informs: a name between such letters, *Example Shop*, says nothing of what the text is about."""
    return _unread(reading, f"in {reading.script} letters") if reading.script else None


def _is_in_unknown_language(reading: Reading, _: RuleSet) -> Classified | None:
    return _unread(reading, f"in the language {reading.language}") if reading.language else None


def _unread(reading: Reading, what: str) -> Classified:
    why = (
        f"Parley cannot judge it: it is {what}, and the lists of words are those of {', '.join(lexicons())}. "
        "What cannot be judged counts as promotional until a person says otherwise."
    )
    return Classified(Label.PROMOTIONAL, None, why, reading.sentences[0].text, readable=False)


def _is_unclear(reading: Reading, _: RuleSet) -> Classified:
    hits = reading.role("anchor")
    if hits:
        return _promotional(reading, hits, "which alone does not say what it is about: unclear counts as promotional")
    first = reading.sentences[0].text if reading.sentences else ""
    why = "Nothing in it names an order, booking, payment or other business: unclear counts as promotional."
    return Classified(Label.PROMOTIONAL, None, why, first)


_RULES: tuple[Callable[[Reading, RuleSet], Classified | None], ...] = (
    _offers,
    _is_code,
    _reminds,
    _pitches,
    _persuades,
    _is_in_foreign_letters,
    _informs,
    _is_in_unknown_language,
    _is_unclear,
)


def _promotional(reading: Reading, hits: Sequence[Hit], because: str) -> Classified:
    return _classified(reading, Label.PROMOTIONAL, None, hits, because)


def _classified(reading: Reading, label: Label, category: str | None, hits: Sequence[Hit], because: str) -> Classified:
    sentence = reading.sentences[hits[0].sentence].text
    told = [f"“{_quote(reading, hit)}” ({term_lists()[hit.name].what})" for hit in hits[:MOST_QUOTED]]
    return Classified(label, category, f"It says {', '.join(told)}, {because}: “{sentence}”", sentence)


MOST_QUOTED = 4
"""Words that a reason quotes."""


def _quote(reading: Reading, hit: Hit) -> str:
    return " ".join(word.text for word in reading.sentences[hit.sentence].words[hit.start : hit.end])


def _category(anchors: Sequence[Hit]) -> str | None:
    """The one that most anchors speak for; the first in the text of several."""
    counts = Counter(category for hit in anchors if (category := term_lists()[hit.name].category))
    return counts.most_common(1)[0][0] if counts else None


def _read(text: str, language: str | None) -> Reading:
    sentences = read_sentences(text)
    by_role: dict[str, list[Hit]] = {}
    for hit in find_hits(sentences, language):
        by_role.setdefault(term_lists()[hit.name].role, []).append(hit)
    masks = {place for hit in by_role.get("harmless", []) for place in hit.places()}
    hits = {role: _apart(_unmasked(found, masks, role)) for role, found in by_role.items()}
    script, unknown = foreign_script(sentences), unknown_language(sentences, language)
    return Reading(sentences, hits, _is_specific(sentences), script, unknown)


def _unmasked(hits: Sequence[Hit], masks: Set[Place], role: str) -> Sequence[Hit]:
    """Without those that are part of words that only look like an offer. Such words may well be an anchor."""
    if role in {"anchor", "harmless", "code"}:
        return hits
    return [hit for hit in hits if hit.name in UNMASKED or masks.isdisjoint(hit.places())]


UNMASKED = frozenset({"delivery", "cart"})
"""Free returns do not hide free delivery, nor `your order` an order that was left behind."""


def _apart(hits: Sequence[Hit]) -> list[Hit]:
    """Without those that overlap another: one that tells a category goes first, then the earlier, then the longer."""
    kept: list[Hit] = []
    taken: set[Place] = set()
    for hit in sorted(hits, key=lambda hit: (not term_lists()[hit.name].category, hit.sentence, hit.start, -hit.end)):
        if taken.isdisjoint(hit.places()):
            kept.append(hit)
            taken.update(hit.places())
    return sorted(kept, key=lambda hit: (hit.sentence, hit.start))


def _is_specific(sentences: Sequence[Sentence]) -> bool:
    """Whoever is greeted by name is not told anything yet."""
    words = [word for sentence in sentences for word in sentence.words]
    return _names_something(words[LONGEST_GREETING:])


LONGEST_GREETING = 3
"""Words: *Good morning {{1}}*."""


def _names_something(words: Sequence[Word]) -> bool:
    return any(word.forms[0] in {VARIABLE, NUMBER, MONEY} for word in words)
