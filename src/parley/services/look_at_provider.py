"""Looks for uncertain messages in the provider's own list, by the id of ours that each of them carries.

Found is proof: the message was accepted. Not found proves nothing where the app keeps no messages, and little where it
does. A look is claimed in the store, called with no transaction open, and noted; there are only so many of them.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import msgspec

from parley.domain.clock import Clock
from parley.domain.http import HttpRequest, HttpResponse
from parley.domain.message import NotAccepted, State
from parley.integrations import Integration
from parley.presets import meaning, parameters_of, shipped
from parley.providers.http import NotSentError, UnansweredError, Wire
from parley.providers.oauth2 import Credentials, TokenSource
from parley.providers.sinch_conversation.listing import (
    App,
    Keeping,
    Kept,
    app_request,
    messages_request,
    read_keeping,
    read_page,
)
from parley.queue.steady import steady_clock
from parley.services.definitions import ProjectDefinitions, open_secrets, project_definitions
from parley.services.move_messages import Change, move_messages
from parley.services.receive_reports import join_early_reports
from parley.services.secret_box import SecretBox
from parley.services.uncertain import NO_WORD
from parley.store.database import Database
from parley.store.messages import MessageRow
from parley.store.settling import Look, claim_unlooked, note_looks

LOOKS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 720, 1440))
"""When it is looked for, counted from when it became uncertain: what the provider took shows at once, or late."""
NO_MORE = timedelta(days=2)
"""Nobody looks for what has been uncertain so long: it waits for a report, the project's rule, or a person."""
AT_ONCE = 20
CALL_SECONDS = 10.0
LOOK_SECONDS = 30.0
"""For all that one look asks."""
CLAIM = timedelta(seconds=120)
"""A worker that vanished while it looked leaves the look to another after that."""
PAGES = 5
BEFORE = timedelta(hours=3)
"""How much older than its uncertainty its acceptance can be: a lease, a call, and a clock that is hours wrong."""
assert timedelta(seconds=LOOK_SECONDS) < CLAIM  # noqa: S101  a claim must outlive its look


class Found(msgspec.Struct, frozen=True):
    """The provider has it."""

    kept: Kept


class NotFound(msgspec.Struct, frozen=True):
    """It may help to look again, not before `retry_after` seconds."""

    sentence: str
    retry_after: float = 0.0


class NothingToLookIn(msgspec.Struct, frozen=True):
    """No later look will find more."""

    sentence: str


Seen = Found | NotFound | NothingToLookIn


class Account(msgspec.Struct, frozen=True):
    """An app, and what it takes to ask."""

    app: App
    credentials: Credentials


class Looker:
    """One process's share of looking. `step` belongs in a Loop."""

    def __init__(
        self, database: Database, box: SecretBox, wire: Wire, clock: Clock, chance: Callable[[], float]
    ) -> None:
        self._database = database
        self._box = box
        self._clock = clock
        self._tokens = TokenSource(wire, steady_clock, chance)

    async def step(self) -> int:
        """Looks once for some messages whose next look is due; says for how many."""
        now = self._clock()
        async with self._database.transaction() as connection:
            rows = await claim_unlooked(connection, AT_ONCE, now - NO_MORE, now - LOOKS[0], now, now + CLAIM)
            projects = {row.project_id: await project_definitions(connection, row.project_id) for row in rows}
        seen = await asyncio.gather(*(self._look(row, projects[row.project_id]) for row in rows))
        await self._record(list(zip(rows, seen, strict=True)))
        return len(rows)

    async def close(self) -> None:
        """Ends what is asked for at the moment; the claim's end lets another look."""
        await self._tokens.close()

    async def _look(self, row: MessageRow, project: ProjectDefinitions) -> Seen:
        account = self._account(row, project)
        if isinstance(account, NothingToLookIn):
            return account
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                return await self._ask(account, row)
        except (NotSentError, UnansweredError, TimeoutError) as error:
            return NotFound(f"The provider could not be asked: {str(error) or 'it took too long.'}")
        except msgspec.DecodeError:
            return NotFound("The provider's answer could not be read.")

    def _account(self, row: MessageRow, project: ProjectDefinitions) -> Account | NothingToLookIn:
        integration = project.integrations.get(row.integration or "")
        if integration is None or integration.account_name != row.account or row.recipient is None:
            return NothingToLookIn("It was sent by no integration that the project has now, so nobody can ask for it.")
        if integration.api != "sinch_conversation":
            return NothingToLookIn(NO_WORD)
        return account_at_provider(self._box, project, integration)

    async def _ask(self, account: Account, row: MessageRow) -> Seen:
        answer = await self._get(account, app_request(account.app))
        if isinstance(answer, NotFound):
            return answer
        keeping = read_keeping(answer.body)
        if not keeping.days:
            return NothingToLookIn(
                "The app at Sinch keeps no messages (its retention is 0 days): asking proves nothing."
            )
        return await self._search(account, keeping, row)

    async def _search(self, account: Account, keeping: Keeping, row: MessageRow) -> Seen:
        token = ""
        for _ in range(PAGES):
            since = row.changed_at - BEFORE
            answer = await self._get(account, messages_request(account.app, keeping, row.recipient or "", since, token))
            if isinstance(answer, NotFound):
                return answer
            page = read_page(answer.body)
            kept = next((one for one in page.messages if one.metadata == str(row.id)), None)
            if kept is not None:
                return Found(kept)
            token = page.next_page_token or ""
            if not token:
                break
        return NotFound(f"Sinch keeps messages for {keeping.days} days and lists none to this person with our id.")

    async def _get(self, account: Account, request: HttpRequest) -> HttpResponse | NotFound:
        answer = what_it_says(await self._tokens.send(request, account.credentials, CALL_SECONDS), self._clock())
        if isinstance(answer, NotAccepted):
            return NotFound(f"The provider could not be asked: {answer.sentence}", answer.retry_after or 0.0)
        return answer

    async def _record(self, seen: Sequence[tuple[MessageRow, Seen]]) -> None:
        now = self._clock()
        changes = [_accepted(row, one.kept, now) for row, one in seen if isinstance(one, Found)]
        looks = [_note(row, one, now) for row, one in seen if not isinstance(one, Found)]
        async with self._database.transaction() as connection:
            if changes:
                await move_messages(connection, changes, now)
                await join_early_reports(connection, [row for row, _ in seen], changes, now)
            if looks:
                await note_looks(connection, looks)


def account_at_provider(box: SecretBox, project: ProjectDefinitions, integration: Integration) -> Account:
    """Of an integration of the Conversation API, its secrets in the open."""
    given = _DEFAULTS | open_secrets(box, project, integration.account)
    app = App(given["base_url"], given["project_id"], given["app_id"])
    return Account(app, Credentials(given["auth_url"], given["key_id"], given["key_secret"]))


def what_it_says(answer: HttpResponse | NotAccepted, now: datetime) -> HttpResponse | NotAccepted:
    """A refusal by its status, as every HTTP server means it."""
    told = answer if isinstance(answer, NotAccepted) else meaning(_Plain(), answer, 0, now)
    return told if isinstance(told, NotAccepted) else answer


class _Plain(msgspec.Struct, frozen=True):
    """Nothing but what every HTTP server means."""

    answers: tuple[()] = ()


_DEFAULTS = {
    parameter.name: parameter.default
    for parameter in parameters_of(shipped()["sinch-conversation-template"])
    if parameter.name in ("base_url", "auth_url")
}
"""Said once, in the shipped preset."""


def _accepted(row: MessageRow, kept: Kept, now: datetime) -> Change:
    sentence = "It stands in the provider's list, under our id."
    return Change(
        row.id, State.ACCEPTED, now, provider_message_id=kept.id, code="found_at_provider", sentence=sentence
    )  # fmt: skip


def _note(row: MessageRow, seen: NotFound | NothingToLookIn, now: datetime) -> Look:
    note = {"looked": {"at": now.isoformat(), "sentence": seen.sentence}}
    return Look(row, _next_look(row, seen, now), note)


def _next_look(row: MessageRow, seen: NotFound | NothingToLookIn, now: datetime) -> datetime:
    end = row.changed_at + NO_MORE
    if isinstance(seen, NothingToLookIn):
        return end
    following = (row.changed_at + after for after in LOOKS)
    asked = now + timedelta(seconds=seen.retry_after)
    return max(next((moment for moment in following if moment > now), end), asked)
