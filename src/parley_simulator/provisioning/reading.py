"""Templates listed and shown (sinch.md 3.2)."""

from typing import get_args

from parley_simulator.exchange import Answer, Call, ok
from parley_simulator.provisioning.errors import refuse
from parley_simulator.provisioning.paging import Row, asked, masked, page
from parley_simulator.provisioning.sheet import SUPPORTED_LANGUAGES, shown
from parley_simulator.template_book import ChangeStatus, Filed
from parley_simulator.templates import Status
from parley_simulator.world import World

PAGE_CEILING = 1000
STATES = sorted(get_args(Status))
STATUSES = sorted(get_args(ChangeStatus))
FIELDS = (
    "whatsappId", "state", "name", "language", "category", "rejectionCode", "qualityScore", "changes", "changes.status",
    "changes.allowCategoryChange", "changes.details", "details", "details.components", "details.messageSendTtlSeconds",
    "details.optimization", "analytics", "isMetaGenerated",
)  # fmt: skip


async def listed(world: World, call: Call) -> Answer:
    """All of the project, in alphabetical order, or those that the filters let pass."""
    states, statuses = asked(call, "filterStates"), asked(call, "filterStatuses")
    if set(states) - set(STATES):
        return refuse("invalid_filter_states", supportedCodes=", ".join(STATES))
    if set(statuses) - set(STATUSES):
        return refuse("invalid_filter_statuses", supportedCodes=", ".join(STATUSES))
    prefix = call.query.get("templateName", "")
    found = [it for it in world.templates.filed() if it.name.startswith(prefix) and _passes(it, states, statuses)]
    return _page(call, found)


async def of_one_name(world: World, call: Call) -> Answer:
    """All languages of one template."""
    found = [it for it in world.templates.filed() if it.name == call.path["name"]]
    return _page(call, found) if found else refuse("template_not_found")


async def one(world: World, call: Call) -> Answer:
    """One language of one template."""
    filed = find(world, call)
    return filed if isinstance(filed, Answer) else ok(shown(filed))


def find(world: World, call: Call) -> Filed | Answer:
    """The template that the path names, its language spelled this API's way: `EN_US`."""
    language = call.path["language"]
    if language not in SUPPORTED_LANGUAGES:
        return refuse("template_invalid_language_code", supportedCodes=", ".join(sorted(SUPPORTED_LANGUAGES)))
    return world.templates.get(call.path["name"], language) or refuse("template_not_found")


def _passes(filed: Filed, states: list[str], statuses: list[str]) -> bool:
    state = filed.template.status if filed.template is not None else ""
    status = filed.change.status if filed.change is not None else ""
    return (not states or state in states) and (not statuses or status in statuses)


def _page(call: Call, found: list[Filed]) -> Answer:
    fields = asked(call, "fieldMask")
    if set(fields) - set(FIELDS):
        return refuse("invalid_fields", supportedCodes=", ".join(FIELDS))
    rows: list[Row] = [(f"{it.name}/{it.language.lower()}", masked(shown(it), fields)) for it in found]
    told = page(call, "templates", sorted(rows, key=lambda row: row[0]), PAGE_CEILING)
    return told if isinstance(told, Answer) else ok(told)
