"""Takes messages whose time has come: in one transaction locked, judged again, rendered and marked *sending*."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from parley.costs import Quote
from parley.domain.errors import InvalidInputError
from parley.domain.message import Kind, State
from parley.policy import Allow, Decision, Defer, Deny, Facts, decide
from parley.presets import Aborted, Context, OwnTexts, Preset, RenderedRequest, Renderer
from parley.services.bear_with import PARKED, bear_with
from parley.services.cheapest import Weighed, cheapest, other_form
from parley.services.definitions import ProjectDefinitions, open_secrets
from parley.services.expire_messages import expiry
from parley.services.facts import facts_of, sender_of, subject_of
from parley.services.frequencies import Frequencies, frequencies_of
from parley.services.move_messages import Change, move_locked
from parley.services.pairs import Pairs, pair_of, pairs_in
from parley.services.patience import LEASE
from parley.services.people import Person, people
from parley.services.personalise import at_the_wire, kind_of_form
from parley.services.price_messages import Till, origin_of, quote_of, till_in
from parley.services.secret_box import SecretBox
from parley.services.tiers import NO_PLACES, Tiers, places_in
from parley.services.turns import Held, Turns
from parley.store.database import Connection, Database, transaction_of
from parley.store.lanes import Lane
from parley.store.messages import MessageRow, claim_due
from parley.store.pairs import Pair
from parley.store.stops import Stops, stops_of
from parley.store.uploads import opt_ins_under_way
from parley.telemetry import REFUSALS


class Call(msgspec.Struct, frozen=True):
    """One request about to leave, and the messages in it: one, or several of a preset that takes batches."""

    preset: Preset
    rendered: RenderedRequest
    messages: tuple[MessageRow, ...]
    """As the claim left them: *sending*, one try further."""
    asks: bool = False
    """Is the sender's provider back, which was away? No other call asks that meanwhile."""

    @property
    def lane(self) -> Lane:
        """One for all of them: they leave by the same account."""
        return self.messages[0].lane


class Claim(msgspec.Struct, frozen=True):
    """Which messages one claim marked as *sending*. Its time tells it from every other claim of the same messages:
    those two would have to begin in the same microsecond.
    """

    messages: tuple[MessageRow, ...]
    """As it left them, if it counts."""
    left_at: datetime
    lease_until: datetime


class UnansweredClaimError(Exception):
    """Its commit got no answer, so nobody knows whether it counts; no call was begun by it."""

    def __init__(self, claim: Claim) -> None:
        super().__init__(f"the claim of {len(claim.messages)} messages got no answer to its commit")
        self.claim = claim


class _Ready(msgspec.Struct, frozen=True):
    """A message that the policy let pass."""

    row: MessageRow
    preset: Preset
    person: Person
    decision: Decision
    tier: str | None
    """In which it takes a place."""
    quote: Quote | None
    """Where it is not the one that the message has."""
    turned: bool
    """Into its other form."""


class _Tools(msgspec.Struct, frozen=True):
    """What a worker brings to each of its claims."""

    box: SecretBox
    renderer: Renderer
    lease: timedelta


async def claim_messages(
    database: Database, box: SecretBox, renderer: Renderer, turns: Turns, now: datetime, lease: timedelta = LEASE
) -> tuple[list[Call], int]:
    """The calls to make, and how many messages were taken (refused and expired ones too).

    Raises UnansweredClaimError.
    """
    async with database.connection() as connection:
        given = await turns.next(connection, now)
        if not given:
            return [], 0
        calls: list[Call] = []
        try:
            async with transaction_of(connection):
                calls, taken = await _claim(connection, _Tools(box, renderer, lease), await turns.hold(connection), now)
        except Exception as error:
            if not calls:  # it did not come to the commit, or nothing was to leave
                raise
            left = tuple(row for call in calls for row in call.messages)
            raise UnansweredClaimError(Claim(left, now, now + lease)) from error
    asking = turns.used(Counter(row.lane for call in calls for row in call.messages))
    return [msgspec.structs.replace(call, asks=call.lane in asking) for call in calls] if asking else calls, taken


async def _claim(connection: Connection, tools: _Tools, held: Held, now: datetime) -> tuple[list[Call], int]:
    rows = await claim_due(connection, held.turns, now)
    by_project: dict[UUID, list[MessageRow]] = defaultdict(list)
    for row in rows:
        by_project[row.project_id].append(row)
    calls: list[Call] = []
    for project_id, of_project in sorted(by_project.items()):  # claims lock pairs in one order
        desk = _Desk(connection, held.projects[project_id], tools, held.tiers, now)
        calls += await bear_with(connection, of_project, desk.take, desk.park)
    return calls, len(rows)


class _Desk:
    """Judges and renders the messages of one project in one claim."""

    def __init__(
        self,
        connection: Connection,
        project: ProjectDefinitions,
        tools: _Tools,
        tiers: Tiers,
        now: datetime,
    ) -> None:
        self._connection = connection
        self._project = project
        self._tools = tools
        self._now = now
        self._changes: list[Change] = []
        self._frequencies = Frequencies(project, {}, {})
        self._pairs = Pairs({})
        self._tiers = tiers
        self._places = NO_PLACES
        self._others: dict[UUID, tuple[MessageRow, Facts]] = {}
        """The other form of messages that have two."""
        self._untold: Mapping[tuple[UUID, str | None], datetime] = {}
        """Of which customers' consent which sender's provider has yet to be told, since when."""

    async def take(self, rows: Sequence[MessageRow]) -> list[Call]:
        self._changes = []
        known = await people(self._connection, {row.customer_id for row in rows})
        stops = await stops_of(self._connection, rows[0].project_id)
        facts = [self._facts(row, known[row.customer_id], stops) for row in rows]
        forms = [(form, known[row.customer_id]) for row in rows if (form := other_form(row)) is not None]
        self._others = {form.id: (form, self._facts(form, person, stops)) for form, person in forms}
        self._untold = await self._opt_ins([*rows, *(form for form, _ in forms)])
        self._frequencies = await frequencies_of(self._connection, self._project, known, self._now, hold=True)
        asked = [*((row.lane, seen) for row, seen in zip(rows, facts, strict=True)), *self._other_asks()]
        pairs = [self._pair(seen) for _, seen in asked]
        self._pairs = await pairs_in(self._connection, rows[0].project_id, pairs, self._now)
        self._places = await places_in(self._connection, self._tiers, asked, self._now)
        till = await till_in(self._connection, rows[0].project_id, self._project, self._now)
        judged = [self._judge(row, known[row.customer_id], seen, till) for row, seen in zip(rows, facts, strict=True)]
        ready = [one for one in judged if one is not None]
        calls = [call for group in _grouped(ready) if (call := self._render(group)) is not None]
        await self._places.record(self._connection)
        await self._pairs.record(self._connection, rows[0].project_id, self._now)
        await move_locked(self._connection, rows, self._changes, self._now)
        return calls

    async def park(self, row: MessageRow) -> None:
        """The message that broke the work stays in the queue, and says so."""
        sentence = "Something broke while it was prepared for sending; the server's log has the details."
        change = Change(
            row.id, State.QUEUED, self._now, due_at=self._now + PARKED, code="internal_error", sentence=sentence
        )
        await move_locked(self._connection, [row], [change], self._now)

    async def _opt_ins(self, rows: Iterable[MessageRow]) -> Mapping[tuple[UUID, str | None], datetime]:
        """Asked where the provider may want to know of a consent before a template comes: by the old API."""
        asked = {row.customer_id for row in rows if row.kind == Kind.TEMPLATE and self._is_old_api(row.integration)}
        return await opt_ins_under_way(self._connection, asked) if asked else {}

    def _is_old_api(self, sender: str | None) -> bool:
        integration = self._project.integrations.get(sender or "")
        return integration is not None and integration.api == "sinch_legacy"

    def _other_asks(self) -> Iterator[tuple[Lane, Facts]]:
        yield from ((row.lane, facts) for row, facts in self._others.values())

    def _facts(self, row: MessageRow, person: Person, stops: Stops) -> Facts:
        return facts_of(self._project, person, subject_of(row), stops)

    def _pair(self, facts: Facts) -> Pair | None:
        return pair_of(facts, self._project.integrations.get(facts.sender.name) if facts.sender else None)

    def _judge(self, row: MessageRow, person: Person, facts: Facts, till: Till) -> _Ready | None:
        if over := expiry(row, self._now):
            self._changes.append(over)
            return None
        old = quote_of(row)
        taken, weighed = self._cheapest(row, facts, till, old)
        decision = weighed.decision
        kept = till.decided(decision.verdict, origin_of(row.origin), old, weighed.quote)
        quote = kept if kept != old else None
        preset = self._project.presets.get(taken.content["preset"])
        if isinstance(decision.verdict, Allow) and preset is not None:
            self._frequencies.leaves(decision.facts, row.customer_id, self._now)
            self._pairs.leaves(self._pair(decision.facts), self._now)
            had = row.tier if row.recipient == decision.facts.recipient else None
            tier = self._places.leaves(decision.facts, had, self._now)
            return _Ready(taken, preset, person, decision, tier, quote, turned=taken is not row)
        self._places.waits(decision.facts, decision.verdict)
        self._hold_back(row, decision, quote)
        return None

    def _cheapest(self, row: MessageRow, facts: Facts, till: Till, old: Quote | None) -> tuple[MessageRow, Weighed]:
        """The form of the message that leaves, if any does. `old`: what it holds."""
        weighed = self._weigh(row, facts, till, old)
        if row.id not in self._others:
            return row, weighed
        other, other_facts = self._others[row.id]
        taken = cheapest(weighed, self._weigh(other, other_facts, till, old))
        return (row if taken.is_template == weighed.is_template else other), taken

    def _weigh(self, row: MessageRow, facts: Facts, till: Till, old: Quote | None) -> Weighed:
        since = self._untold.get((row.customer_id, row.integration)) if self._untold else None
        facts = facts if since is None else msgspec.structs.replace(facts, opt_in_waits_since=since)
        facts = self._frequencies.seen(self._pairs.seen(facts, self._pair(facts)), row.customer_id)
        facts, quote = till.seen(self._places.seen(row.lane, facts), origin_of(row.origin), old)
        return Weighed(decide(facts, self._now), quote)

    def _hold_back(self, row: MessageRow, decision: Decision, quote: Quote | None) -> None:
        match decision.verdict:
            case Defer() as later:
                due_at = min(later.until, row.expires_at or later.until)
                change = Change(
                    row.id, State.PLANNED, self._now, due_at=due_at, wire_decision=decision, code=later.code,
                    sentence=later.sentence, quote=quote,
                )  # fmt: skip
            case Deny() as no:
                REFUSALS.labels(no.code).inc()
                change = Change(
                    row.id, State.REFUSED, self._now, wire_decision=decision, code=no.code, sentence=no.sentence
                )  # fmt: skip
            case Allow():
                sentence = f"The preset {row.content['preset']} was deleted while the message waited."
                change = Change(row.id, State.FAILED, self._now, code="unknown_preset", sentence=sentence)
        self._changes.append(change)

    def _render(self, group: Sequence[_Ready]) -> Call | None:
        try:
            outcome = self._rendered(group)
        except InvalidInputError as error:
            self._not_rendered(group, str(error))
            return None
        if isinstance(outcome, Aborted):
            self._not_rendered(group, f"The preset aborted. {outcome.reason}")
            return None
        self._changes += [self._sending(one) for one in group]
        return Call(group[0].preset, outcome, tuple(self._as_left(one) for one in group))

    def _not_rendered(self, group: Sequence[_Ready], said: str) -> None:
        for one in group:
            self._changes.append(
                Change(one.row.id, State.FAILED, self._now, code="rendering_failed", sentence=said, tier=one.tier)
            )

    def _sending(self, one: _Ready) -> Change:
        return Change(
            id=one.row.id,
            state=State.SENDING,
            at=self._now,
            lease_until=self._now + self._tools.lease,
            recipient=one.decision.facts.recipient,
            wire_decision=one.decision,
            tier=one.tier,
            quote=one.quote,
            turned=one.row if one.turned else None,
        )

    def _as_left(self, one: _Ready) -> MessageRow:
        return msgspec.structs.replace(
            one.row,
            state=State.SENDING.value,
            attempts=one.row.next_attempt,
            recipient=one.decision.facts.recipient or one.row.recipient,
            changed_at=self._now,
            quote=one.row.quote if one.quote is None else msgspec.to_builtins(one.quote),
        )

    def _rendered(self, group: Sequence[_Ready]) -> RenderedRequest | Aborted:
        first = group[0]
        if first.preset.batch is None:
            content = first.row.content
            form = (
                first.row.project_id, self._project.stamp, first.preset.name, content["sender"],
                kind_of_form(first.preset, content["parameters"]),
            )  # fmt: skip
            return self._tools.renderer.render_form(
                form, first.preset, lambda: self._values(first), self._own(first), lambda: self._context(first)
            )
        contexts = [self._context(one) for one in group]
        return self._tools.renderer.render_batch(first.preset, self._values(first), contexts, contexts[0]).outcome

    def _values(self, one: _Ready) -> Any:
        """What the preset is filled in with, secrets in the open."""
        integration = sender_of(self._project, Kind(one.row.kind), one.row.content["sender"])
        account = integration.account if integration else {}
        return open_secrets(
            self._tools.box, self._project, at_the_wire(one.preset, account, one.row.content["parameters"])
        )

    def _own(self, one: _Ready) -> OwnTexts:
        return OwnTexts(one.decision.facts.recipient or "", str(one.row.id), one.row.content["parameters"])

    def _context(self, one: _Ready) -> Context:
        own = self._own(one)
        return Context(
            customer=one.person.customer.properties,
            customer_ids=one.person.ids,
            consents=one.person.consented(self._now),
            project=self._project.about,
            recipient=own.recipient,
            message_id=own.message_id,
            time=self._now.timestamp(),
            form_values=own.form_values,
        )


def _grouped(ready: Sequence[_Ready]) -> Iterator[Sequence[_Ready]]:
    """One message a call; for a preset that takes batches, those with the same form, up to its most."""
    batches: dict[Any, list[_Ready]] = defaultdict(list)
    for one in ready:
        if one.preset.batch is None:
            yield (one,)
        else:
            form = (one.preset.name, one.row.content["sender"], repr(one.row.content["parameters"]))
            batches[form].append(one)
    for same in batches.values():
        most = same[0].preset.batch.max if same[0].preset.batch else 1
        for start in range(0, len(same), most):
            yield same[start : start + most]
