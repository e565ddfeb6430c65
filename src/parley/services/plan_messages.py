"""Plans messages: the facts are read, the texts personalised, the policy asked, and message and decision written.

In the transaction of whatever asks (house decision 2). A refusal is a row too: it says why.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from parley.domain.errors import InvalidInputError
from parley.domain.ids import bucket_of, new_id_in
from parley.domain.message import Kind, State
from parley.policy import Allow, Decision, Defer, Deny, decide
from parley.presets import Preset
from parley.services.campaign_event import campaign_event
from parley.services.definitions import ProjectDefinitions, project_definitions
from parley.services.facts import Subject, facts_of
from parley.services.people import Person, people
from parley.services.personalise import Skipped, personalise
from parley.services.record_events import record_events
from parley.store.database import Connection
from parley.store.messages import MessageRow, NewMessage, insert_messages
from parley.store.stops import Stops, stops_of
from parley.store.wakeups import announce_work
from parley.telemetry import REFUSALS

REPLY_PRIORITY, CAMPAIGN_PRIORITY = 0, 10
"""The lower goes first: whoever has just written is waiting for an answer."""
_STATES: dict[type, State] = {Allow: State.QUEUED, Defer: State.PLANNED, Deny: State.REFUSED}


class Wanted(msgspec.Struct, frozen=True):
    """Somebody asks for one message to one customer."""

    customer_id: UUID
    preset: str
    parameters: Mapping[str, Any]
    """Of the preset; texts may hold Jinja."""
    variables: Mapping[str, Any]
    """What Jinja sees beside the customer: event, scenario, action, reply."""
    origin: Mapping[str, Any]
    """What asks: scenario, node, journey; or campaign and run."""
    sender: str | None = None
    consent_category: str | None = None
    expires_at: datetime | None = None
    run_id: UUID | None = None
    """Of the campaign that asks."""


async def plan_messages(
    connection: Connection, project_id: UUID, wanted: Sequence[Wanted], now: datetime
) -> tuple[UUID, ...]:
    """The ids of the messages, refused ones too, in the order in which they were wanted."""
    known = await people(connection, {one.customer_id for one in wanted})
    return await plan_messages_to(connection, project_id, known, wanted, now)


async def plan_messages_to(
    connection: Connection, project_id: UUID, known: Mapping[UUID, Person], wanted: Sequence[Wanted], now: datetime
) -> tuple[UUID, ...]:
    """As `plan_messages`, to people whom this transaction has read already."""
    project = await project_definitions(connection, project_id)
    stops = await stops_of(connection, project_id)
    planned = [_plan(project, known[one.customer_id], one, stops, now) for one in wanted]
    await insert_messages(connection, project_id, planned, now)
    events = [campaign_event(_row(project_id, one, now), State(one.state), now, _said(one)) for one in planned]
    await record_events(connection, project_id, events, now)
    await announce_work(connection)
    return tuple(one.id for one in planned)


def _plan(
    project: ProjectDefinitions,
    person: Person,
    wanted: Wanted,
    stops: Stops,
    now: datetime,
) -> NewMessage:
    ident = new_id_in(bucket_of(person.customer.id))
    preset = project.presets.get(wanted.preset)
    kind = preset.purpose if preset else Kind.WEBHOOK
    parameters = _personalised(preset, person, wanted, ident, now)
    subject = Subject(kind, wanted.sender, wanted.consent_category, {} if isinstance(parameters, Deny) else parameters)
    facts = facts_of(project, person, subject, stops)
    decision = Decision(parameters, (), facts, now) if isinstance(parameters, Deny) else decide(facts, now)
    return _message(ident, person, wanted, subject, decision)


def _personalised(
    preset: Preset | None, person: Person, wanted: Wanted, ident: UUID, now: datetime
) -> dict[str, Any] | Deny:
    if preset is None:
        return Deny(
            "unknown_preset",
            f"The project has no preset {wanted.preset}.",
            "Correct the preset's name in the scenario, or apply a preset of that name.",
            {"asked_for": wanted.preset},
        )
    try:
        values = personalise(preset, wanted.parameters, person, wanted.variables, ident, now)
    except InvalidInputError as error:
        return Deny(
            "personalisation_failed",
            f"The message could not be personalised: {error}.",
            "Correct the text in the scenario; `parley preset preview` shows what a customer would get.",
            {"problems": [str(problem) for problem in error.problems]},
        )
    if isinstance(values, Skipped):
        return Deny("aborted", f"The author's {{% abort %}} skipped this customer. {values.reason}".strip(), "", {})
    return values


def _message(ident: UUID, person: Person, wanted: Wanted, subject: Subject, decision: Decision) -> NewMessage:
    verdict, facts = decision.verdict, decision.facts
    if isinstance(verdict, Deny):
        REFUSALS.labels(verdict.code).inc()
    return NewMessage(
        id=ident,
        customer_id=person.customer.id,
        kind=subject.kind.value,
        state=_STATES[type(verdict)].value,
        integration=facts.sender.name if facts.sender else None,
        account=facts.sender.account if facts.sender else None,
        recipient=facts.recipient,
        content={"preset": wanted.preset, "parameters": subject.parameters, "sender": wanted.sender},
        origin=dict(wanted.origin),
        consent_category=facts.consent_category,
        priority=REPLY_PRIORITY if facts.kind in (Kind.TEXT, Kind.MEDIA) else CAMPAIGN_PRIORITY,
        due_at=verdict.until if isinstance(verdict, Defer) else decision.at,
        expires_at=wanted.expires_at,
        decision={"planned": msgspec.to_builtins(decision)},
        outcome_code=None if isinstance(verdict, Allow) else verdict.code,
        outcome_sentence=None if isinstance(verdict, Allow) else verdict.sentence,
        run_id=wanted.run_id,
    )


def _row(project_id: UUID, planned: NewMessage, now: datetime) -> MessageRow:
    same = {name: getattr(planned, name) for name in MessageRow.__struct_fields__ if hasattr(planned, name)}
    return MessageRow(
        bucket=bucket_of(planned.id),
        project_id=project_id,
        attempts=0,
        provider_message_id=None,
        planned_at=now,
        changed_at=now,
        **same,
    )


def _said(planned: NewMessage) -> dict[str, Any]:
    if planned.outcome_code is None:
        return {}
    return {"code": planned.outcome_code, "error": planned.outcome_sentence}
