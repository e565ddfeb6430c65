"""The tree of a condition, and the questions one may ask of it. Every kind answers them in its own few lines."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec

from parley.segments.comparisons import Comparison, satisfied
from parley.segments.facts import ConsentFact, EventFact, Facts
from parley.segments.paths import Step, find, write_path


class View(msgspec.Struct, frozen=True):
    """What a condition sees while it is judged: the facts, and the one event that `property` speaks of."""

    now: datetime
    properties: Mapping[str, Any] = {}
    attributes: Mapping[str, Any] = {}
    events: tuple[EventFact, ...] = ()
    consents: Mapping[str, ConsentFact] = {}
    start: tuple[datetime, str] | None = None
    """The trigger event's time and id; None when nothing started."""


class Since(msgspec.Struct, frozen=True):
    """How far back to look for events."""

    reach: Literal["start", "ever", "span"]
    span: timedelta | None = None

    def earliest(self, started_at: datetime | None, now: datetime) -> datetime | None:
        """From when on events count; None for from the very beginning."""
        if self.span is not None:
            return now - self.span
        return started_at if self.reach == "start" else None

    def __str__(self) -> str:
        """As a person reads it."""
        return self.reach if self.span is None else f"{str(self.span).removesuffix(', 0:00:00')} ago"


class Need(msgspec.Struct, frozen=True):
    """A condition looks at events of this type, this far back."""

    type: str
    since: Since

    def earliest(self, started_at: datetime | None, now: datetime) -> datetime | None:
        """From when on (inclusive) to load them; None for all."""
        return self.since.earliest(started_at, now)


class Every(msgspec.Struct, frozen=True, tag="all"):
    """All of these hold."""

    conditions: tuple["Condition", ...]

    def holds(self, view: View) -> bool:
        """Stops at the first that does not."""
        return all(condition.holds(view) for condition in self.conditions)

    def reason(self, view: View) -> str:
        """The first part that does not hold, or all of them."""
        failed = (condition.reason(view) for condition in self.conditions if not condition.holds(view))
        return next(failed, None) or _joined(self.conditions, view)

    def needs(self) -> Iterator[Need]:
        """Those of its parts."""
        for condition in self.conditions:
            yield from condition.needs()


class Some(msgspec.Struct, frozen=True, tag="any"):
    """At least one of these holds."""

    conditions: tuple["Condition", ...]

    def holds(self, view: View) -> bool:
        """Stops at the first that does."""
        return any(condition.holds(view) for condition in self.conditions)

    def reason(self, view: View) -> str:
        """The first part that holds, or all of them."""
        held = (condition.reason(view) for condition in self.conditions if condition.holds(view))
        return next(held, None) or _joined(self.conditions, view)

    def needs(self) -> Iterator[Need]:
        """Those of its parts."""
        for condition in self.conditions:
            yield from condition.needs()


class Negation(msgspec.Struct, frozen=True, tag="not"):
    """This does not hold."""

    condition: "Condition"

    def holds(self, view: View) -> bool:
        """The opposite of its part."""
        return not self.condition.holds(view)

    def reason(self, view: View) -> str:
        """That of its part: it says itself whether it held."""
        return self.condition.reason(view)

    def needs(self) -> Iterator[Need]:
        """Those of its part."""
        return self.condition.needs()


class Attribute(msgspec.Struct, frozen=True, tag="attribute"):
    """A customer's attribute, compared."""

    path: tuple[Step, ...]
    comparison: Comparison

    def holds(self, view: View) -> bool:
        """With `[*]` in the path one fitting value is enough."""
        return satisfied(self.comparison, find(view.attributes, self.path), view.now)

    def reason(self, view: View) -> str:
        """`attribute phone is_set: no`. Never the value: the log of a journey is not a second copy of the customer."""
        return f"attribute {write_path(self.path)} {self.comparison.operator}: {_yes_or_no(self.holds(view))}"

    def needs(self) -> Iterator[Need]:
        """No events."""
        return iter(())


class Property(msgspec.Struct, frozen=True, tag="property"):
    """A property of an event, compared: of the trigger event, or inside `where` of the event that is counted."""

    path: tuple[Step, ...]
    comparison: Comparison

    def holds(self, view: View) -> bool:
        """With `[*]` in the path one fitting value is enough."""
        return satisfied(self.comparison, find(view.properties, self.path), view.now)

    def reason(self, view: View) -> str:
        """`property phone is_set: no`. Never the value: the log of a journey is not a second copy of the customer."""
        return f"property {write_path(self.path)} {self.comparison.operator}: {_yes_or_no(self.holds(view))}"

    def needs(self) -> Iterator[Need]:
        """No events."""
        return iter(())


class EventCount(msgspec.Struct, frozen=True, tag="event"):
    """So many events of a type happened since."""

    event_type: str
    since: Since
    where: "Condition | None" = None
    at_least: int = 0
    at_most: int | None = None

    def holds(self, view: View) -> bool:
        """Counts the events that lie after the start (or in the span) and fit `where`."""
        count = self._count(view)
        return self.at_least <= count and (self.at_most is None or count <= self.at_most)

    def reason(self, view: View) -> str:
        """`event purchase since start: 1`."""
        return f"event {self.event_type} since {self.since}: {self._count(view)}"

    def needs(self) -> Iterator[Need]:
        """Its own."""
        yield Need(self.event_type, self.since)

    def _count(self, view: View) -> int:
        return sum(1 for event in view.events if self._counts(event, view))

    def _counts(self, event: EventFact, view: View) -> bool:
        return event.type == self.event_type and self._is_recent(event, view) and self._fits(event, view)

    def _is_recent(self, event: EventFact, view: View) -> bool:
        if self.since.reach == "start":
            # Of two events in the same second exactly one is the newer: else both journeys would end, or both send.
            return view.start is None or (event.occurred_at, event.id) > view.start
        earliest = self.since.earliest(None, view.now)
        return earliest is None or event.occurred_at >= earliest

    def _fits(self, event: EventFact, view: View) -> bool:
        return self.where is None or self.where.holds(View(now=view.now, properties=event.properties))


class Consent(msgspec.Struct, frozen=True, tag="consent"):
    """The customer has a valid consent in a category."""

    category: str

    def holds(self, view: View) -> bool:
        """Accepted, and not past its end. Never asked is no consent."""
        consent = view.consents.get(self.category)
        if consent is None or not consent.accepted:
            return False
        return consent.valid_until is None or view.now < consent.valid_until

    def reason(self, view: View) -> str:
        """`consent whatsapp: no`."""
        return f"consent {self.category}: {_yes_or_no(self.holds(view))}"

    def needs(self) -> Iterator[Need]:
        """No events: consents are handed in as they stand."""
        return iter(())


Condition = Every | Some | Negation | Attribute | Property | EventCount | Consent


def holds(condition: Condition, facts: Facts, now: datetime) -> bool:
    """Is the condition true of these facts at `now` (aware)? Never raises: a value that cannot be read is no match."""
    return condition.holds(_view(facts, now))


def explain(condition: Condition, facts: Facts, now: datetime) -> str:
    """What decided: the part that failed, or the parts that held, without the customer's own values."""
    return condition.reason(_view(facts, now))


def matches(condition: Condition, properties: Mapping[str, Any], now: datetime) -> bool:
    """Does an event with these properties pass a plain filter (`parse_filter`)?"""
    return condition.holds(View(now=now, properties=properties))


def needs(condition: Condition) -> tuple[Need, ...]:
    """Which event types the condition looks at and how far back, without repetition, in order of appearance."""
    return tuple(dict.fromkeys(condition.needs()))


def consents_in(condition: Condition | None) -> Iterator[str]:
    """The consent categories it asks about, in order of appearance."""
    match condition:
        case Consent(category=category):
            yield category
        case Every(conditions=parts) | Some(conditions=parts):
            for part in parts:
                yield from consents_in(part)
        case Negation(condition=part):
            yield from consents_in(part)
        case _:
            return


def _view(facts: Facts, now: datetime) -> View:
    trigger = facts.trigger
    return View(
        now=now,
        properties={} if trigger is None else trigger.properties,
        attributes=facts.attributes,
        events=tuple(facts.events),
        consents=facts.consents,
        start=None if trigger is None else (trigger.occurred_at, trigger.id),
    )


def _joined(conditions: tuple[Condition, ...], view: View) -> str:
    return "; ".join(condition.reason(view) for condition in conditions)


def _yes_or_no(held: bool) -> str:  # noqa: FBT001  the one thing it is about
    return "yes" if held else "no"
