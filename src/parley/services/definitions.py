"""What a project has defined, read from the store and parsed once; read again when its stamp moves."""

from collections.abc import Callable, Collection, Sequence
from typing import Any
from uuid import UUID

import msgspec

from parley import segments
from parley.costs import PriceList, parse_card, shipped_cards
from parley.domain.consent import ConsentCategory
from parley.domain.errors import InvalidInputError, ParleyError, Problem
from parley.domain.misfit import every_misfit
from parley.domain.settings import Settings, parse_settings
from parley.integrations import Integration, parse_integration
from parley.journeys import Campaign, Scenario, parse_campaign, parse_scenario
from parley.keywords import AutoResponse, KeywordBook, parse_auto_response
from parley.keywords import shipped as shipped_responses
from parley.policy import FrequencyPolicy, TextFacts, parse_frequency_policy
from parley.presets import Preset, parse_preset, shipped, text_faults, url_fault
from parley.services.definition_secrets import put_back, references
from parley.services.secret_box import SecretBox
from parley.services.text_facts import text_facts
from parley.store.database import Connection
from parley.store.definitions import StoredDefinition, definitions_of, hold_definitions, secrets_of, stamp_of
from parley.store.projects import project_by_id
from parley.store.templates import TemplateRow, templates_of
from parley.templates import MessageTemplate, RuleSet, Status, parse_template

PROJECTS_KEPT = 200
"""Parsed projects in memory; the longest unused is dropped."""


class UnknownProjectError(ParleyError):
    """There is no such project."""


class ProjectDefinitions(msgspec.Struct, frozen=True):
    """One project's definitions, parsed. Secrets stay sealed until `secrets` is asked."""

    stamp: int
    about: dict[str, str]
    """What templates see as `project`: its token as `id`, and its `name`."""
    presets: dict[str, Preset]
    """Shipped ones too, whose names nobody else may use."""
    integrations: dict[str, Integration]
    templates: dict[tuple[str, str], MessageTemplate]
    """By name and language; where each stands as the registry says."""
    texts: dict[tuple[str, str], TextFacts]
    """How their texts were judged."""
    scenarios: dict[str, Scenario]
    campaigns: dict[str, Campaign]
    frequency_policies: dict[str, FrequencyPolicy]
    starting: dict[str, tuple[Scenario, ...]]
    """The active scenarios that an event may start, by its type."""
    consent_categories: dict[str, ConsentCategory]
    keywords: KeywordBook
    """What customers can say in one word; the shipped auto-responses too."""
    settings: Settings
    prices: PriceList
    """By the project's own rate cards, then by the shipped ones."""
    sealed: dict[str, bytes]

    def sender(self, name: str | None) -> Integration | None:
        """The integration of that name; the project's only one when none is named."""
        if name is not None:
            return self.integrations.get(name)
        return next(iter(self.integrations.values())) if len(self.integrations) == 1 else None


def _parse_integration(data: bytes) -> Integration:
    integration = parse_integration(data)
    problems = [
        Problem(f"inbound.mapping.{name}", problem.sentence)
        for name, text in integration.inbound.mapping.items()
        for problem in text_faults(text)
    ]
    problems += [
        Problem(f"account.{name}", f"{fault}.")
        for name in ("base_url", "auth_url", "provisioning_url")
        if (url := integration.account.get(name)) and (fault := url_fault(url))
    ]
    if problems:
        raise InvalidInputError(problems)
    return integration


def _parse_auto_response(data: bytes) -> AutoResponse:
    response = parse_auto_response(data, shipped_responses())
    problems = [
        Problem(f"reply.{language}", problem.sentence)
        for language, text in response.reply.items()
        for problem in text_faults(text)
    ]
    if problems:
        raise InvalidInputError(problems)
    return response


def _parse_preset(data: bytes) -> Preset:
    preset = parse_preset(data)
    if preset.name in shipped():
        raise InvalidInputError([Problem("name", f"{preset.name} is a shipped preset; give yours another name.")])
    return preset


def _parse_consent_category(data: bytes) -> ConsentCategory:
    try:
        return msgspec.json.decode(data, type=ConsentCategory)
    except msgspec.ValidationError as error:
        raise every_misfit(data, ConsentCategory, "consent_category") from error


PARSERS: dict[str, Callable[[bytes], Any]] = {
    "settings": parse_settings,
    "consent_category": _parse_consent_category,
    "integration": _parse_integration,
    "auto_response": _parse_auto_response,
    "template": parse_template,
    "preset": _parse_preset,
    "frequency_policy": lambda data: parse_frequency_policy(data, segments),
    "scenario": lambda data: parse_scenario(data, segments),
    "campaign": lambda data: parse_campaign(data, segments),
    "rate_card": parse_card,
}
"""Every kind of definition, in the order in which they may refer to each other."""


_kept: dict[UUID, ProjectDefinitions] = {}
"""What this process has parsed. Never wrong: the store's stamp is asked each time."""


async def project_definitions(connection: Connection, project_id: UUID) -> ProjectDefinitions:
    """Raises UnknownProjectError."""
    return await definitions_at(connection, project_id, await stamp_of(connection, project_id))


async def definitions_to_judge_by(
    connection: Connection, project_ids: Collection[UUID]
) -> dict[UUID, ProjectDefinitions]:
    """Held until the transaction ends: what it judges by them is judged anew if they change meanwhile."""
    await hold_definitions(connection, project_ids)
    return {project_id: await project_definitions(connection, project_id) for project_id in project_ids}


def remembered(project_id: UUID) -> ProjectDefinitions | None:
    """What this process has parsed last: to be believed only where the store's stamp is still that one."""
    return _kept.get(project_id)


async def definitions_at(connection: Connection, project_id: UUID, stamp: int | None) -> ProjectDefinitions:
    """As `project_definitions`, by a stamp that this transaction has read along with something else."""
    if stamp is None:
        raise UnknownProjectError
    kept = _kept.pop(project_id, None)
    current = kept if kept is not None and kept.stamp == stamp else await _read(connection, project_id, stamp)
    _kept[project_id] = current
    if len(_kept) > PROJECTS_KEPT:
        del _kept[next(iter(_kept))]
    return current


def open_secret(box: SecretBox, project: ProjectDefinitions, value: Any) -> str | None:
    """The secret that a definition's field refers to, in the open; None when the field is empty."""
    match value:
        case {"$secret": str(reference)}:
            return box.open(project.sealed[reference])
        case _:
            return None


def open_secrets(box: SecretBox, project: ProjectDefinitions, value: Any) -> Any:
    """The value with its secrets in the open: only for what goes over the wire. Raises WrongKeyError."""
    wanted = {reference: box.open(project.sealed[reference]) for reference in references(value)}
    return put_back(value, wanted)


async def _read(connection: Connection, project_id: UUID, stamp: int) -> ProjectDefinitions:
    stored = await definitions_of(connection, project_id)
    project = await project_by_id(connection, project_id)
    about = {"id": project.token, "name": project.name} if project else {}
    read = registered(parsed(stored), await templates_of(connection, project_id))
    return msgspec.structs.replace(read, stamp=stamp, about=about, sealed=await secrets_of(connection, project_id))


def registered(project: ProjectDefinitions, rows: Sequence[TemplateRow]) -> ProjectDefinitions:
    """With the registry's word on each template in the place of its file's."""
    known = {row.name: row for row in rows}
    by_key = {key: known.get(".".join(key)) for key in project.templates}
    rules = RuleSet(project.settings.rules)
    return msgspec.structs.replace(
        project,
        templates={
            key: msgspec.structs.replace(template, status=Status(row.status)) if (row := by_key[key]) else template
            for key, template in project.templates.items()
        },
        texts={key: text_facts(by_key[key], template, rules) for key, template in project.templates.items()},
    )


def parsed(stored: list[StoredDefinition]) -> ProjectDefinitions:
    """What was accepted once is parsed again as it was: an unreadable one is a broken store and raises."""
    by_kind: dict[str, list[Any]] = {kind: [] for kind in PARSERS}
    for definition in stored:
        by_kind[definition.kind].append(PARSERS[definition.kind](definition.body))
    settings = next(iter(by_kind["settings"]), Settings())
    return ProjectDefinitions(
        stamp=0,
        about={},
        presets={**{preset.name: preset for preset in by_kind["preset"]}, **shipped()},
        integrations={integration.name: integration for integration in by_kind["integration"]},
        templates={(template.name, template.language): template for template in by_kind["template"]},
        texts={},
        scenarios={scenario.name: scenario for scenario in by_kind["scenario"]},
        campaigns={campaign.name: campaign for campaign in by_kind["campaign"]},
        frequency_policies={policy.name: policy for policy in by_kind["frequency_policy"]},
        starting=_by_event(by_kind["scenario"]),
        keywords=KeywordBook(by_kind["auto_response"]),
        consent_categories={category.name: category for category in by_kind["consent_category"]},
        settings=settings,
        prices=PriceList((*by_kind["rate_card"], *shipped_cards()), settings.costs),
        sealed={},
    )


def _by_event(scenarios: Sequence[Scenario]) -> dict[str, tuple[Scenario, ...]]:
    active = [scenario for scenario in scenarios if scenario.active]
    types = {trigger.event for scenario in active for trigger in scenario.triggers()}
    return {
        one: tuple(scenario for scenario in active if any(trigger.event == one for trigger in scenario.triggers()))
        for one in types
    }
