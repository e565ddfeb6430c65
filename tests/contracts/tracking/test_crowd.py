"""Many clients at once, about the same few people who keep turning out to be each other."""

import asyncio
import random
from contextlib import suppress
from typing import Any

from parley.domain.customer import WhatsAppSender
from parley.services.find_or_create_by_address import find_or_create_by_address
from parley.services.resolve_customers import TooBusyError, run_resolving
from parley.store.database import Database
from tests.support.api import Answer, ProjectApi
from tests.support.builders import NOW

CALLS = 120
AT_ONCE = 16
TRIES = 5

NOBODYS_ROWS = """
SELECT (
    SELECT count(*) FROM events e WHERE e.project_id = $1
    AND NOT EXISTS (SELECT 1 FROM customers c WHERE c.bucket = e.bucket AND c.id = e.customer_id)
) + (
    SELECT count(*) FROM addresses a WHERE a.project_id = $1
    AND NOT EXISTS (SELECT 1 FROM customers c WHERE c.id = a.customer_id)
) + (
    SELECT count(*) FROM customers c WHERE c.project_id = $1
    AND NOT EXISTS (SELECT 1 FROM addresses a WHERE a.customer_id = c.id)
)
"""


class Crowd:
    """Made by a seeded chance, so that a failure comes again; only the order of things is the machine's."""

    def __init__(self, api: ProjectApi, database: Database) -> None:
        self.marks: set[str] = set()
        self._api = api
        self._database = database
        self._random = random.Random(5)  # noqa: S311  no secret
        self._room = asyncio.Semaphore(AT_ONCE)

    async def act(self, number: int) -> None:
        """One of the things that happen to a shop."""
        deed = self._random.choice((self._track, self._track, self._track, self._write, self._erase))
        async with self._room:
            await deed(number)

    async def _track(self, number: int) -> None:
        commands = [self._command(f"{number}-{place}") for place in range(self._random.randint(1, 50))]
        answer = await self._patiently("track/batch", {"commands": commands})
        assert answer.status == 200
        for command, result in zip(commands, answer.body["results"], strict=True):
            if result["success"] and "event_id" in command["data"]:
                self.marks.add(command["data"]["event_id"])

    def _command(self, mark: str) -> dict[str, Any]:
        ids = {"cookie": f"c{self._random.randint(0, 25)}"}
        if self._random.random() < 0.6:
            ids["registered"] = f"r{self._random.randint(0, 12)}"
        if self._random.random() < 0.3:
            properties = {"phone": f"+4219010000{self._random.randint(10, 40)}"}
            return {"name": "customers", "data": {"customer_ids": ids, "properties": properties}}
        return {"name": "customers/events", "data": {"customer_ids": ids, "event_type": "view", "event_id": mark}}

    async def _write(self, _: int) -> None:
        digits = f"4219010000{self._random.randint(10, 50)}"
        sender, project_id = WhatsAppSender(digits, digits, digits), self._api.project.project_id
        for _ in range(TRIES):
            with suppress(TooBusyError):  # the callback stays with Sinch and comes again
                await run_resolving(
                    self._database, lambda connection: find_or_create_by_address(connection, project_id, [sender], NOW)
                )
                return

    async def _erase(self, _: int) -> None:
        ids = {"registered": f"r{self._random.randint(0, 12)}"}
        assert (await self._patiently("data/customers/anonymize", {"customer_ids": ids})).status in {200, 404}

    async def _patiently(self, path: str, body: dict[str, Any]) -> Answer:
        """A client comes again after a 503, with the same event ids."""
        for _ in range(TRIES):
            answer = await self._api.post(path, body)
            if answer.status != 503:
                return answer
        return answer


async def test_nothing_is_lost_doubled_or_left_without_an_owner(api: ProjectApi, database: Database) -> None:
    crowd = Crowd(api, database)
    await asyncio.gather(*(crowd.act(number) for number in range(CALLS)))
    async with database.connection() as connection:
        question = "SELECT count(*) FROM events WHERE project_id = $1 AND type = 'view'"
        assert await connection.fetchval(question, api.project.project_id) == len(crowd.marks)
        assert await connection.fetchval(NOBODYS_ROWS, api.project.project_id) == 0
