"""Keeps the registry and the provider of one mind: hands templates in, and looks at what became of them.

A hand-in or a look is claimed in the store, called with no transaction open, and recorded. Handing in twice does no
harm: before anything is sent the provider is asked for its copy. Looked at often is what waits for a decision; the rest
rarely, for the provider tells by itself when something happens (`heed_templates`).
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import msgspec
import structlog

from parley.domain.clock import Clock
from parley.domain.http import HttpResponse
from parley.providers.http import Wire
from parley.providers.sinch_provisioning.calls import (
    Refusal,
    correct_request,
    create_request,
    list_request,
    look_request,
)
from parley.providers.sinch_provisioning.shapes import read_one, read_page
from parley.queue.backoff import delay
from parley.services.definitions import ProjectDefinitions, project_definitions
from parley.services.heed_templates import NOT_HANDED_IN, heard_of, heed_list
from parley.services.provisioning import Account, Provisioning
from parley.services.registry import Origin, Said, change, note
from parley.services.secret_box import SecretBox
from parley.store.database import Connection, Database
from parley.store.definitions import lock_project
from parley.store.provider_templates import ProviderTemplate, keep_copies
from parley.store.templates import (
    Claimed,
    Looked,
    NewEntry,
    TemplateRow,
    claim_hand_ins,
    claim_looks,
    lock_template,
    look_no_more,
    look_soon,
    note_look,
    templates_of,
)
from parley.templates import MessageTemplate, Status
from parley.templates.copy import Copy, has_it

AT_ONCE = 10
CLAIM = timedelta(minutes=5)
"""A worker that vanished leaves its hand-ins and looks to another after that."""
STEP_SECONDS = 120.0
"""For all that one look or hand-in asks."""
PAGES = 10
"""Of 1,000: WhatsApp gives an account 6,000 templates at most (whatsapp.md 1.3)."""
SOONEST, LATEST, RARELY = timedelta(seconds=30), timedelta(minutes=15), timedelta(hours=6)
"""Between two looks while something waits for a decision: a tenth of how long it has waited; else rarely."""
UNDECIDED = frozenset({Status.SUBMITTED, Status.PAUSED})
assert timedelta(seconds=STEP_SECONDS) < CLAIM  # noqa: S101  a claim must outlive its work
T = TypeVar("T")


class TemplateSync:
    """One process's share. `step` belongs in a Loop."""

    def __init__(
        self, database: Database, box: SecretBox, wire: Wire, clock: Clock, chance: Callable[[], float]
    ) -> None:
        self._database = database
        self._clock = clock
        self._chance = chance
        self._provisioning = Provisioning(box, wire, clock, chance)

    async def step(self) -> int:
        """Hands in what is to be handed in, and looks where a look is due; says how many."""
        now = self._clock()
        async with self._database.transaction() as connection:
            names = await claim_hand_ins(connection, AT_ONCE, now, now + CLAIM)
            looks = await claim_looks(connection, AT_ONCE, now, now + CLAIM)
        await _each(*(self._hand_in(project_id, name) for project_id, name in names))
        await _each(*(self._look(claimed, now + CLAIM) for claimed in looks))
        return len(names) + len(looks)

    async def close(self) -> None:
        """Ends what is asked for at the moment; the claim's end lets another do it."""
        await self._provisioning.close()

    async def _look(self, claimed: Claimed, until: datetime) -> None:
        async with self._database.connection() as connection:
            project = await project_definitions(connection, claimed.project_id)
        integration = project.integrations.get(claimed.sender)
        account = self._provisioning.account(project, integration) if integration else None
        if account is None:
            async with self._database.transaction() as connection:
                await look_no_more(connection, claimed.project_id, claimed.sender)
            return
        found = await self._in_time(self._list(account))
        now = self._clock()
        async with self._database.transaction() as connection:
            if not isinstance(found, Refusal):
                await keep_copies(
                    connection, claimed.project_id, claimed.sender, _kept(claimed.sender, found, now), now
                )
                await heed_list(connection, claimed.project_id, claimed.sender, found, now)
            rows = await templates_of(connection, claimed.project_id)
            await note_look(connection, claimed, self._looked(claimed, found, rows, now), until)

    def _looked(
        self, claimed: Claimed, found: Mapping[str, Copy] | Refusal, rows: Sequence[TemplateRow], now: datetime
    ) -> Looked:
        if isinstance(found, Refusal):
            failures = claimed.failures + 1
            pause = timedelta(seconds=delay(failures + _FIRST_STEP, self._chance()))
            return Looked(now + pause, None, failures, found.sentence)
        return Looked(now + next_look(rows, claimed.sender, now), now, 0, None)

    async def _list(self, account: Account) -> dict[str, Copy] | Refusal:
        copies: dict[str, Copy] = {}
        token = ""
        for _ in range(PAGES):
            answer = await self._provisioning.call(account, list_request(account.project, token))
            if isinstance(answer, Refusal):
                return answer
            page = read_page(answer.body)
            copies.update(page.copies)
            token = page.next_page_token
            if not token:
                return copies
        return Refusal("too_many", f"The account has more than {PAGES * 1000} templates.", passes=True)

    async def _hand_in(self, project_id: UUID, name: str) -> None:
        async with self._database.connection() as connection:
            project = await project_definitions(connection, project_id)
            row = next((row for row in await templates_of(connection, project_id) if row.name == name), None)
        template = _by_name(project).get(name)
        if row is None or template is None or row.hand_in_by is None:
            return
        account = self._account(project, row.hand_in_by)
        answer = _NO_ACCOUNT if account is None else await self._in_time(self._submit(account, template))
        async with self._database.transaction() as connection:
            await self._record(connection, project_id, row, template, answer)

    def _account(self, project: ProjectDefinitions, sender: str) -> Account | None:
        integration = project.integrations.get(sender)
        return self._provisioning.account(project, integration) if integration else None

    async def _submit(self, account: Account, template: MessageTemplate) -> Copy | Refusal:
        """The provider's copy after it took it, or has it already."""
        known = await self._provisioning.call(account, look_request(account.project, template))
        if isinstance(known, Refusal):
            if known.code not in _UNKNOWN:
                return known
            return _copy(await self._provisioning.call(account, create_request(account.project, template)))
        copy = read_one(known.body)
        if has_it(template, copy):
            return copy
        answer = await self._correct(account, template, with_category=True)
        if isinstance(answer, Refusal) and answer.code in _CATEGORY_STAYS:
            answer = await self._correct(account, template, with_category=False)
        return _copy(answer)

    async def _correct(
        self, account: Account, template: MessageTemplate, *, with_category: bool
    ) -> HttpResponse | Refusal:
        request = correct_request(account.project, template, with_category=with_category)
        return await self._provisioning.call(account, request)

    async def _in_time(self, work: Awaitable[T]) -> T | Refusal:
        try:
            async with asyncio.timeout(STEP_SECONDS):
                return await work
        except TimeoutError:
            return Refusal("too_slow", "The provider took too long.", passes=True)
        except msgspec.DecodeError:
            return Refusal("unreadable", "The provider's answer could not be read.", passes=True)

    async def _record(
        self,
        connection: Connection,
        project_id: UUID,
        before: TemplateRow,
        template: MessageTemplate,
        answer: Copy | Refusal,
    ) -> None:
        """Unless another text was applied meanwhile, or the order was taken back."""
        now = self._clock()
        await lock_project(connection, project_id)
        row = await lock_template(connection, project_id, before.name)
        if row is None or row.version != before.version or row.hand_in_by is None:
            return
        if isinstance(answer, Refusal):
            await self._record_refusal(connection, project_id, row, answer, now)
            return
        sender = row.hand_in_by
        done = msgspec.structs.replace(row, problem=None, hand_in_at=None, hand_in_by=None, hand_in_failures=0)
        await note(connection, project_id, row.name, NewEntry("handed_in", Origin.PARLEY, said_by=sender), now)
        after = heard_of(done, template, sender, answer)
        await change(connection, project_id, row, after, Said(Origin.PROVIDER, sender, answer.reason), now)
        await look_soon(connection, project_id, sender, now + SOONEST)

    async def _record_refusal(
        self, connection: Connection, project_id: UUID, row: TemplateRow, refusal: Refusal, now: datetime
    ) -> None:
        failures = row.hand_in_failures + 1
        again = now + timedelta(seconds=delay(failures + _FIRST_STEP, self._chance())) if refusal.passes else None
        after = msgspec.structs.replace(
            row,
            problem=NOT_HANDED_IN + refusal.sentence,
            hand_in_at=again,
            hand_in_by=row.hand_in_by if again else None,
            hand_in_failures=failures if again else 0,
        )
        said = Said(Origin.PROVIDER, row.hand_in_by, refusal.sentence)
        if again is None:
            entry = NewEntry("refused", said.origin, after=refusal.code, said_by=said.by, reason=said.reason)
            await note(connection, project_id, row.name, entry, now)
        await change(connection, project_id, row, after, said, now)


async def _each(*works: Coroutine[Any, Any, None]) -> None:
    """One that breaks, for a secret that does not open, does not hold back the others; it is claimed again later."""
    for broken in await asyncio.gather(*works, return_exceptions=True):
        if isinstance(broken, Exception):
            structlog.get_logger().error("a template's work broke", error=str(broken), exc_info=broken)


def next_look(rows: Sequence[TemplateRow], sender: str, now: datetime) -> timedelta:
    """Until the next one."""
    waits = [now - row.status_at for row in rows if row.status in UNDECIDED and row.sender in (None, sender)]
    return min(LATEST, max(SOONEST, min(waits) / 10)) if waits else RARELY


_FIRST_STEP = 4
"""The back-off begins with some 10 seconds."""
_UNKNOWN = frozenset({"template_not_found"})
_CATEGORY_STAYS = frozenset({"template_category_not_updatable"})
_NO_ACCOUNT = Refusal(
    "no_provisioning", "The integration is gone, or has no Provisioning API: say its status by hand.", passes=False
)


def _copy(answer: HttpResponse | Refusal) -> Copy | Refusal:
    return answer if isinstance(answer, Refusal) else read_one(answer.body)


def _kept(sender: str, copies: Mapping[str, Copy], now: datetime) -> list[ProviderTemplate]:
    """PostgreSQL knows no text with a zero in it: nobody could ask for such a name."""
    return [
        ProviderTemplate(sender, name, one.state, one.category, one.quality, one.reason, one.details, now)
        for name, one in copies.items()
        if "\0" not in name
    ]


def _by_name(project: ProjectDefinitions) -> dict[str, MessageTemplate]:
    return {".".join(key): template for key, template in project.templates.items()}
