"""A free text that WhatsApp found outside the customer's window is followed by its template, where it has one.

WhatsApp refuses a few texts although the customer has written (whatsapp.md 2.1), in its answer or in a later report.
The template is a message of its own: the policy judges it, the ledger sets its money aside, and reports of the text
cannot be taken for its own. Exactly one follows: the text is marked in the transaction that plans it.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from parley.domain.callback import DeliveryReport
from parley.domain.message import State
from parley.services.bear_with import PARKED, bear_with
from parley.services.hold_customers import hold_customers
from parley.services.move_messages import Change, move_locked
from parley.services.plan_messages import Ask, InPlaceOf, Wanted, plan_messages
from parley.store.database import Connection, Database
from parley.store.fallbacks import Refused, claim_refused, followed, put_off, refused_texts
from parley.store.messages import MessageRow, lock_messages

AT_ONCE = 100
FRESH = timedelta(hours=24)
"""What was refused longer ago is followed by nothing: its author meant it for then."""
_WAITING = frozenset({State.PLANNED, State.QUEUED})
_ARRIVED = frozenset({State.DELIVERED, State.READ})


async def fall_back(database: Database, now: datetime) -> int:
    """Says how many templates were planned, refused ones too."""
    async with database.transaction() as connection:
        found = await refused_texts(connection, AT_ONCE, now - FRESH, now)
        if not found:
            return 0
        held = await hold_customers(connection, {customer for _, _, customer in found})
        claimed = await claim_refused(connection, found, set(held.values()), now)

        async def follow(texts: Sequence[Refused]) -> list[UUID]:
            return await _follow(connection, texts, now)

        async def park(text: Refused) -> None:
            await put_off(connection, text, now + PARKED)

        return len(await bear_with(connection, claimed, follow, park)) if claimed else 0


async def _follow(connection: Connection, texts: Sequence[Refused], now: datetime) -> list[UUID]:
    by_project: dict[UUID, list[Refused]] = defaultdict(list)
    for text in texts:
        by_project[text.project_id].append(text)
    followers: dict[UUID, UUID] = {}
    for project_id, own in sorted(by_project.items()):
        wanted = [Wanted(text.customer_id, _template_of(text)) for text in own]
        planned = await plan_messages(connection, project_id, wanted, now)
        followers |= {text.id: follower for text, follower in zip(own, planned, strict=True)}
    await followed(connection, followers, texts)
    return list(followers.values())


def _template_of(text: Refused) -> Ask:
    other = text.content["other"]
    return Ask(
        preset=other["preset"],
        parameters=other["parameters"],
        variables={},
        origin=text.origin,
        sender=text.content["sender"],
        consent_category=text.consent_category,
        expires_at=text.expires_at,
        run_id=text.run_id,
        answers=text.content.get("answers"),
        in_place_of=InPlaceOf(text.id, text.left_at),
    )


async def take_back(connection: Connection, meant: Sequence[tuple[DeliveryReport, MessageRow]], now: datetime) -> None:
    """A text did arrive, whatever was said before: the template that waits in its place is not sent as well."""
    followers = [
        UUID(row.content["followed_by"])
        for report, row in meant
        if report.state in _ARRIVED and "followed_by" in row.content
    ]
    if followers:
        rows = [row for row in await lock_messages(connection, sorted(set(followers))) if row.state in _WAITING]
        await move_locked(connection, rows, [_taken_back(row.id, now) for row in rows], now)


def _taken_back(ident: UUID, now: datetime) -> Change:
    sentence = "The free text in whose place it was to leave has arrived after all."
    return Change(ident, State.CANCELLED, now, code="text_arrived", sentence=sentence)
