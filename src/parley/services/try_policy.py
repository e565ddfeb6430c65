"""What would be refused now for this audience, and why: counts by reason, with some customers as examples. And what
the others would cost.
"""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from difflib import get_close_matches
from typing import Annotated, Any
from uuid import UUID

import msgspec

from parley import segments
from parley.costs import Quote
from parley.domain.errors import InvalidInputError, Problem
from parley.domain.ids import new_id
from parley.journeys import Campaign, parse_campaign
from parley.policy import Allow, Decision, Defer, Deny
from parley.presets import text_faults
from parley.services.definitions import ProjectDefinitions, project_definitions
from parley.services.facts import DEFAULT_CATEGORY
from parley.services.page_through import CHUNK, Scene
from parley.services.people import Person
from parley.services.plan_campaigns import ask_of
from parley.services.rehearse import Play, rehearse
from parley.services.rehearse_history import History, rehearse_history
from parley.store.customers import count_customers
from parley.store.database import Database

EXAMPLES = 3
"""Customers that are named for each reason."""


class Wish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody wants to try: a campaign, or a template, to the campaign's audience or to another; or a scenario,
    on what happened lately.
    """

    campaign: str | None = None
    scenario: str | None = None
    days: Annotated[int, msgspec.Meta(ge=1, le=366)] = 30
    """Of the scenario: how far back its triggers are looked for."""
    template: str | None = None
    language: str = "en"
    parameters: tuple[str, ...] = ()
    """Of the template; texts with Jinja."""
    consent_category: str | None = None
    """Of the template; None is `whatsapp`, as for any."""
    sender: str | None = None
    condition: Any = None
    """JSON of a condition. None: the campaign's audience, or everybody."""


class Example(msgspec.Struct, frozen=True):
    """One customer whom it concerns."""

    customer_id: UUID
    ids: dict[str, Any]
    sentence: str


class Reason(msgspec.Struct, frozen=True):
    """Why so many would not get it now."""

    outcome: str
    """`refused`, or `later`."""
    code: str
    count: int
    remedy: str
    examples: tuple[Example, ...]


class Cost(msgspec.Struct, frozen=True):
    """Messages of one market and category that would leave, now or later."""

    market: str
    category: str
    messages: int
    in_window: int
    """To customers whose window is open: free text would reach them, too."""
    unpriced: int
    """They cost something, and nobody knows how much: a rate is missing."""
    amount: Decimal


class Estimate(msgspec.Struct, frozen=True):
    """What the messages would cost that would leave, now or later: with the provider's mark-up."""

    currency: str
    amount: Decimal
    messages: int
    in_window: int
    unpriced: int
    saved: Decimal
    """By free text that would leave in the place of dearer templates."""
    costs: tuple[Cost, ...]
    """The dearest first."""


class Tried(msgspec.Struct, frozen=True):
    """How it stands after so many customers."""

    customers: int
    looked_at: int
    in_audience: int
    allowed: int
    refused: int
    later: int
    broken: int
    reasons: tuple[Reason, ...]
    """The most frequent first."""
    estimate: Estimate


async def play_of(database: Database, project_id: UUID, wish: Wish, now: datetime) -> Play | History:
    """Raises InvalidInputError that names the field."""
    async with database.connection() as connection:
        project = await project_definitions(connection, project_id)
    if [wish.campaign, wish.template, wish.scenario].count(None) != 2:
        raise InvalidInputError([Problem("campaign", "give a campaign, a template or a scenario, one of them.")])
    if wish.template is None:
        _refuse_options_of_a_template(wish)
    check_parameters(wish.parameters)
    if wish.scenario is not None:
        return _history(project, wish, now)
    if wish.campaign is not None and wish.campaign not in project.campaigns:
        known = ", ".join(sorted(project.campaigns)) or "none"
        raise InvalidInputError([Problem("campaign", f"there is no campaign {wish.campaign}; there is {known}.")])
    campaign = project.campaigns[wish.campaign] if wish.campaign is not None else _made_up(wish)
    if wish.template is not None:
        _check_template(project, wish.template, wish.language)
        _check_category(project, "consent_category", wish.consent_category)
    audience = campaign.audience
    if wish.condition is not None:
        audience = segments.parse_audience(wish.condition, "condition")
        for category in segments.consents_in(audience):
            _check_category(project, "condition", category)
    return Play(audience, ask_of(campaign, project, now, new_id()))


def check_parameters(parameters: Sequence[str]) -> None:
    """Every customer would be refused for the same. Raises InvalidInputError: Jinja that does not parse."""
    faults = ((text, fault) for text in parameters for fault in text_faults(text))
    sentences = [f"{fault.sentence.removesuffix('.')}; it is {text}." for text, fault in faults]
    if sentences:
        raise InvalidInputError([Problem("parameters", sentence) for sentence in sentences])


NEAREST = 3
"""Templates that are named when somebody mistypes one."""


def _check_template(project: ProjectDefinitions, name: str, language: str) -> None:
    """Every message would be refused for the same: that is told at once, with what was perhaps meant."""
    if (name, language) in project.templates:
        return
    spoken = sorted(other for known, other in project.templates if known == name)
    if spoken:
        sentence = f"there is no template {name} in {language}; there is {name} in {', '.join(spoken)}."
        raise InvalidInputError([Problem("language", sentence)])
    known = sorted({known for known, _ in project.templates})
    near = get_close_matches(name, known, n=NEAREST)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there is {', '.join(known) or 'none'}."
    raise InvalidInputError([Problem("template", f"there is no template {name}; {hint}")])


def _check_category(project: ProjectDefinitions, field: str, name: str | None) -> None:
    """Nobody agreed to one that is not there: all would be refused, or the audience would be empty."""
    if name is not None and name not in project.consent_categories:
        known = ", ".join(sorted(project.consent_categories)) or "none"
        raise InvalidInputError([Problem(field, f"there is no consent category {name}; there is {known}.")])


def _refuse_options_of_a_template(wish: Wish) -> None:
    given = {"parameters": wish.parameters, "consent_category": wish.consent_category, "sender": wish.sender}
    sentence = "has no place here: it goes with a template; a campaign and a scenario say it themselves."
    if problems := [Problem(name, sentence) for name, value in given.items() if value]:
        raise InvalidInputError(problems)


def _history(project: ProjectDefinitions, wish: Wish, now: datetime) -> History:
    scenario = project.scenarios.get(wish.scenario or "")
    if scenario is None:
        known = ", ".join(sorted(project.scenarios)) or "none"
        raise InvalidInputError([Problem("scenario", f"there is no scenario {wish.scenario}; there is {known}.")])
    if wish.condition is not None:
        raise InvalidInputError([Problem("condition", "has no place here: the scenario's triggers say whom.")])
    return History(scenario, now - timedelta(days=wish.days))


def _made_up(wish: Wish) -> Campaign:
    """A campaign that sends just the template."""
    send = {"type": "send_template", "template": wish.template, "language": wish.language}
    settings = {"consent_category": wish.consent_category or DEFAULT_CATEGORY, "sender": wish.sender}
    file = {
        "kind": "campaign",
        "name": "tried",
        "send": send | ({"parameters": wish.parameters} if wish.parameters else {}),
        "settings": {name: value for name, value in settings.items() if value is not None},
    }
    return parse_campaign(msgspec.json.encode(file), segments)


async def try_policy(
    database: Database, project_id: UUID, play: Play | History, now: datetime, chunk: int = CHUNK
) -> AsyncIterator[Tried]:
    """After each page of customers; the last is the whole."""
    async with database.connection() as connection:
        project = await project_definitions(connection, project_id)
        tally = _Tally(await count_customers(connection, project_id), project.settings.costs.currency)
    if isinstance(play, History):
        scenes = rehearse_history(database, project_id, play, now, chunk)
    else:
        scenes = rehearse(database, project_id, play, now, chunk)
    async for scene in scenes:
        tally.add(scene)
        yield tally.told()


class _Tally:
    """Counts, and keeps the first examples."""

    def __init__(self, customers: int, currency: str) -> None:
        self._customers = customers
        self._bill = _Bill(currency)
        self._looked_at = self._broken = self._allowed = self._in_audience = 0
        self._counts: Counter[tuple[str, str]] = Counter()
        self._examples: dict[tuple[str, str], list[Example]] = {}
        self._remedies: dict[tuple[str, str], str] = {}

    def add(self, scene: Scene) -> None:
        self._looked_at += scene.looked_at
        self._broken += scene.broken
        for person, message in scene.planned:
            self._in_audience += 1
            decision: Decision = message.decision["planned"]
            self._count(person, decision)
            if message.quote is not None and not isinstance(decision.verdict, Deny):
                self._bill.add(message.quote)

    def _count(self, person: Person, decision: Decision) -> None:
        verdict = decision.verdict
        if isinstance(verdict, Allow):
            self._allowed += 1
            return
        key = (_outcome(verdict), verdict.code)
        self._counts[key] += 1
        self._remedies.setdefault(key, verdict.remedy)
        examples = self._examples.setdefault(key, [])
        if len(examples) < EXAMPLES:
            examples.append(Example(person.customer.id, person.ids, verdict.sentence))

    def told(self) -> Tried:
        return Tried(
            customers=max(self._customers, self._looked_at),
            looked_at=self._looked_at,
            in_audience=self._in_audience,
            allowed=self._allowed,
            refused=sum(count for (outcome, _), count in self._counts.items() if outcome == "refused"),
            later=sum(count for (outcome, _), count in self._counts.items() if outcome == "later"),
            broken=self._broken,
            reasons=tuple(self._reason(key, count) for key, count in self._counts.most_common()),
            estimate=self._bill.told(),
        )

    def _reason(self, key: tuple[str, str], count: int) -> Reason:
        return Reason(*key, count, self._remedies[key], tuple(self._examples[key]))


class _Bill:
    """Adds up."""

    def __init__(self, currency: str) -> None:
        self._currency = currency
        self._costs: dict[tuple[str, str], Cost] = {}
        self._saved = Decimal(0)

    def add(self, quote: Quote) -> None:
        self._saved += quote.saved
        key = (quote.market, quote.category.value)
        old = self._costs.get(key) or Cost(*key, 0, 0, 0, Decimal(0))
        self._costs[key] = Cost(
            *key,
            messages=old.messages + 1,
            in_window=old.in_window + quote.in_window,
            unpriced=old.unpriced + (quote.amount is None),
            amount=old.amount + quote.money.amount,
        )

    def told(self) -> Estimate:
        costs = sorted(self._costs.values(), key=lambda one: (-one.amount, -one.messages, one.market, one.category))
        return Estimate(
            currency=self._currency,
            amount=sum((one.amount for one in costs), Decimal(0)),
            messages=sum(one.messages for one in costs),
            in_window=sum(one.in_window for one in costs),
            unpriced=sum(one.unpriced for one in costs),
            saved=self._saved,
            costs=tuple(costs),
        )


def _outcome(verdict: Deny | Defer) -> str:
    return "refused" if isinstance(verdict, Deny) else "later"
