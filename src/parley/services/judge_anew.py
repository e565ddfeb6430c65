"""Messages that wait because of what a project has written down are judged anew once it says something else.

Here they only become due: whoever claims them judges them as ever. What waits for the provider's Retry-After or for a
rate waits for other reasons, and goes on waiting.

None is missed. Whoever plans, claims or moves messages holds the project's definitions (store.definitions) from before
it reads them until it commits, and whoever changes them locks them from before it looks here until it commits: so each
judgement is either there to be found, or made by the new definitions. A claim that meets a change leaves the project
for its next turn; the others wait, in the order in which they came, so that no flow of claims holds up a change.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from parley.services.budgets import OVER_BUDGET
from parley.services.tiers import OVER_TIER
from parley.store.database import Connection
from parley.store.messages import look_again
from parley.store.wakeups import announce_work

QUIET_HOURS, FREQUENCY_WAITS = "quiet_hours", "frequency_waits"
_RESTS_ON: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (QUIET_HOURS, "settings", ("quiet_hours", "time_zone")),
    (FREQUENCY_WAITS, "settings", ("time_zone",)),
    (FREQUENCY_WAITS, "frequency_policy", ()),
    (OVER_BUDGET, "settings", ("costs",)),
    (OVER_BUDGET, "rate_card", ()),
    (OVER_TIER, "integration", ()),
)
"""Why the policy lets a message wait, and what that rests on: a kind of definition, and which of its fields; () is all
of it.
"""


class Rewritten(msgspec.Struct, frozen=True):
    """A definition says `after` where it said `before`, both JSON; empty where there is none."""

    kind: str
    name: str
    before: str
    after: str


async def judge_anew(connection: Connection, project_id: UUID, what: Rewritten, now: datetime) -> None:
    """In the transaction that stores what it says, and has locked the definitions."""
    codes = _codes(what)
    if codes:
        sender = what.name if what.kind == "integration" else None
        await look_again(connection, project_id, sender, codes, now)
        await announce_work(connection)


def _codes(what: Rewritten) -> list[str]:
    before, after = _fields(what.before), _fields(what.after)
    changed = {field for field in before | after if before.get(field) != after.get(field)}
    return [code for code, kind, fields in _RESTS_ON if kind == what.kind and (not fields or changed & {*fields})]


def _fields(body: str) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.json.decode(body) if body else {}
    return fields
