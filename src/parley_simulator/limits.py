"""Token buckets, in virtual time."""

from datetime import datetime

from parley_simulator.clock import Clock


class Bucket:
    """Holds up to `size` tokens and refills `rate` per virtual second. A rate of 0 means no limit."""

    def __init__(self, clock: Clock, size: float, rate: float) -> None:
        self._clock = clock
        self._size = size
        self._rate = rate
        self._left = size
        self._at: datetime = clock.now()

    def take(self) -> bool:
        """Is there a token for this request?"""
        now = self._clock.now()
        self._left = min(self._size, self._left + (now - self._at).total_seconds() * self._rate)
        self._at = now
        if self._rate and self._left < 1:
            return False
        self._left -= 1
        return True
