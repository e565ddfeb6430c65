"""A template as the provider has it, as a file for git: the way in for what was handed in elsewhere."""

from typing import Any
from uuid import UUID

import msgspec

from parley.domain.errors import InvalidInputError, Problem
from parley.providers.sinch_provisioning.files import file_of
from parley.services.definitions import project_definitions
from parley.services.registry import UnknownTemplateError
from parley.store.database import Database
from parley.store.provider_templates import ProviderTemplate, provider_template
from parley.templates import MessageTemplate, RuleSet, Status, parse_template
from parley.templates.judgement import REVIEWED, Judgement, judge, refusing
from parley.templates.lint.finding import Finding


class Pulled(msgspec.Struct, frozen=True):
    """As a file, and what `parley apply` says to it."""

    sender: str
    """Whose account has it."""
    file: dict[str, Any]
    refused_for: tuple[Finding, ...]
    """Empty: it can be applied as it is."""


class Read(msgspec.Struct, frozen=True):
    """The provider's template in our words."""

    file: dict[str, Any]
    template: MessageTemplate
    judgement: Judgement


async def pull_template(database: Database, project_id: UUID, name: str, sender: str | None = None) -> Pulled:
    """Raises UnknownTemplateError, or InvalidInputError for what has no place in a file."""
    async with database.connection() as connection:
        project = await project_definitions(connection, project_id)
        copy = await provider_template(connection, project_id, name, sender)
    if copy is None:
        whose = f"The account of {sender}" if sender else "None of the project's accounts"
        raise UnknownTemplateError(f"{whose} has a template {name} at the provider. `parley template list` shows them.")
    read = read_copy(copy, RuleSet(project.settings.rules))
    return Pulled(copy.sender, read.file, refusing(read.template, read.judgement))


def read_copy(copy: ProviderTemplate, rules: RuleSet) -> Read:
    """Under *transactional* with the one of the ten categories that the text is, where it is one. Raises
    InvalidInputError.
    """
    name, _, language = copy.name.rpartition(".")
    file = file_of(name, language, copy.category or "UTILITY", _details(copy))
    if copy.status in REVIEWED:
        file = _with_status(file, Status(copy.status))
    template = parse_template(msgspec.json.encode(file))
    judgement = judge(template, rules)
    if rules is not RuleSet.TRANSACTIONAL or judgement.category is None:
        return Read(file, template, judgement)
    template = msgspec.structs.replace(template, category=judgement.category)
    return Read(file | {"category": judgement.category}, template, judge(template, rules))


def _with_status(file: dict[str, Any], status: Status) -> dict[str, Any]:
    """Beside the category: what WhatsApp has reviewed is not refused for what its review has let pass."""
    told: dict[str, Any] = {}
    for name, value in file.items():
        told |= {name: value} | ({"status": status.value} if name == "category" else {})
    return told


def _details(copy: ProviderTemplate) -> dict[str, Any]:
    try:
        return msgspec.json.decode(copy.details, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInputError([Problem("details", "cannot be read.")]) from error
