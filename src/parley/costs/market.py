"""The market of a number: WhatsApp's rates go by the recipient's calling code, for +1 and +7 with what follows it."""

from datetime import date
from functools import cache, lru_cache
from importlib.resources import files

import msgspec

OTHER = "Other"
UNKNOWN = "unknown"
"""Of a WhatsApp user id that is no number."""
_LONGEST_PREFIX = 4


class _Market(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    market: str
    prefixes: tuple[str, ...]
    alone_since: date | None = None
    """Before, its numbers were charged as those of `before`."""
    before: str = OTHER

    def on(self, day: date) -> str:
        return self.market if self.alone_since is None or day >= self.alone_since else self.before


def market_of(digits: str, day: date) -> str:
    """`421901234567` is `Rest of Central & Eastern Europe`; a code that no market lists is `Other`.

    Source: Meta's rate cards of July and October 2026. Kazakhstan's market before October 2026 is not stated; its rate
    was that of `Other`.
    """
    if not digits.isdecimal():
        return UNKNOWN
    return _market_of(digits[:_LONGEST_PREFIX], day)


@lru_cache(maxsize=20_000)
def _market_of(prefix: str, day: date) -> str:
    """Asked for every message; there are not many answers."""
    known = _by_prefix()
    for length in range(_LONGEST_PREFIX, 0, -1):
        found = known.get(prefix[:length])
        if found is not None:
            return found.on(day)
    return OTHER


def market_names() -> frozenset[str]:
    """All that a card may name."""
    return frozenset({market.market for market in _by_prefix().values()} | {OTHER})


@cache
def _by_prefix() -> dict[str, _Market]:
    raw = files("parley.costs").joinpath("markets.json").read_bytes()
    markets = msgspec.json.decode(raw, type=tuple[_Market, ...])
    return {prefix: market for market in markets for prefix in market.prefixes}
