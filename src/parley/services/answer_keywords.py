"""A customer says STOP, START, HELP or a project's own keyword: the consent follows at once, and it is answered once.

In the transaction that stores the message: what waits in the queue is refused when its turn comes (the policy asks the
suppression list again). Whoever shares the number is meant, too.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from parley.domain.callback import InboundMessage
from parley.domain.consent import CONSENT, UNLIMITED, Action, ConsentEntry, standing
from parley.domain.double_opt_in import asked
from parley.domain.event import NewEvent
from parley.domain.phone import match_key_of_wa_id
from parley.domain.suppression import Reason, Scope, Suppression
from parley.integrations import Integration
from parley.journeys import SendText
from parley.keywords import LONGEST, AutoResponse, ConsentAction, Heard, shipped
from parley.services.confirm_consents import confirmation
from parley.services.definitions import ProjectDefinitions, project_definitions
from parley.services.facts import DEFAULT_CATEGORY
from parley.services.native_sends import form_of
from parley.services.people import Person, people
from parley.services.plan_messages import Ask, Wanted, plan_messages
from parley.services.record_events import record_events
from parley.services.set_properties import phone_address
from parley.store.customers import all_owners
from parley.store.database import Connection
from parley.store.suppressions import NewSuppression, keep_answer, last_answer, lift, suppress

SAME_AGAIN = timedelta(hours=1)
"""Who says the same keyword again within it has been answered already. After a STOP silence has no end."""
KEYWORD = "keyword"
"""The source of such a consent."""


class Spoken(msgspec.Struct, frozen=True):
    """A new inbound message, and who wrote it."""

    integration: Integration
    message: InboundMessage
    customer_id: UUID
    texts: tuple[str, ...]
    """What was said: a button's payload, its title, the words."""
    awaited: bool
    """A scenario has asked the customer something."""


async def answer_keywords(connection: Connection, project_id: UUID, spoken: Sequence[Spoken], now: datetime) -> None:
    """In the order of the messages. Most say no keyword, and cost a look into the book."""
    short = [one for one in spoken if any(0 < len(text) <= LONGEST for text in one.texts)]
    if not short:
        return
    project = await project_definitions(connection, project_id)
    for one in short:
        heard = project.keywords.hear(one.texts, one.integration.name)
        if heard is not None:
            await _heed(
                connection, _Matter(project_id, project, one, heard, min(one.message.occurred_at or now, now)), now
            )


class _Matter(msgspec.Struct, frozen=True):
    """One keyword, and all that is needed to follow it."""

    project_id: UUID
    project: ProjectDefinitions
    spoken: Spoken
    heard: Heard
    at: datetime
    """When it was said."""

    @property
    def address(self) -> str:
        return self.spoken.message.sender


async def _heed(connection: Connection, matter: _Matter, now: datetime) -> None:
    action = matter.heard.response.action
    everybody = await _everybody(connection, matter)
    known = await people(connection, everybody)
    writer = known[matter.spoken.customer_id]
    stopped = _is_stopped(writer)
    if matter.heard.is_weak and matter.spoken.awaited and not stopped:
        return  # the word is an answer to what the scenario has asked
    if _ends_everything(matter.heard.response):
        await _stop(connection, matter)
    said = [event for person in known.values() for event in _consents(matter, person)]
    if action is ConsentAction.CONFIRM and not said:
        return  # nobody was asked: the word means something else
    if action in (ConsentAction.GRANT, ConsentAction.CONFIRM):
        await lift(connection, matter.project_id, matter.address, [Reason.STOP], matter.at)
    await record_events(connection, matter.project_id, said, now)
    if not await _was_answered(connection, matter, stopped=stopped, now=now):
        await _answer(connection, matter, writer, now)


async def _everybody(connection: Connection, matter: _Matter) -> list[UUID]:
    """Whoever has the number, whichever of them it was found by."""
    number = match_key_of_wa_id(matter.address)
    shared = await all_owners(connection, matter.project_id, phone_address(number)) if number else []
    return list(dict.fromkeys([matter.spoken.customer_id, *shared]))


def _ends_everything(response: AutoResponse) -> bool:
    """Who ends the offers alone still wants the rest. STOP itself is heard as WhatsApp wants it, whatever is set."""
    return response.action is ConsentAction.REVOKE and (not response.categories or response.name in shipped())


def _is_stopped(person: Person) -> bool:
    since = [one.since for one in person.suppressions if one.reason is Reason.STOP]
    return bool(since) and (person.agreed_at is None or person.agreed_at <= max(since))


async def _stop(connection: Connection, matter: _Matter) -> None:
    line = Suppression(Reason.STOP, Scope.ALL, matter.at)
    said = NewSuppression(matter.address, line, by_whom=f"keyword {matter.heard.response.name}")
    await suppress(connection, matter.project_id, [said])


def _consents(matter: _Matter, person: Person) -> Iterator[NewEvent]:
    response = matter.heard.response
    match response.action:
        case ConsentAction.REVOKE:
            names = response.categories or tuple(dict.fromkeys([*matter.project.consent_categories, *person.consents]))
            yield from (_consent(matter, person, name, Action.REJECT) for name in names)
        case ConsentAction.GRANT:
            names = response.categories or restorable(person.consents, matter.at) or (DEFAULT_CATEGORY,)
            yield from (_consent(matter, person, name, Action.ACCEPT) for name in names)
        case ConsentAction.CONFIRM:
            yield from _confirmations(matter, person)
        case ConsentAction.NONE:
            return


def _confirmations(matter: _Matter, person: Person) -> Iterator[NewEvent]:
    wanted = matter.heard.response.categories
    for category, entries in person.consents.items():
        question = asked(entries, matter.at)
        if question is not None and (not wanted or category in wanted):
            proof, same = _proof(matter), _sameness(matter, category)
            yield confirmation(person.customer.id, question, matter.at, proof, same)


def restorable(consents: Mapping[str, Sequence[ConsentEntry]], now: datetime) -> tuple[str, ...]:
    """Categories in which the last word is a keyword's, and the one before it an agreement that has not ended."""
    found = []
    for name, entries in consents.items():
        last, before = standing(entries, now), standing([one for one in entries if one.source != KEYWORD], now)
        revoked_so = last is not None and last.source == KEYWORD and last.action is Action.REJECT
        if revoked_so and before is not None and before.action is Action.ACCEPT and not _is_over(before, now):
            found.append(name)
    return tuple(found)


def _is_over(entry: ConsentEntry, now: datetime) -> bool:
    return entry.valid_until is not None and entry.valid_until <= now


def _consent(matter: _Matter, person: Person, category: str, action: Action) -> NewEvent:
    properties: dict[str, Any] = {
        "action": action.value,
        "category": category,
        "valid_until": UNLIMITED,
        **_proof(matter),
    }
    same = _sameness(matter, category)
    return NewEvent(person.customer.id, CONSENT, matter.at, properties, same, source=KEYWORD)


def _proof(matter: _Matter) -> dict[str, str]:
    message_id = matter.spoken.message.message_id
    return {"said": matter.heard.said, "message_id": message_id, "keyword": matter.heard.response.name}


def _sameness(matter: _Matter, category: str) -> str:
    return f"keyword:{matter.spoken.integration.name}:{matter.spoken.message.message_id}:{category}"


async def _was_answered(connection: Connection, matter: _Matter, *, stopped: bool, now: datetime) -> bool:
    """A STOP is confirmed once, until the person agrees again; anything else not twice in a row."""
    response = matter.heard.response
    if response.action is ConsentAction.REVOKE and stopped:
        return True
    last = await last_answer(connection, matter.project_id, matter.address)
    in_a_row = last is not None and last[0] == response.name and now - last[1] < SAME_AGAIN
    return in_a_row and response.action is not ConsentAction.REVOKE


async def _answer(connection: Connection, matter: _Matter, writer: Person, now: datetime) -> None:
    response, integration = matter.heard.response, matter.spoken.integration
    spoken_language = writer.customer.properties.get("language")
    language = spoken_language if isinstance(spoken_language, str) else None
    text = response.reply_in(language, matter.heard.language)
    if text is None:
        return
    send = SendText(scenario="", node="", text=text, preview_url=False, sender=integration.name, expires_at=None)
    preset, parameters = form_of(send, integration.api)
    ask = Ask(
        preset=preset,
        parameters=parameters,
        variables={"project": matter.project.about},
        origin={"keyword": response.name, "keyword_said": matter.heard.said},
        sender=integration.name,
        answers=response.name,
    )
    await plan_messages(connection, matter.project_id, [Wanted(writer.customer.id, ask)], now)
    await keep_answer(connection, matter.project_id, matter.address, response.name, now)
