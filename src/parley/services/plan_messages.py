"""Plans messages: the facts are read, the texts personalised, the policy asked, and message and decision written.

In the transaction of whatever asks (house decision 2). A refusal is a row too: it says why.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from parley.domain.errors import InvalidInputError
from parley.domain.event import NewEvent
from parley.domain.ids import bucket_of, new_id_in
from parley.domain.message import Kind, State
from parley.policy import Allow, Decision, Defer, Deny, Facts, decide
from parley.policy.upload_holds import OPT_OUT
from parley.services.campaign_event import campaign_event
from parley.services.cheapest import Weighed, cheapest
from parley.services.definitions import ProjectDefinitions, project_definitions
from parley.services.facts import Subject, facts_of
from parley.services.frequencies import Frequencies, frequencies_of
from parley.services.people import Person, people
from parley.services.personalise import Personaliser, Skipped, personaliser
from parley.services.price_messages import Till, book_reservations, estimate_said, origin_of, till_in
from parley.services.record_events import record_held_events
from parley.store.database import Connection
from parley.store.definitions import hold_definitions
from parley.store.messages import NewMessage, insert_messages
from parley.store.stops import Stops, stops_of
from parley.store.wakeups import announce_work
from parley.telemetry import REFUSALS

REPLY_PRIORITY, CAMPAIGN_PRIORITY = 0, 10
"""The lower goes first: whoever has just written is waiting for an answer."""
_STATES: dict[type, State] = {Allow: State.QUEUED, Defer: State.PLANNED, Deny: State.REFUSED}
_NOTHING: dict[str, Any] = {}


class Ask(msgspec.Struct, frozen=True):
    """A message that somebody wants sent, to one customer or to many."""

    preset: str
    parameters: Mapping[str, Any]
    """Of the preset; texts may hold Jinja."""
    variables: Mapping[str, Any]
    """What Jinja sees beside the customer: event, scenario, action, reply."""
    origin: dict[str, Any]
    """What asks: scenario, node, journey; or campaign and run."""
    sender: str | None = None
    consent_category: str | None = None
    expires_at: datetime | None = None
    run_id: UUID | None = None
    """Of the campaign that asks."""
    answers: str | None = None
    """The keyword of the customer that this answers."""
    instead: "Ask | None" = None
    """The free text that may leave in its place."""
    in_place_of: "InPlaceOf | None" = None
    """It follows that text, and its texts are final."""


class InPlaceOf(msgspec.Struct, frozen=True):
    """A free text that WhatsApp found outside the customer's window."""

    message: UUID
    window_closed_at: datetime


def with_instead(ask: Ask, form: tuple[str, dict[str, Any]] | None) -> Ask:
    """`form` is the preset and the parameters of the free text."""
    if form is None:
        return ask
    preset, parameters = form
    return msgspec.structs.replace(ask, instead=msgspec.structs.replace(ask, preset=preset, parameters=parameters))


class Wanted(msgspec.Struct, frozen=True):
    """A message to one customer."""

    customer_id: UUID
    ask: Ask


async def plan_messages(
    connection: Connection, project_id: UUID, wanted: Sequence[Wanted], now: datetime
) -> tuple[UUID, ...]:
    """The ids of the messages, refused ones too, in the order in which they were wanted.

    To customers whom this transaction holds against a merge.
    """
    known = await people(connection, {one.customer_id for one in wanted})
    return await plan_messages_to(connection, project_id, known, wanted, now)


async def plan_messages_to(
    connection: Connection, project_id: UUID, held: Mapping[UUID, Person], wanted: Sequence[Wanted], now: datetime
) -> tuple[UUID, ...]:
    """As `plan_messages`, to people whom this transaction has read, too."""
    events = await _write(connection, project_id, held, wanted, now)
    await record_held_events(connection, project_id, list(events.values()), now)
    await announce_work(connection)
    return tuple(events)


class Rehearsal:
    """What `plan_messages` would write at one moment; nothing is written. Messages count for those that follow."""

    def __init__(self, project_id: UUID, project: ProjectDefinitions, till: Till, now: datetime) -> None:
        self.project = project
        self._project_id = project_id
        self._till = till
        self._now = now

    async def plan(self, connection: Connection, known: Mapping[UUID, Person], ask: Ask) -> list[NewMessage]:
        """To each of them."""
        return await self.plan_each(connection, known, [Wanted(ident, ask) for ident in known])

    async def plan_each(
        self, connection: Connection, known: Mapping[UUID, Person], wanted: Sequence[Wanted]
    ) -> list[NewMessage]:
        """To some of them, perhaps several to one."""
        read = await _read(connection, self._project_id, self.project, known, self._now, self._till)
        desk, planned = _Desk(self.project, read, self._now), list[NewMessage]()
        for one in wanted:
            planned.append(desk.plan(known[one.customer_id], one.ask))
            await asyncio.sleep(0)  # a server has others to answer
        return planned


async def rehearsal(connection: Connection, project_id: UUID, now: datetime) -> Rehearsal:
    """From what is known now of the month's counts and of the budgets."""
    project = await project_definitions(connection, project_id)
    till = await till_in(connection, project_id, project, now, asked=True)
    return Rehearsal(project_id, project, till, now)


async def _write(
    connection: Connection, project_id: UUID, known: Mapping[UUID, Person], wanted: Sequence[Wanted], now: datetime
) -> dict[UUID, NewEvent]:
    """The event of each message, by the message's id, in the order in which they were wanted."""
    concerned = {one.customer_id: known[one.customer_id] for one in wanted}
    desk = await _desk(connection, project_id, concerned, now)
    planned = [desk.plan(known[one.customer_id], one.ask) for one in wanted]
    for one in planned:
        if one.state == State.REFUSED and one.outcome_code is not None:
            REFUSALS.labels(one.outcome_code).inc()
    await insert_messages(connection, project_id, planned, now)
    await book_reservations(connection, project_id, planned, now)
    return {one.id: campaign_event(one, State(one.state), now, _said(one)) for one in planned}


class _Read(msgspec.Struct, frozen=True):
    """What the messages of one transaction are judged by, beside the project and the people."""

    stops: Stops
    frequencies: Frequencies
    till: Till


async def _desk(connection: Connection, project_id: UUID, concerned: Mapping[UUID, Person], now: datetime) -> "_Desk":
    await hold_definitions(connection, [project_id])
    project = await project_definitions(connection, project_id)
    till = await till_in(connection, project_id, project, now)
    return _Desk(project, await _read(connection, project_id, project, concerned, now, till), now)


async def _read(
    connection: Connection,
    project_id: UUID,
    project: ProjectDefinitions,
    concerned: Mapping[UUID, Person],
    now: datetime,
    till: Till,
) -> _Read:
    stops = await stops_of(connection, project_id)
    return _Read(stops, await frequencies_of(connection, project, concerned, now, hold=False), till)


class _Letter(msgspec.Struct, frozen=True):
    """What an ask comes to before any customer is known."""

    kind: Kind
    personaliser: Personaliser | Deny


class _Draft(msgspec.Struct, frozen=True):
    """One form of a message, judged."""

    ask: Ask
    parameters: Mapping[str, Any]
    weighed: Weighed


class _Desk:
    """Plans the messages of one project in one transaction."""

    def __init__(self, project: ProjectDefinitions, read: _Read, now: datetime) -> None:
        self._project = project
        self._read = read
        self._now = now
        self._letters: dict[int, _Letter] = {}
        """By the identity of the ask, which whoever wants it holds on to."""

    def plan(self, person: Person, ask: Ask) -> NewMessage:
        ident = new_id_in(bucket_of(person.customer.id))
        draft = self._draft(person, ask, ident)
        other = None
        if ask.instead is not None:
            draft, other = _chosen(draft, self._draft(person, ask.instead, ident))
        decision, origin = draft.weighed.decision, origin_of(ask.origin)
        quote = self._read.till.decided(decision.verdict, origin, None, draft.weighed.quote)
        message = _message(ident, person, ask, decision)
        return msgspec.structs.replace(message, content=_content(draft, other), quote=quote)

    def _draft(self, person: Person, ask: Ask, ident: UUID) -> _Draft:
        letter = self._letters.get(id(ask))
        if letter is None:
            letter = self._letters[id(ask)] = self._letter(ask)
        parameters = self._personalised(letter, person, ident)
        filled_in = _NOTHING if isinstance(parameters, Deny) else parameters
        closed_at = ask.in_place_of.window_closed_at if ask.in_place_of else None
        subject = Subject(
            letter.kind, ask.sender, ask.consent_category, filled_in, ask.expires_at, ask.answers, closed_at
        )
        facts = self._read.frequencies.seen(
            facts_of(self._project, person, subject, self._read.stops), person.customer.id
        )
        facts, quote = self._read.till.seen(facts, origin_of(ask.origin))
        decision = (
            Decision(parameters, (), facts, self._now) if isinstance(parameters, Deny) else decide(facts, self._now)
        )
        return _Draft(ask, filled_in, Weighed(decision, quote))

    def _letter(self, ask: Ask) -> _Letter:
        preset = self._project.presets.get(ask.preset)
        if preset is not None and ask.in_place_of is not None:
            return _Letter(preset.purpose, Personaliser(dict(ask.parameters), (), {}, ()))
        if preset is not None:
            return _Letter(preset.purpose, personaliser(preset, ask.parameters, ask.variables))
        unknown = Deny(
            "unknown_preset",
            f"The project has no preset {ask.preset}.",
            "Correct the preset's name in the scenario, or apply a preset of that name.",
            {"asked_for": ask.preset},
        )
        return _Letter(Kind.WEBHOOK, unknown)

    def _personalised(self, letter: _Letter, person: Person, ident: UUID) -> dict[str, Any] | Deny:
        if isinstance(letter.personaliser, Deny):
            return letter.personaliser
        try:
            values = letter.personaliser.values(person, ident, self._now)
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


def _chosen(first: _Draft, second: _Draft) -> tuple[_Draft, _Draft]:
    """And the other."""
    taken = cheapest(first.weighed, second.weighed)
    draft, other = (first, second) if taken.is_template == first.weighed.is_template else (second, first)
    return msgspec.structs.replace(draft, weighed=taken), other


def _message(ident: UUID, person: Person, ask: Ask, decision: Decision) -> NewMessage:
    verdict, facts = decision.verdict, decision.facts
    return NewMessage(
        id=ident,
        customer_id=person.customer.id,
        kind=facts.kind.value,
        state=_STATES[type(verdict)].value,
        integration=facts.sender.name if facts.sender else None,
        account=facts.sender.account if facts.sender else None,
        recipient=facts.recipient,
        content=_NOTHING,
        origin=ask.origin,
        consent_category=facts.consent_category,
        priority=_priority(facts),
        due_at=min(verdict.until, ask.expires_at or verdict.until) if isinstance(verdict, Defer) else decision.at,
        expires_at=ask.expires_at,
        decision={"planned": decision},
        outcome_code=None if isinstance(verdict, Allow) else verdict.code,
        outcome_sentence=None if isinstance(verdict, Allow) else verdict.sentence,
        run_id=ask.run_id,
    )


def _priority(facts: Facts) -> int:
    """Whoever has just written waits for the answer, and whoever left is out before anybody else is in."""
    is_first = facts.kind in (Kind.TEXT, Kind.MEDIA) or facts.upload == OPT_OUT
    return REPLY_PRIORITY if is_first else CAMPAIGN_PRIORITY


def _content(draft: _Draft, other: _Draft | None) -> dict[str, Any]:
    ask = draft.ask
    content = {"preset": ask.preset, "parameters": draft.parameters, "sender": ask.sender}
    if ask.answers is not None:
        content["answers"] = ask.answers
    if ask.in_place_of is not None:
        content["in_place_of"] = msgspec.to_builtins(ask.in_place_of)
    if other is not None:
        kind = other.weighed.decision.facts.kind.value
        content["other"] = {"kind": kind, "preset": other.ask.preset, "parameters": other.parameters}
    return content


def _said(planned: NewMessage) -> dict[str, Any]:
    costs = estimate_said(planned.quote)
    if planned.outcome_code is None:
        return costs
    return {"code": planned.outcome_code, "error": planned.outcome_sentence, **costs}
