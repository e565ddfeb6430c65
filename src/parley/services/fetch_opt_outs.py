"""Follows who is on the consent lists of an app at Sinch: an opt-out there is one here, from the moment it was made.

Fetched as often as one likes: what is known already changes nothing, and an agreement that came later stands.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from parley.domain.clock import Clock
from parley.domain.consent import CONSENT, UNLIMITED, Action
from parley.domain.customer import Address, AddressKind
from parley.domain.errors import InvalidInputError, ParleyError, Problem
from parley.domain.event import NewEvent
from parley.domain.http import HttpRequest, HttpResponse
from parley.domain.message import NotAccepted
from parley.domain.phone import match_key_of_wa_id
from parley.domain.project import Project
from parley.domain.suppression import Reason, Scope, Suppression
from parley.integrations import Integration
from parley.providers.http import NotSentError, UnansweredError, Wire
from parley.providers.oauth2 import TokenSource
from parley.providers.sinch_conversation.consent_lists import (
    LISTS,
    ConsentList,
    audit_request,
    list_request,
    read_list,
    read_since,
)
from parley.queue.steady import steady_clock
from parley.services.definitions import ProjectDefinitions, project_definitions
from parley.services.heed_opt_outs import PROVIDER
from parley.services.look_at_provider import Account, account_at_provider, what_it_says
from parley.services.record_events import record_events
from parley.services.secret_box import SecretBox
from parley.services.set_properties import phone_address
from parley.store.consents import consents_of
from parley.store.customers import owners_of
from parley.store.database import Connection, Database
from parley.store.suppressions import NewSuppression, suppress

CALL_SECONDS = 10.0
PAGES = 20_000
"""Of one list: a million numbers."""
_SCOPES: Mapping[ConsentList, Scope] = {"OPT_OUT_ALL": Scope.ALL, "OPT_OUT_MARKETING": Scope.MARKETING}
"""Nothing of ours is a scope for notifications alone."""
_PURPOSES: Mapping[ConsentList, str] = {"OPT_OUT_MARKETING": "marketing", "OPT_OUT_NOTIFICATION": "transactional"}


class NotFetchedError(ParleyError):
    """The provider did not show its lists."""


class FetchedList(msgspec.Struct, frozen=True):
    """What one list came to."""

    name: str
    numbers: int
    customers: int
    """Of the project, with one of those numbers."""
    entries: int
    """New in the ledger."""


class _OptOut(msgspec.Struct, frozen=True):
    identity: str
    at: datetime
    dated: bool
    """Does Sinch say when?"""


class OptOutLists:
    """What is needed to ask Sinch once, from a command."""

    def __init__(
        self, database: Database, box: SecretBox, wire: Wire, clock: Clock, chance: Callable[[], float]
    ) -> None:
        self._database = database
        self._box = box
        self._clock = clock
        self._tokens = TokenSource(wire, steady_clock, chance)

    async def fetch(self, project: Project, sender: str | None) -> list[FetchedList]:
        """List by list, a page in a transaction. Raises InvalidInputError, NotFetchedError."""
        async with self._database.connection() as connection:
            defined = await project_definitions(connection, project.id)
        account = account_at_provider(self._box, defined, _integration(defined, sender))
        return [await self._list(project, defined, account, name) for name in LISTS]

    async def close(self) -> None:
        """Ends what is asked for at the moment."""
        await self._tokens.close()

    async def _list(
        self, project: Project, defined: ProjectDefinitions, account: Account, name: ConsentList
    ) -> FetchedList:
        told, token = FetchedList(name, 0, 0, 0), ""
        for _ in range(PAGES):
            page = read_list((await self._get(account, list_request(account.app, name, token))).body)
            out = [await self._since(account, name, one.identity) for one in page.identities]
            async with self._database.transaction() as connection:
                customers, entries = await _follow(connection, project.id, defined, (name, out), self._clock())
            told = FetchedList(name, told.numbers + len(out), told.customers + customers, told.entries + entries)
            token = page.next_page_token or ""
            if not token:
                break
        return told

    async def _since(self, account: Account, name: ConsentList, identity: str) -> _OptOut:
        now = self._clock()
        at = read_since((await self._get(account, audit_request(account.app, identity))).body, name)
        return _OptOut(identity, min(at or now, now), at is not None)

    async def _get(self, account: Account, request: HttpRequest) -> HttpResponse:
        try:
            answer = what_it_says(await self._tokens.send(request, account.credentials, CALL_SECONDS), self._clock())
        except (NotSentError, UnansweredError, TimeoutError) as error:
            raise NotFetchedError(f"Sinch could not be asked: {str(error) or 'it took too long.'}") from error
        if isinstance(answer, NotAccepted):
            raise NotFetchedError(f"Sinch does not show its consent lists: {answer.sentence}")
        return answer


def _integration(project: ProjectDefinitions, sender: str | None) -> Integration:
    found = project.sender(sender)
    if found is None or found.api != "sinch_conversation":
        able = [name for name, one in project.integrations.items() if one.api == "sinch_conversation"]
        known = ", ".join(sorted(able)) or "none"
        raise InvalidInputError(
            [Problem("sender", f"Only the Conversation API has consent lists; name one of: {known}.")]
        )
    return found


async def _follow(
    connection: Connection,
    project_id: UUID,
    project: ProjectDefinitions,
    page: tuple[ConsentList, Sequence[_OptOut]],
    now: datetime,
) -> tuple[int, int]:
    """How many customers there are, and how many entries were new."""
    name, out = page
    scope = _SCOPES.get(name)
    if scope is not None:
        note = f"on Sinch's list {name}"
        lines = [
            NewSuppression(one.identity, Suppression(Reason.PROVIDER, scope, one.at), PROVIDER, note) for one in out
        ]
        await suppress(connection, project_id, lines)
    by_address = {_address(one.identity): one for one in out}
    owners = await owners_of(connection, project_id, by_address)
    said = await consents_of(connection, {ident for _, ident in owners})
    events: dict[UUID, list[NewEvent]] = defaultdict(list)
    for address, ident in owners:
        withdrawn = _withdrawn(project, name, said[ident])
        events[ident] += _rejections(ident, by_address[address], name, withdrawn)
    new = await record_events(connection, project_id, [one for each in events.values() for one in each], now)
    return len(events), len(new)


def _address(identity: str) -> Address:
    number = match_key_of_wa_id(identity)
    return phone_address(number) if number else Address(AddressKind.WHATSAPP, AddressKind.WHATSAPP.value, identity)


def _withdrawn(project: ProjectDefinitions, name: ConsentList, said: Mapping[str, object]) -> list[str]:
    purpose = _PURPOSES.get(name)
    if purpose is None:
        return list(dict.fromkeys([*project.consent_categories, *said]))
    return [category for category, one in project.consent_categories.items() if one.purpose == purpose]


def _rejections(ident: UUID, out: _OptOut, name: ConsentList, categories: Sequence[str]) -> Iterator[NewEvent]:
    for category in categories:
        properties = {
            "action": Action.REJECT.value,
            "category": category,
            "valid_until": UNLIMITED,
            "note": f"on Sinch's list {name}" + ("" if out.dated else ", which does not say since when"),
        }
        since = out.at.isoformat() if out.dated else "undated"
        same = f"provider:{name}:{out.identity}:{since}:{category}"
        yield NewEvent(ident, CONSENT, out.at, properties, same, source=PROVIDER)
