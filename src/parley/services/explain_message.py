"""Why a message was or was not sent: the stored decision, every state it reached, the journey that asked for it."""

from datetime import datetime
from uuid import UUID

import msgspec

from parley.domain.errors import ParleyError
from parley.domain.message import GOES_WELL, State
from parley.policy import Retaken, retake
from parley.services.definitions import project_definitions
from parley.services.list_messages import WaitsFor, what_it_waits_for
from parley.services.uncertain import what_to_do
from parley.store.database import Database
from parley.store.explanations import PastState, StepTaken, StoredMessage, message_by_id, states_of, steps_of
from parley.store.ledger import LedgerRow, entries_of

DECIDED = ("planned", "wire")
"""When a decision was taken: at planning, and just before it left (the last time)."""


class UnknownMessageError(ParleyError):
    """There is no message of that id. `parley message list CUSTOMER --project TOKEN` tells the ids of a customer's."""


class Explanation(msgspec.Struct, frozen=True):
    """Everything that is known of one message."""

    message: StoredMessage
    states: tuple[PastState, ...]
    steps: tuple[StepTaken, ...]
    costs: tuple[LedgerRow, ...] = ()
    """What the ledger says of it, in order."""
    retaken: dict[str, Retaken] = {}
    """Its decisions, taken again from what was stored."""
    waits: WaitsFor | None = None
    """What keeps it now; None when it does not wait."""
    remedy: str | None = None
    """Of an uncertain one: what a person can do."""

    @property
    def reason(self) -> tuple[str | None, str | None]:
        """Code and sentence: why it stands where it does."""
        message = self.message
        return (None, None) if message.state in GOES_WELL else (message.outcome_code, message.outcome_sentence)

    @property
    def in_place_of(self) -> str | None:
        """The free text that this template follows, because WhatsApp found it outside the window."""
        followed: str | None = self.message.content.get("in_place_of", {}).get("message")
        return followed

    @property
    def followed_by(self) -> str | None:
        """The template that follows this free text."""
        follower: str | None = self.message.content.get("followed_by")
        return follower


async def explain_message(
    database: Database, said_id: str, now: datetime, project_id: UUID | None = None
) -> Explanation:
    """By our id or the provider's, in one project or in all. Raises UnknownMessageError."""
    async with database.connection() as connection:
        message = await message_by_id(connection, said_id, project_id) if "\0" not in said_id else None
        if message is None:
            raise UnknownMessageError
        journey = message.origin.get("journey")
        steps = await steps_of(connection, UUID(journey)) if journey else []
        states = await states_of(connection, message)
        costs = await entries_of(connection, message.id)
        waits = await what_it_waits_for(connection, message, now)
        is_uncertain = message.state == State.UNCERTAIN
        project = await project_definitions(connection, message.project_id) if is_uncertain else None
    retaken = {step: retake(message.decision[step]) for step in DECIDED if step in message.decision}
    remedy = what_to_do(project, message.integration) if project else None
    return Explanation(message, tuple(states), tuple(steps), tuple(costs), retaken, waits, remedy)
