"""How a bench tells its result: the median of its rounds, their spread, and the ratio to the floor."""

from collections.abc import Mapping, Sequence
from statistics import median


def print_ratio(name: str, unit: str, ours: Sequence[float], floor: Sequence[float]) -> None:
    """Rates of the same rounds, in their order. The ratio is the median of the rounds' own ratios."""
    ratios = [mine / bare for mine, bare in zip(ours, floor, strict=True)]
    print(f"{name}: {_rates(ours)} {unit}; floor {_rates(floor)}; ratio {_ratio(ratios)}", flush=True)


def print_costs(rounds: Sequence[Mapping[str, float]]) -> None:
    """What `Cpu.per_unit` found in each of them."""
    told = (f"{name} {_rates([one[name] for one in rounds])}" for name in rounds[0])
    print(f"  µs of a processor each: {', '.join(told)}", flush=True)


def print_busy(rounds: Mapping[str, Sequence[float]]) -> None:
    """What `Processors.busy` found in each round of each kind."""
    told = (f"{median(parts):.0%} {kind}" for kind, parts in rounds.items())
    print(f"  processors busy: {', '.join(told)}", flush=True)


def _rates(rates: Sequence[float]) -> str:
    return f"{median(rates):,.0f} ({min(rates):,.0f} to {max(rates):,.0f})"


def _ratio(ratios: Sequence[float]) -> str:
    return f"{median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f})"
