"""Integrations of several projects that share an account or a portfolio at WhatsApp, and say different limits of it.

Nobody can refuse them when they are applied: each project would wait for the other to say the new one first. Within one
project they are refused (definition_links).
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from parley.integrations import Integration, parse_integration
from parley.services.permits import limits_on
from parley.services.tiers import count_name
from parley.store.database import Connection
from parley.store.definitions import all_integrations


class Differing(msgspec.Struct, frozen=True):
    """What one integration says that another project says otherwise."""

    project_id: UUID
    integration: str
    sentence: str
    since: datetime
    """When the last of them was applied."""


class _Said(msgspec.Struct, frozen=True):
    project_id: UUID
    integration: str
    at: datetime
    field: str
    limit: float | None


async def differing_limits(connection: Connection, project_id: UUID | None) -> list[Differing]:
    """Of one project, or of all."""
    about: dict[str, list[_Said]] = defaultdict(list)
    for row in await all_integrations(connection):
        for name, field, limit in _limits(parse_integration(row.body)):
            about[name].append(_Said(row.project_id, row.name, row.updated_at, field, limit))
    found = (one for name, said in sorted(about.items()) for one in _differing(name, said))
    return [one for one in found if project_id in (None, one.project_id)]


def _limits(integration: Integration) -> Iterator[tuple[str, str, float | None]]:
    """(what is limited, the field that says so, how much)."""
    yield count_name(integration), "limits.tier", integration.people_per_day
    rates = {limit.name.partition(":")[0]: limit for limit in limits_on(integration)}
    sender, requests = rates.get("sender"), rates.get("requests")
    yield f"sender:{integration.account_name}", "limits.messages_per_second", sender.per_second if sender else None
    if requests is not None:
        yield requests.name, "limits.requests_per_second", requests.per_second


def _differing(name: str, said: Sequence[_Said]) -> Iterator[Differing]:
    for one in said:
        other = next((other for other in said if _contradicts(one, other)), None)
        if other is not None:
            sentence = f"{one.field} is {_told(one.limit)}; another project says {_told(other.limit)} of {name}."
            yield Differing(one.project_id, one.integration, sentence, max(one.at, other.at))


def _contradicts(one: _Said, other: _Said) -> bool:
    return one.project_id != other.project_id and one.field == other.field and one.limit != other.limit


def _told(limit: float | None) -> str:
    return "unlimited" if limit is None else f"{limit:g}"
