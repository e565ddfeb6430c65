"""Calls that come at the same time share a transaction: that changes nothing for any of them."""

import asyncio
import random
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from parley.access import Role
from parley.domain.customer import CustomerIds
from parley.services.callers import Caller
from parley.services.create_project import NewProject, create_project
from parley.services.resolve_customers import TooBusyError
from parley.services.track import Call, Command, Done, Refused, TellTime, Told, TrackEvent, UpdateCustomer, track
from parley.services.track_together import WAITING, TrackTogether
from parley.store.database import Database
from tests.support.builders import NOW, ids

ROWS = """
SELECT coalesce((SELECT string_agg(a.name || a.value, ',' ORDER BY a.name, a.value) FROM addresses a
    WHERE a.customer_id = c.id), '') AS who,
    c.properties, c.property_times, c.phone, c.phone_problem,
    (SELECT array_agg(e.type || e.properties || e.occurred_at ORDER BY e.type, e.occurred_at, e.properties::text)
        FROM events e WHERE e.bucket = c.bucket AND e.customer_id = c.id AND e.type <> 'merge') AS events,
    (SELECT array_agg(s.category || s.action || s.source ORDER BY s.category, s.action)
        FROM consents s WHERE s.bucket = c.bucket AND s.customer_id = c.id) AS consents
FROM customers c WHERE c.project_id = $1 ORDER BY who
"""


def caller(project: NewProject, role: Role = Role.EDITOR) -> Caller:
    return Caller(project.project, role, "a key")


def view(who: CustomerIds, **properties: Any) -> TrackEvent:
    return TrackEvent(who, "view", properties, NOW)


class Shop:
    """Clients of a shop, by a seeded chance; the clock goes on from call to call."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311  no secret

    def calls(self, project: NewProject) -> list[Call]:
        roles = (Role.EDITOR, Role.PUBLIC)
        return [
            Call(caller(project, self._random.choice(roles)), self._commands(), NOW + timedelta(seconds=number))
            for number in range(8)
        ]

    def _commands(self) -> list[Command | Refused]:
        return [self._command() for _ in range(self._random.randint(1, 6))]

    def _command(self) -> Command | Refused:
        chance = self._random
        cookies = [f"c{one}" for one in range(3) if chance.random() < 0.4]
        who = ids(chance.choice([None, "jana", "peter"]) if cookies else "jana", *cookies)
        consent = {"action": chance.choice(["accept", "Accept"]), "category": chance.choice(["whatsapp", "news"])}
        commands: list[Command | Refused] = [
            view(who, page=chance.randint(1, 3)),
            TrackEvent(who, "order", {}, None, f"order-{chance.randint(1, 3)}"),
            TrackEvent(who, "consent", consent, NOW),
            UpdateCustomer(who, {"phone": chance.choice(["+421901234567", "12"]), "n": chance.randint(1, 9)}),
            UpdateCustomer(who, {f"p{one}": one for one in range(chance.choice([1, 300]))}),
            UpdateCustomer(who, {"n": "old"}, NOW.timestamp() - 5),
            TellTime(),
            Refused(("Not this one.",)),
        ]
        return chance.choice(commands)


@pytest.mark.parametrize("seed", range(12))
async def test_together_they_do_what_they_do_one_by_one(database: Database, project: NewProject, seed: int) -> None:
    other = await create_project(database, "Shop", NOW)
    together = await track(database, Shop(seed).calls(project))
    apart = [(await track(database, [one]))[0] for one in Shop(seed).calls(other)]
    assert list(together) == apart
    async with database.connection() as connection:
        rows = await connection.fetch(ROWS, project.project.id)
        assert rows == await connection.fetch(ROWS, other.project.id)
        assert rows


async def test_one_that_the_database_will_not_take_does_not_hold_back_its_neighbours(
    database: Database, project: NewProject
) -> None:
    tracking = TrackTogether(database)
    commands = [view(ids(f"r{one}"), text="\x00" if one == 3 else "fine") for one in range(12)]
    told = await asyncio.gather(
        *(tracking.track(caller(project), [one], NOW) for one in commands), return_exceptions=True
    )
    assert isinstance(told.pop(3), asyncpg.PostgresError)
    assert told == [(Done(),)] * 11


async def test_each_project_and_caller_gets_its_own_answer(database: Database, project: NewProject) -> None:
    other = await create_project(database, "Other", NOW)
    tracking = TrackTogether(database)
    told = await asyncio.gather(
        *(
            tracking.track(caller(which), [TellTime(), view(ids("jana"), n=n)], NOW + timedelta(seconds=n))
            for n, which in enumerate([project, other] * 6)
        )
    )
    assert told == [(Told((NOW + timedelta(seconds=n)).timestamp()), Done()) for n in range(12)]
    async with database.connection() as connection:
        counted = "SELECT count(*) FROM events WHERE project_id = $1"
        assert await connection.fetchval(counted, project.project.id) == 6
        assert await connection.fetchval(counted, other.project.id) == 6


async def test_who_comes_as_the_last_lanes_end_is_stored(database: Database, project: NewProject) -> None:
    tracking = TrackTogether(database)

    async def ask_twice() -> None:
        for _ in range(2):
            assert await tracking.track(caller(project), [TellTime()], NOW) == (Told(NOW.timestamp()),)

    await asyncio.gather(ask_twice(), ask_twice())  # both lanes end in the same turn of the loop


async def test_too_many_are_told_to_come_again(database: Database, project: NewProject) -> None:
    tracking = TrackTogether(database)
    told = await asyncio.gather(
        *(tracking.track(caller(project), [view(ids("jana"), n=n)], NOW) for n in range(WAITING + 5)),
        return_exceptions=True,
    )
    assert [type(one) for one in told] == [tuple] * WAITING + [TooBusyError] * 5
