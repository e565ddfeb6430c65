"""The simulator's dice: one seeded generator, and one switch that turns all surprises off."""

import random
from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

T = TypeVar("T")

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Chance:
    """Everything random comes from here. `calm` means no surprises: gaps at their middle, nothing odd happens."""

    def __init__(self, seed: int, *, calm: bool) -> None:
        self._dice = random.Random(seed)  # noqa: S311 - repeatable on purpose; nothing here is a real secret
        self.calm = calm

    def happens(self, percent: float) -> bool:
        """A surprise: never when calm."""
        return not self.calm and self.falls(percent)

    def usually(self, percent: float) -> bool:
        """The ordinary outcome: when calm always, unless it was ruled out."""
        return percent > 0 if self.calm else self.falls(percent)

    def falls(self, percent: float) -> bool:
        """A throw of the dice that calm does not change (for scripted faults)."""
        return self._dice.random() * 100 < percent

    def between(self, low: float, high: float) -> float:
        """Anything between, or the middle when calm."""
        return (low + high) / 2 if self.calm else self._dice.uniform(low, high)

    def pick(self, options: Sequence[T]) -> T:
        """One of them; the first when calm."""
        return options[0] if self.calm else self._dice.choice(options)

    def ulid(self, moment: datetime) -> str:
        """26 letters, sortable by time: Sinch's message, app and contact ids (sinch.md 1.4, 2.5)."""
        number = (int(moment.timestamp() * 1000) << 80) | self._dice.getrandbits(80)
        return "".join(CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5))

    def word(self, length: int) -> str:
        """Lower-case hex, for keys, tokens and nonces."""
        return f"{self._dice.getrandbits(length * 4):0{length}x}"

    def uuid(self) -> str:
        """A project or key id in the usual five groups."""
        raw = self.word(32)
        return "-".join((raw[:8], raw[8:12], raw[12:16], raw[16:20], raw[20:]))
