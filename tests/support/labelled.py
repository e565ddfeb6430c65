"""How well the promotional check does on labelled texts: accuracy, precision and recall, never the texts."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from parley.templates import RuleSet
from parley.templates.promotion import Label, classify

FOLDER = Path(__file__).parents[1] / "cases" / "promotion"


class Labelled(msgspec.Struct, frozen=True):
    """A text, what it is in each rule set, and which of the ten categories."""

    text: str
    language: str
    transactional: Label
    current: Label
    category: str | None

    def label(self, rules: RuleSet) -> Label:
        """What a person says it is."""
        return self.transactional if rules is RuleSet.TRANSACTIONAL else self.current


class Measured(msgspec.Struct, frozen=True):
    """What a person said and what the check said, by how often."""

    counts: Counter[tuple[Label, Label]]

    @property
    def accuracy(self) -> float:
        """The share on which both agree."""
        return sum(self.agreed(label) for label in Label) / self.counts.total()

    def precision(self, label: Label) -> float:
        """Of those that the check calls so, the share that a person does."""
        found = sum(count for (_, other), count in self.counts.items() if other == label)
        return self.agreed(label) / found if found else 1.0

    def recall(self, label: Label) -> float:
        """Of those that a person calls so, the share that the check does."""
        return self.agreed(label) / self.texts(label) if self.texts(label) else 1.0

    def agreed(self, label: Label) -> int:
        """That both call so."""
        return self.counts[label, label]

    def texts(self, label: Label) -> int:
        """That a person calls so."""
        return sum(count for (said, _), count in self.counts.items() if said == label)


def read_labelled(name: str) -> list[Labelled]:
    """The texts of a file in `tests/cases/promotion/`."""
    return msgspec.json.decode(b"[" + b",".join((FOLDER / name).read_bytes().splitlines()) + b"]", type=list[Labelled])


def measure(texts: Sequence[Labelled], rules: RuleSet, *, named: bool = True) -> Measured:
    """`named`: is the check told the language?"""
    found = ((text, classify(text.text, text.language if named else None, rules).label) for text in texts)
    return Measured(Counter((text.label(rules), label) for text, label in found))


SETS = {
    "held_out.jsonl": "The measuring set",
    "tuning.jsonl": "The tuning set",
    "third.jsonl": "The third set",
    "traps.jsonl": "The traps",
}


def table(name: str) -> str:
    """The figures of a set as a page shows them."""
    texts = read_labelled(name)
    return "\n".join(["| rules | label | texts | precision | recall |", "|---|---|---|---|---|", *_rows(texts)])


def _rows(texts: Sequence[Labelled]) -> Iterator[str]:
    for rules in RuleSet:
        found = measure(texts, rules)
        for label in Label:
            figures = f"{found.precision(label):.3f} | {found.recall(label):.3f}"
            yield f"| {rules} | {label} | {found.texts(label)} | {figures} |"
        yield f"| {rules} | all: accuracy {found.accuracy:.3f} | {len(texts)} | | |"
