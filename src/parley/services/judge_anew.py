"""Messages that wait because of what a project has written down are judged anew once it says something else.

Here they only become due: whoever claims them judges them as ever. What waits for the provider's Retry-After or for a
rate waits for other reasons, and goes on waiting.

Whoever changes definitions has the project's locked (store.definitions), and planners, merges and callbacks with
keywords wait for it. So it only writes down what is to be judged anew (store.reevaluations); however many messages that
is, they become due afterwards, without the lock: a worker takes some at a time and commits, and one that vanishes
leaves the rest to the next.

None is missed. Whoever plans, claims or moves messages holds the definitions from before it reads them until it
commits, and whoever changes them locks them until it commits. So by then each judgement by the old ones is there to be
found, and whatever is judged later is judged by the new ones. A message that somebody has locked is passed over, but
not forgotten: it may be a merge that moves it as it is, or somebody who dies. As long as one waits that was not made
due, this is not over. What has been judged anew since the first look and still waits is left alone, or a change that
lets nothing go would have the same messages judged again and again.

A claim that meets a change leaves the project for its next turn; the others wait, in the order in which they came, so
that no flow of claims holds up a change.
"""

from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import msgspec

from parley.services.budgets import OVER_BUDGET
from parley.services.tiers import OVER_TIER
from parley.store.database import Connection, Database
from parley.store.messages import Waiting, last_judged, wake
from parley.store.reevaluations import ask_reevaluation, claim_reevaluation, finish, go_on_later, is_any_asked
from parley.store.wakeups import announce_work

AT_ONCE = 5_000
"""Messages in one transaction."""
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


async def ask_to_judge_anew(connection: Connection, project_id: UUID, what: Rewritten, now: datetime) -> None:
    """In the transaction that stores what it says, and has locked the definitions."""
    codes = _codes(what)
    if codes:
        sender = what.name if what.kind == "integration" else None
        await ask_reevaluation(connection, project_id, sender, codes, now)
        await announce_work(connection)


async def judge_anew(database: Database, now: datetime) -> int:
    """Makes some due of what is to be judged anew. 0 when nothing is left but what somebody else holds."""
    async with database.connection() as connection:
        if not await is_any_asked(connection):
            return 0
    return await database.run(partial(_judge_some, now=now))


async def _judge_some(connection: Connection, now: datetime) -> int:
    asked = await claim_reevaluation(connection)
    if asked is None:
        return 0
    waiting = Waiting(asked.project_id, asked.sender, asked.codes, asked.judged_until)
    waiting = msgspec.structs.replace(waiting, judged_until=await last_judged(connection, waiting, now))
    if waiting.judged_until is None:
        await finish(connection, asked)
        return 1
    woken = await wake(connection, waiting, AT_ONCE, now)
    if woken:
        await announce_work(connection)
    await go_on_later(connection, msgspec.structs.replace(asked, judged_until=waiting.judged_until), now)
    return woken


def _codes(what: Rewritten) -> list[str]:
    before, after = _fields(what.before), _fields(what.after)
    changed = {field for field in before | after if before.get(field) != after.get(field)}
    return [code for code, kind, fields in _RESTS_ON if kind == what.kind and (not fields or changed & {*fields})]


def _fields(body: str) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.json.decode(body) if body else {}
    return fields
