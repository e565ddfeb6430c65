"""How long to wait before trying again."""

BASE_SECONDS = 1.0
CEILING_SECONDS = 300.0
"""Towards somebody else's server, which may have been taken out by those who ask it too often."""


def delay(attempt: int, chance: float, ceiling: float = CEILING_SECONDS) -> float:
    """Seconds before attempt number `attempt` + 1: doubling from one second to the ceiling, with jitter.

    `chance` is a random number in [0, 1): the wait lies between half and the whole of the step, so that many who failed
    together do not come back together.
    """
    step = min(ceiling, BASE_SECONDS * 2.0 ** min(attempt - 1, 30))
    return step * (0.5 + chance / 2)
