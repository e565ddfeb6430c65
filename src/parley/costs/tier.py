"""Volume tiers: the more was charged in a month, the less the next message costs. Marginal, not retroactive."""

from decimal import Decimal

import msgspec


class Tier(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`bounds[i]` is how many messages of a month cost `rates[i]` or less before it; the last rate is open."""

    bounds: tuple[int, ...]
    rates: tuple[Decimal, ...]


def rate_after(tier: Tier, charged_before: int) -> Decimal:
    """The rate of the next message when so many were charged this month."""
    step = sum(bound <= charged_before for bound in tier.bounds)
    return tier.rates[step]


def charge_for(tier: Tier, count: int, charged_before: int = 0) -> Decimal:
    """What `count` messages cost together. Raises ValueError for a negative count."""
    if count < 0 or charged_before < 0:
        raise ValueError("messages are counted from zero")
    total, left, at = Decimal(0), count, charged_before
    for bound, rate in zip((*tier.bounds, at + count), tier.rates, strict=True):
        part = max(0, min(left, bound - at))
        total, left, at = total + part * rate, left - part, at + part
    return total
