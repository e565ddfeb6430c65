"""What a person told WhatsApp or the provider instead of us: write to me no more.

WhatsApp tells it by refusing a message with 131050: the person stopped marketing from this business, and marketing only
(whatsapp.md 6). Sinch tells it by an opt-out on its own list, which its opt-in takes back.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from parley.domain.callback import ConsentReport, DeliveryReport
from parley.domain.consent import CONSENT, UNLIMITED, Action
from parley.domain.event import NewEvent
from parley.domain.message import State, may_become
from parley.domain.suppression import Reason, Scope, Suppression
from parley.services.definitions import ProjectDefinitions, project_definitions
from parley.services.record_events import record_held_events
from parley.store.database import Connection
from parley.store.messages import MessageRow
from parley.store.suppressions import NewSuppression, lift, suppress

MARKETING_OPTED_OUT = "marketing_opted_out"
PROVIDER = "provider"
"""The source of such a withdrawal."""


async def heed_refusals(
    connection: Connection, meant: Sequence[tuple[DeliveryReport, MessageRow]], now: datetime
) -> None:
    """Of messages that this transaction has locked; rows as they stood before, so that a report counts once."""
    opted_out = [
        (report, row)
        for report, row in meant
        if report.code == MARKETING_OPTED_OUT and row.recipient and may_become(State(row.state), State.FAILED)
    ]
    for report, row in opted_out:
        at = min(report.occurred_at or now, now)
        line = Suppression(Reason.PROVIDER, Scope.MARKETING, at)
        said = NewSuppression(row.recipient or "", line, by_whom="WhatsApp 131050", note=f"message {row.id}")
        await suppress(connection, row.project_id, [said])
        project = await project_definitions(connection, row.project_id)
        await record_held_events(connection, row.project_id, list(_withdrawals(project, row, at)), now)


def _withdrawals(project: ProjectDefinitions, row: MessageRow, at: datetime) -> Iterator[NewEvent]:
    """In the categories for marketing: the ledger says what became of the consent."""
    for name, category in project.consent_categories.items():
        if category.purpose == "marketing":
            properties = {
                "action": Action.REJECT.value,
                "category": name,
                "valid_until": UNLIMITED,
                "message_id": row.provider_message_id or str(row.id),
                "note": "131050: stopped marketing at WhatsApp",
            }
            yield NewEvent(row.customer_id, CONSENT, at, properties, f"131050:{row.id}:{name}", source=PROVIDER)


async def heed_lists(connection: Connection, project_id: UUID, reports: Sequence[ConsentReport], now: datetime) -> None:
    """The provider's own list, as it stands after each: it refuses whom it has opted out, so nothing is sent there."""
    for report in reports:
        if not report.succeeded or not report.identity:
            continue
        at = min(report.occurred_at or now, now)
        if report.opted_in:
            await lift(connection, project_id, report.identity, [Reason.PROVIDER], at)
        else:
            line = Suppression(Reason.PROVIDER, Scope.ALL, at)
            await suppress(
                connection, project_id, [NewSuppression(report.identity, line, by_whom="the provider's list")]
            )
