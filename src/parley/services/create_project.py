"""A new project: its token, its first keys, and the consent category that WhatsApp needs."""

from datetime import datetime
from uuid import UUID

import msgspec

from parley.access import NewKey, Role, StoredKey, new_private_key, new_public_key
from parley.domain.consent import WHATSAPP_CATEGORY
from parley.domain.ids import new_id, new_project_token
from parley.domain.project import Project, ProjectSettings
from parley.domain.visible import check_visible
from parley.store.consents import insert_category
from parley.store.database import Database
from parley.store.projects import insert_key, insert_project


class NewProject(msgspec.Struct, frozen=True):
    """What the founder is told, once: the secret is not kept."""

    project: Project
    private_key: NewKey
    public: StoredKey

    @property
    def project_id(self) -> UUID:
        """The id that rows carry."""
        return self.project.id

    @property
    def project_token(self) -> str:
        """What stands in every address."""
        return self.project.token

    @property
    def public_key(self) -> str:
        """For `Authorization: Token`."""
        return self.public.key_id


async def create_project(
    database: Database, name: str, now: datetime, settings: ProjectSettings | None = None
) -> NewProject:
    """The first private key is a project admin's. Raises InvalidInputError."""
    check_visible("name", name)
    project = Project(new_id(), new_project_token(), name, settings or ProjectSettings())
    made = NewProject(project, new_private_key(project.id, Role.ADMIN), new_public_key(project.id))
    async with database.transaction() as connection:
        await insert_project(connection, project, now)
        await insert_key(connection, made.private_key.stored, now)
        await insert_key(connection, made.public, now)
        await insert_category(connection, project.id, WHATSAPP_CATEGORY, now)
    return made
