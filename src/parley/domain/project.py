"""A project: the wall between one shop's customers and another's."""

from uuid import UUID

import msgspec


class ProjectSettings(msgspec.Struct, frozen=True):
    """What a project decides for itself; stored in `projects.settings`."""

    hard_ids: tuple[str, ...] = ("registered",)
    soft_ids: tuple[str, ...] = ("cookie",)
    default_region: str | None = None
    """Two letters (`SK`): the country of phone numbers written without one. None: such numbers are refused."""


class Project(msgspec.Struct, frozen=True):
    """One project as stored."""

    id: UUID
    token: str
    """In every address of the API; not a secret."""
    name: str
    settings: ProjectSettings = ProjectSettings()
