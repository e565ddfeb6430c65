"""Whose callbacks come in by a token, and what they are checked with."""

from collections.abc import Collection
from functools import cached_property

from parley.integrations import Integration
from parley.services.definitions import ProjectDefinitions, definitions_at, open_secret
from parley.services.secret_box import SecretBox
from parley.store.database import Connection
from parley.store.definitions import Door, doors_of

DOORS_KEPT = 1000
"""Doors in memory; the one that was looked up longest ago is dropped."""


class KnownDoor:
    """An integration's address for callbacks. No value class: what prints it must not print the secret."""

    def __init__(self, row: Door, project: ProjectDefinitions, integration: Integration, box: SecretBox) -> None:
        self.row = row
        self.project = project
        self.integration = integration
        self._box = box

    @cached_property
    def secret(self) -> str | None:
        """What its callbacks are signed with, opened once; None when they are not signed. Raises WrongKeyError."""
        return open_secret(self._box, self.project, self.integration.signing_secret)


class Doors:
    """The doors that this process has seen.

    Nobody need ask the store for each callback: a batch asks once, in the statement that stores it, whether its doors
    are still what they were. So a changed secret or a deleted integration counts from the next callback on.
    """

    def __init__(self, box: SecretBox) -> None:
        self._box = box
        self._kept: dict[str, KnownDoor] = {}

    async def find(self, connection: Connection, tokens: Collection[str]) -> dict[str, KnownDoor]:
        """As they are now. A token without an integration is missing."""
        rows = {row.token: row for row in await doors_of(connection, tokens)}
        found = {token: door for token in tokens if (door := await self._known(connection, token, rows.get(token)))}
        while len(self._kept) > DOORS_KEPT:
            del self._kept[next(iter(self._kept))]
        return found

    def remembered(self, token: str) -> KnownDoor | None:
        """As it was when it was last looked up: to be believed only when the store says so, or while there is none."""
        return self._kept.get(token)

    async def _known(self, connection: Connection, token: str, row: Door | None) -> KnownDoor | None:
        door = None if row is None else await self._door(connection, row, self._kept.get(token))
        self._kept.pop(token, None)
        if door is not None:
            self._kept[token] = door  # as the last one
        return door

    async def _door(self, connection: Connection, row: Door, kept: KnownDoor | None) -> KnownDoor | None:
        project = await definitions_at(connection, row.project_id, row.stamp)
        if kept is not None and kept.project is project and kept.integration.name == row.integration:
            return kept
        integration = project.integrations.get(row.integration)
        return None if integration is None else KnownDoor(row, project, integration, self._box)
