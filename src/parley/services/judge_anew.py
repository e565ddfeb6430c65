"""Messages that wait because of what a project has written down are judged anew once it says something else; so are
those that wait for a template or a sender, once it is released or stands elsewhere.

Here they only become due: whoever claims them judges them as ever. What waits for the provider's Retry-After or for a
rate waits for other reasons, and goes on waiting.

Whoever changes something only writes down what is to be judged anew (store.reevaluations), in the same transaction;
however many messages that is, and whoever judges at that moment, he waits for nobody. All else is done by a worker, in
transactions of its own, and one that vanishes leaves the rest to the next.

None is missed. Whoever plans or claims messages holds the project's definitions (store.definitions) from before it
reads them, or stops, until it commits. A worker first looks who does, which is after the change: whoever comes later
judges by the new ones. Once all of those have ended, each judgement by the old ones is there to be found: what waits
then, up to its last message, is all there is to do. It is gone through in the order of the ids, which a message keeps
whatever happens to it, some at a time. One that somebody has locked is passed over, but not forgotten: it may be a
merge that moves it as it is, or somebody who dies. Each message becomes due once by this, or a change that lets nothing
go would have the same messages judged again and again.

Nobody waits for a worker: it locks nothing that planners, claims or callbacks want, and only looks whether those have
ended. Nor can anybody keep it: whoever begins after its first look, however many and however they overlap, is not
waited for. So it begins at the first look after the longest of those that it saw then has ended; and the server ends a
transaction that stands still (store.database.STANDING_SECONDS). A step looks for a second, and the next one comes a few
seconds later (JUDGE_SECONDS in the wiring); what has waited longest has its turn then, whichever project's it is.
"""

import asyncio
from collections.abc import Collection
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import msgspec

from parley.services.budgets import OVER_BUDGET
from parley.services.tiers import OVER_TIER
from parley.store.database import Connection, Database
from parley.store.definitions import holders_of_definitions
from parley.store.reevaluations import (
    Concerned,
    Reevaluation,
    ask_reevaluation,
    claim_reevaluation,
    finish,
    go_on_later,
    is_any_asked,
    last_put_off,
    make_due,
    next_put_off,
    still_put_off,
)
from parley.store.wakeups import announce_work

AT_ONCE = 5_000
"""Messages in one transaction, those included that were passed over."""
LOOKS, LOOK_SECONDS = 20, 0.05
"""How often a step looks whether those who judged are done, and how long it rests before each of these looks."""
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
    """In the transaction that stores what it says."""
    codes = _codes(what)
    if codes:
        sender = what.name if what.kind == "integration" else None
        await ask_about(connection, project_id, Concerned(sender=sender), codes, now)


async def ask_about(
    connection: Connection, project_id: UUID, concerned: Concerned, codes: Collection[str], now: datetime
) -> None:
    """What waits for these reasons. In the transaction that changes what they rest on."""
    await ask_reevaluation(connection, project_id, concerned, codes, now)
    await announce_work(connection)


async def judge_anew(database: Database, now: datetime) -> int:
    """Makes some due of what is to be judged anew. 0 when nothing is left but what somebody else holds."""
    async with database.connection() as connection:
        if not await is_any_asked(connection):
            return 0
    return await database.run(partial(_go_on, now=now))


async def _go_on(connection: Connection, now: datetime) -> int:
    asked = await claim_reevaluation(connection)
    if asked is None:
        return 0
    if asked.last is None:
        return await _begin(connection, asked, now)
    return await _judge_some(connection, asked, now)


async def _begin(connection: Connection, asked: Reevaluation, now: datetime) -> int:
    judging = await _still_judging(connection, asked)
    if judging:
        await go_on_later(connection, msgspec.structs.replace(asked, judging=[*judging]), now)
        return 0
    last = await last_put_off(connection, asked)
    if last is None:
        await finish(connection, asked)
    else:
        await go_on_later(connection, msgspec.structs.replace(asked, last=last), now)
    return 1


async def _still_judging(connection: Connection, asked: Reevaluation) -> set[str]:
    """Of those who did when a worker first looked: none of them, or those who are not done soon."""
    judging = await holders_of_definitions(connection, asked.project_id)
    if asked.judging is not None:
        judging &= {*asked.judging}
    for _ in range(LOOKS):
        if not judging:
            break
        await asyncio.sleep(LOOK_SECONDS)
        judging &= await holders_of_definitions(connection, asked.project_id)
    return judging


async def _judge_some(connection: Connection, asked: Reevaluation, now: datetime) -> int:
    room = AT_ONCE - len(asked.passed_over)
    coming = await next_put_off(connection, asked, room, now)
    wanted = [*asked.passed_over, *(one.id for one in coming if one.is_meant)]
    made_due = await make_due(connection, asked, wanted, now)
    left = await still_put_off(connection, asked, wanted, now) if made_due < len(wanted) else []
    if made_due:
        await announce_work(connection)
    if len(coming) < room and not left:
        await finish(connection, asked)
        return max(made_due, 1)
    reached = coming[-1].id if coming else asked.reached
    await go_on_later(connection, msgspec.structs.replace(asked, reached=reached, passed_over=left), now)
    return made_due or len(coming)


def _codes(what: Rewritten) -> list[str]:
    before, after = _fields(what.before), _fields(what.after)
    changed = {field for field in before | after if before.get(field) != after.get(field)}
    return [code for code, kind, fields in _RESTS_ON if kind == what.kind and (not fields or changed & {*fields})]


def _fields(body: str) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.json.decode(body) if body else {}
    return fields
