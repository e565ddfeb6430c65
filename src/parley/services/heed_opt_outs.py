"""A person stopped us at WhatsApp or at the provider: that is an opt-out of what it covers, and enters the ledger.

It is told in two ways: by the failure of a message (131050: marketing only; a number that Sinch lists as opted out:
everything), and by the provider's own word on an opt-in or opt-out. That word is mostly the echo of our upload; then it
says what became of the upload, and nothing about the customer.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from parley.domain.callback import ConsentReport, DeliveryReport
from parley.domain.consent import CONSENT, UNLIMITED, Action
from parley.domain.customer import WhatsAppSender
from parley.domain.event import NewEvent
from parley.domain.message import State, may_become
from parley.domain.phone import match_key_of_wa_id
from parley.domain.suppression import Reason, Scope, Suppression
from parley.policy.upload_holds import OPT_IN, OPT_OUT
from parley.services.definitions import ProjectDefinitions, project_definitions
from parley.services.facts import DEFAULT_CATEGORY
from parley.services.find_or_create_by_address import find_or_create_by_address
from parley.services.move_messages import Change, move_messages
from parley.services.record_events import record_events, record_held_events
from parley.store.consents import consents_of
from parley.store.database import Connection
from parley.store.messages import MessageRow
from parley.store.suppressions import NewSuppression, lift, suppress
from parley.store.uploads import Upload, uploads_of

PROVIDER = "provider"
"""The source of such a consent."""
ECHO = timedelta(days=2)
"""The provider's word on an upload comes within seconds; while callbacks are away it repeats for up to 46 hours."""
_SCOPES = {"marketing_opted_out": Scope.MARKETING, "not_opted_in": Scope.ALL}


async def heed_refusals(
    connection: Connection, failed: Sequence[tuple[DeliveryReport, MessageRow]], now: datetime
) -> None:
    """Of messages that this transaction has locked, as they stood before."""
    for report, row in failed:
        scope = _covered(report, row)
        if scope is None or row.recipient is None:
            continue
        at = min(report.occurred_at or now, now)
        line = NewSuppression(
            row.recipient,
            Suppression(Reason.PROVIDER, scope, at),
            PROVIDER,
            f"WhatsApp said {report.provider_code}, message {row.id}",
        )
        await suppress(connection, row.project_id, [line])
        project = await project_definitions(connection, row.project_id)
        names = await _withdrawn(connection, project, row.customer_id, scope)
        said = {"message_id": report.message_id, "note": report.sentence}
        told = f"provider:{row.id}:{scope}"
        events = _consents(row.customer_id, names, Action.REJECT, at, told, said)
        await record_held_events(connection, row.project_id, list(events), now)


def _covered(report: DeliveryReport, row: MessageRow) -> Scope | None:
    """The old API says no_opt_in of a number whose consent was not uploaded: that is no word of the person."""
    if report.state is not State.FAILED or not may_become(State(row.state), State.FAILED):
        return None
    by_old_api = report.fields.get("provider") != "sinch_conversation"
    return None if report.code == "not_opted_in" and by_old_api else _SCOPES.get(report.code or "")


async def _withdrawn(
    connection: Connection, project: ProjectDefinitions, customer_id: UUID, scope: Scope
) -> tuple[str, ...]:
    if scope is Scope.MARKETING:
        return tuple(name for name, one in project.consent_categories.items() if one.purpose == "marketing")
    said = (await consents_of(connection, [customer_id]))[customer_id]
    return tuple(dict.fromkeys([*project.consent_categories, *said]))


async def heed_lists(connection: Connection, project_id: UUID, reports: Sequence[ConsentReport], now: datetime) -> None:
    """The provider's own words on opt-ins and opt-outs, in the order of their time."""
    if not reports:
        return
    ordered = sorted(reports, key=lambda one: one.occurred_at or now)
    customers = await find_or_create_by_address(connection, project_id, [_person(one) for one in ordered], now)
    for report, customer_id in zip(ordered, customers, strict=True):
        upload = await _echoed(connection, customer_id, report, now)
        if upload is not None:
            await move_messages(connection, [_settled(upload, report, now)], now)
        elif report.succeeded:
            await _believe(connection, project_id, _Word(report, customer_id, min(report.occurred_at or now, now)), now)


class _Word(msgspec.Struct, frozen=True):
    """What the provider says of one person, who is not the echo of an upload."""

    report: ConsentReport
    customer_id: UUID
    at: datetime


def _person(report: ConsentReport) -> WhatsAppSender:
    bare = report.identity.lstrip("+")
    return WhatsAppSender(report.identity, match_key_of_wa_id(report.identity), bare if bare.isdecimal() else None)


async def _echoed(connection: Connection, customer_id: UUID, report: ConsentReport, now: datetime) -> Upload | None:
    action = OPT_IN if report.opted_in else OPT_OUT
    known = await uploads_of(connection, [customer_id], now - ECHO)
    return next((one for one in known if one.action == action and one.left), None)


def _settled(upload: Upload, report: ConsentReport, now: datetime) -> Change:
    at = report.occurred_at or now
    if report.succeeded:
        return Change(upload.message_id, State.DELIVERED, at)
    sentence = report.sentence or "The provider did not take it, and gave no reason."
    return Change(upload.message_id, State.FAILED, at, code="upload_refused", sentence=sentence)


async def _believe(connection: Connection, project_id: UUID, word: _Word, now: datetime) -> None:
    """Another system of the shop's, or the person at the provider: the ledger takes it down."""
    address = word.report.identity
    project = await project_definitions(connection, project_id)
    if word.report.opted_in:
        await lift(connection, project_id, address, [Reason.PROVIDER], word.at)
        action = Action.ACCEPT
    else:
        line = Suppression(Reason.PROVIDER, Scope.ALL, word.at)
        await suppress(connection, project_id, [NewSuppression(address, line, PROVIDER, word.report.sentence)])
        action = Action.REJECT
    withdrawn = await _withdrawn(connection, project, word.customer_id, Scope.ALL)
    names = (DEFAULT_CATEGORY,) if word.report.opted_in else withdrawn
    told = f"provider:{address}:{action}:{word.at.isoformat()}"
    events = _consents(word.customer_id, names, action, word.at, told, {"note": "told by the provider"})
    await record_events(connection, project_id, list(events), now)


def _consents(
    customer_id: UUID, names: Sequence[str], action: Action, at: datetime, told: str, said: dict[str, Any]
) -> Iterator[NewEvent]:
    for name in names:
        properties = {"action": action.value, "category": name, "valid_until": UNLIMITED, **said}
        yield NewEvent(customer_id, CONSENT, at, properties, f"{told}:{name}", source=PROVIDER)
