"""What one batch of messages knows of how often its customers were written to, and what it adds to that.

A claim holds its customers in this until it commits, so that two workers never let a message each pass for one that is
allowed. When messages are planned nothing is held: they are judged again before they leave.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from parley import segments
from parley.domain.message import Kind
from parley.policy import Facts, FrequencyFacts, FrequencyPolicy, LimitFacts
from parley.policy.frequency_policy import FrequencySegment, Limit
from parley.services.condition_facts import facts_for_conditions
from parley.services.definitions import ProjectDefinitions
from parley.services.people import Person
from parley.store.database import Connection
from parley.store.departures import Departure, departures_of, hold_departures

Standing = tuple[FrequencyPolicy, FrequencySegment | None]
"""A policy, and the segment of it that a customer is in."""


class Frequencies:
    """Several messages to one customer in one claim count one after another."""

    def __init__(
        self,
        project: ProjectDefinitions,
        standings: Mapping[UUID, Sequence[Standing]],
        left: dict[UUID, list[Departure]],
    ) -> None:
        self._project = project
        self._standings = standings
        self._left = left

    def seen(self, facts: Facts, customer_id: UUID) -> Facts:
        """The facts with what the policies that cover the message have counted."""
        if customer_id not in self._standings:
            return facts
        category = facts.template.category if facts.template else None
        known = tuple(
            self._facts(policy, segment, self._left.get(customer_id, ()))
            for policy, segment in self._standings[customer_id]
            if policy.covers(facts.kind, facts.consent_category, category)
        )
        return msgspec.structs.replace(facts, frequency=known) if known else facts

    def leaves(self, facts: Facts, customer_id: UUID, now: datetime) -> None:
        """One more message to that customer."""
        if facts.frequency:
            template = facts.template
            name, language = (template.name, template.language) if template else (None, None)
            left = Departure(now, facts.kind.value, facts.consent_category, name, language)
            self._left.setdefault(customer_id, []).insert(0, left)

    def _facts(
        self, policy: FrequencyPolicy, segment: FrequencySegment | None, left: Sequence[Departure]
    ) -> FrequencyFacts:
        counted = [one for one in left if policy.covers(Kind(one.kind), one.consent_category, self._category(one))]
        return FrequencyFacts(
            policy.name,
            (segment.name or "everybody") if segment else None,
            tuple(_limit(one, counted) for one in segment.limits) if segment else (),
            self._project.settings.time_zone.project,
            policy.wait_at_most,
            policy.exemption,
        )

    def _category(self, left: Departure) -> str | None:
        template = self._project.templates.get((left.template or "", left.language or "en"))
        return template.category if template else None


def _limit(limit: Limit, counted: Sequence[Departure]) -> LimitFacts:
    nth_at = counted[limit.at_most - 1].left_at if len(counted) >= limit.at_most else None
    return LimitFacts(limit.at_most, limit.per, nth_at)


async def frequencies_of(
    connection: Connection, project: ProjectDefinitions, known: Mapping[UUID, Person], now: datetime, *, hold: bool
) -> Frequencies:
    """Nothing is read for a project without policies."""
    policies = [one for one in project.frequency_policies.values() if one.active]
    if not policies or not known:
        return Frequencies(project, {}, {})
    if hold:
        await hold_departures(connection, known)
    since = now - max(one.reach for one in policies)
    kinds = {kind for one in policies for kind in one.kinds}
    left = await departures_of(connection, known, kinds, since, MOST_LOOKED_AT)
    return Frequencies(project, await _standings(connection, project, policies, known, now), left)


MOST_LOOKED_AT = 2_000
"""Messages of one customer: twice the highest limit, for some may not be covered."""


async def _standings(
    connection: Connection,
    project: ProjectDefinitions,
    policies: Sequence[FrequencyPolicy],
    known: Mapping[UUID, Person],
    now: datetime,
) -> dict[UUID, list[Standing]]:
    asked = [one.condition for policy in policies for one in policy.segments if one.condition is not None]
    facts = await facts_for_conditions(connection, project, known, asked, now) if asked else {}

    def fits(segment: FrequencySegment, customer_id: UUID) -> bool:
        return segment.condition is None or segments.holds(segment.condition, facts[customer_id], now)

    return {
        ident: [(policy, next((one for one in policy.segments if fits(one, ident)), None)) for policy in policies]
        for ident in known
    }
