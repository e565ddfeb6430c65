"""What a rule can say. Each verdict carries its evidence: the facts it was taken from, which JSON can hold.

A time or an id stands in it as it is: whoever stores the decision writes it down once, and most are not read again.
"""

from datetime import UTC, datetime
from typing import Any

import msgspec

UNTIL_RELEASED = datetime(9998, 1, 1, tzinfo=UTC)
"""When a message is due that waits for a person: not before that person has it looked at again. It still expires."""


class Allow(msgspec.Struct, frozen=True, tag="allow", tag_field="verdict"):
    """This rule has nothing against it."""

    evidence: dict[str, Any] = {}


class Deny(msgspec.Struct, frozen=True, tag="deny", tag_field="verdict"):
    """It must not be sent, now or later."""

    code: str
    """Stable; docs/how-to/why-was-my-message-refused.md lists them all."""
    sentence: str
    remedy: str
    evidence: dict[str, Any] = {}


class Defer(msgspec.Struct, frozen=True, tag="defer", tag_field="verdict"):
    """Not now; ask again at `until`."""

    until: datetime
    code: str
    sentence: str
    remedy: str
    """What would let it go sooner, or that nothing need be done."""
    evidence: dict[str, Any] = {}


Verdict = Allow | Deny | Defer
