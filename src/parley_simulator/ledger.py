"""What must still be known after a long run, small enough to be kept for all of it; the journal keeps the newest only.

Of every accepted send: whose it was, and of which states the shop was told and said 2xx. Of every callback that was
answered 2xx: the hash of its bytes, the forged ones apart. Of everything else: counts.
"""

from collections import Counter
from hashlib import sha256

import msgspec

MESSAGES_CEILING = 1_000_000
CALLBACKS_CEILING = 4_000_000
PAGE_CEILING = 10_000


class Send(msgspec.Struct):
    """One accepted send. `heard`: the states that the shop acknowledged, in the order in which it did."""

    id: str
    our_id: str
    number: str
    heard: list[str] = []


class Tally(msgspec.Struct, frozen=True):
    """Alike exchanges. The fields are the journal's."""

    kind: str
    name: str
    status: int
    outcome: str
    fault: str


class Ledger:
    """Grows until its ceilings; `is_whole` says whether anything had to be left out."""

    def __init__(self) -> None:
        self.is_whole = True
        self.tallies: Counter[Tally] = Counter()
        self._sends: dict[str, Send] = {}
        self._hashes: dict[str, None] = {}
        self._forged: dict[str, None] = {}

    def accepted(self, send: Send) -> None:
        """One more."""
        if len(self._sends) < MESSAGES_CEILING:
            self._sends[send.id] = send
        else:
            self.is_whole = False

    def acknowledged(self, body: bytes, told: list[tuple[str, str]]) -> None:
        """The shop answered a genuine callback with 2xx; `told` is (message id, state)."""
        for ident, state in told:
            send = self._sends.get(ident)
            if send is not None and state and state not in send.heard:
                send.heard.append(state)
        self._keep(self._hashes, body)

    def forged(self, body: bytes) -> None:
        """A callback with a wrong signature was sent, whatever the shop answered."""
        self._keep(self._forged, body)

    def sends(self, after: int, limit: int) -> list[Send]:
        """A page, in the order in which they were accepted."""
        return list(self._sends.values())[after : after + limit]

    def hashes(self, after: int, limit: int) -> list[str]:
        """A page of what was acknowledged, SHA-256 in hex, each once."""
        return list(self._hashes)[after : after + limit]

    def forged_hashes(self, after: int, limit: int) -> list[str]:
        """The same of what was forged."""
        return list(self._forged)[after : after + limit]

    @property
    def totals(self) -> dict[str, int]:
        """Accepted sends, and callbacks with different bytes."""
        return {"sends": len(self._sends), "callbacks": len(self._hashes), "forged": len(self._forged)}

    def _keep(self, hashes: dict[str, None], body: bytes) -> None:
        if len(hashes) < CALLBACKS_CEILING:
            hashes[sha256(body).hexdigest()] = None
        else:
            self.is_whole = False
