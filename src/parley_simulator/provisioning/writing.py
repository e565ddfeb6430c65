"""Templates made, changed, deleted, synchronised (sinch.md 3.2)."""

import msgspec

from parley_simulator.exchange import PASS, Answer, Call, Pass, ok
from parley_simulator.keys import unknown_keys
from parley_simulator.provisioning.callbacks import tell_of
from parley_simulator.provisioning.components import Details, read_details
from parley_simulator.provisioning.errors import invalid, misread, refuse
from parley_simulator.provisioning.reading import find
from parley_simulator.provisioning.review import hand_in
from parley_simulator.provisioning.sheet import (
    SUPPORTED_LANGUAGES,
    category_of,
    details_of,
    sent_language,
    shown,
)
from parley_simulator.provisioning.submission import Paper, ill_formed, refused
from parley_simulator.provisioning.wire import NewTemplate, TemplatePatch, read_body
from parley_simulator.template_book import EVERY_LANGUAGE, Change, Filed
from parley_simulator.world import World

BOOLEANS = {"true": True, "false": False}
FREE_STATES = frozenset({"APPROVED", "DISABLED", "PAUSED", "REJECTED"})


async def create(world: World, call: Call) -> Answer:
    """201 with a draft, or with a template in review."""
    wanted = read_body(call, NewTemplate)
    if isinstance(wanted, Answer):
        return wanted
    objection = _name_objection(world, wanted)
    if isinstance(objection, Answer):
        return objection
    sheet = world.templates.new(wanted.name, sent_language(wanted.language))
    change = Change(
        status="DRAFT",
        category=wanted.category,
        details=wanted.details,
        allow_category_change=wanted.allow_category_change,
    )
    is_draft, rescue = wanted.status == "DRAFT", wanted.save_draft_on_failure
    answer = await _settle(world, sheet, change, is_draft=is_draft, saves_draft=rescue)
    made = msgspec.structs.replace(answer, status=201 if answer.status == 200 else answer.status)
    return _with_unknown_keys(made, call, NewTemplate)


async def patch(world: World, call: Call) -> Answer:
    """200 with the new draft beside what is in force, or with that draft in review."""
    filed = find(world, call)
    if isinstance(filed, Answer):
        return filed
    wanted = read_body(call, TemplatePatch)
    if isinstance(wanted, Answer):
        return wanted
    objection = _edit_objection(filed, wanted)
    if isinstance(objection, Answer):
        return objection
    change = _changed(filed, wanted)
    is_draft, rescue = wanted.status == "DRAFT", wanted.save_draft_on_failure
    answer = await _settle(world, filed, change, is_draft=is_draft, saves_draft=rescue)
    return _with_unknown_keys(answer, call, TemplatePatch)


async def delete_one(world: World, call: Call) -> Answer:
    """204. Only a draft goes, unless the caller says that what was submitted may go, too."""
    filed = find(world, call)
    if isinstance(filed, Answer):
        return filed
    takes_all = BOOLEANS.get(call.query.get("deleteSubmitted", "false").lower())
    if takes_all is None:
        return invalid("deleteSubmitted must be a boolean value")
    if filed.template is None or takes_all:
        _delete(world, filed)
        _let_rest(world, filed, filed.language)
    elif filed.change is None or filed.change.status == "IN_PROGRESS":
        return refuse("template_not_deletable_due_to_input_config")
    else:
        world.templates.file(msgspec.structs.replace(filed, change=None))
    return Answer(status=204)


async def delete_all(world: World, call: Call) -> Answer:
    """204: the name with all its languages."""
    found = [filed for filed in world.templates.filed() if filed.name == call.path["name"]]
    if not found:
        return refuse("template_not_found")
    for filed in found:
        _delete(world, filed)
        _let_rest(world, filed, EVERY_LANGUAGE)
    return Answer(status=204)


async def synchronise(world: World, call: Call) -> Answer:
    """POST /whatsapp/templates/sync. There is one book here, so nothing is to be pulled; asking too often is a 429."""
    if call.path["name"] != "sync":
        return refuse("not_found")
    rate = world.settings.template_syncs_per_minute / 60
    return Answer(status=200) if world.within_rate("sync", 1, rate) else refuse("too_many_requests")


def _with_unknown_keys(answer: Answer, call: Call, shape: type[msgspec.Struct]) -> Answer:
    """For the journal: `details` are kept word for word, so their keys are looked at by themselves."""
    written = msgspec.json.decode(call.body)
    inside = [f"details.{key}" for key in unknown_keys(written.get("details", {}), Details)]
    return msgspec.structs.replace(answer, unknown_keys=(*unknown_keys(written, shape), *inside))


def _name_objection(world: World, wanted: NewTemplate) -> Answer | Pass:
    now = world.now()
    if wanted.language not in SUPPORTED_LANGUAGES:
        known = ", ".join(sorted(SUPPORTED_LANGUAGES))
        return invalid(f"language must be one of the following values: {known}")
    if world.templates.get(wanted.name, wanted.language) is not None:
        return refuse("template_exists")
    if world.templates.name_rests(wanted.name, now):
        return refuse("template_name_recently_used")
    if world.templates.language_rests(wanted.name, wanted.language, now):
        return refuse("template_language_recently_deleted")
    if world.templates.is_full():
        return refuse("template_limit_reached")
    others = {category_of(filed) for filed in world.templates.filed() if filed.name == wanted.name}
    return refuse("template_incorrect_category") if others - {wanted.category} else PASS


def _edit_objection(filed: Filed, wanted: TemplatePatch) -> Answer | Pass:
    """In review nothing can be edited; the category only in a draft, or where it was the fault."""
    template, change = filed.template, filed.change
    if template is not None and template.status not in FREE_STATES:
        return refuse("template_not_updatable")
    if change is not None and change.status == "IN_PROGRESS":
        return refuse("template_changes_not_updatable")
    if template is None or (template.status == "REJECTED" and template.rejection_code == "INCORRECT_CATEGORY"):
        return PASS
    if wanted.category not in {msgspec.UNSET, template.category}:
        return refuse("template_category_not_updatable")
    allowed_change = change.allow_category_change if change is not None else filed.allow_category_change
    if wanted.allow_category_change not in {msgspec.UNSET, allowed_change}:
        return refuse("template_allow_category_change_not_updatable")
    return PASS


def _changed(filed: Filed, wanted: TemplatePatch) -> Change:
    """On top of the last change, or else of what WhatsApp has."""
    inherited = filed.allow_category_change
    change = filed.change or Change(
        status="DRAFT", category=category_of(filed), details=details_of(filed), allow_category_change=inherited
    )
    may_change = wanted.allow_category_change
    return Change(
        status="DRAFT",
        category=change.category if wanted.category is msgspec.UNSET else wanted.category,
        details={**change.details, **wanted.details},
        allow_category_change=change.allow_category_change if may_change is msgspec.UNSET else may_change,
    )


async def _settle(world: World, filed: Filed, change: Change, *, is_draft: bool, saves_draft: bool) -> Answer:
    """Keep the draft or hand it in; what WhatsApp refuses may be kept as a draft, and is told all the same."""
    try:
        details = read_details(change.details)
    except msgspec.ValidationError as error:
        return _misread_details(error)
    drafted = msgspec.structs.replace(filed, change=change)
    if is_draft:
        return ok(shown(world.templates.file(drafted)))
    paper = Paper(filed=filed, category=change.category, details=details)
    objection = ill_formed(paper)
    if isinstance(objection, Answer):
        return objection
    known = world.templates.get(filed.name, filed.language)
    refusal = await refused(world, paper)
    if world.templates.get(filed.name, filed.language) is not known:
        return refuse("resource_locked")  # somebody else wrote it while its examples were fetched
    if isinstance(refusal, Pass):
        return ok(shown(hand_in(world, filed, change)))
    if saves_draft:
        world.templates.file(drafted)
    return refusal


def _misread_details(error: msgspec.ValidationError) -> Answer:
    """The path in the complaint begins inside `details`."""
    return misread(msgspec.ValidationError(str(error).replace("`$.", "`$.details.").replace("`$`", "`$.details`")))


def _delete(world: World, filed: Filed) -> None:
    world.templates.remove(filed)
    tell_of(world, filed, "DELETED", world.now())


def _let_rest(world: World, filed: Filed, language: str) -> None:
    """Only what was approved once rests (whatsapp.md 1.3)."""
    if filed.template is not None and filed.template.status not in {"PENDING", "REJECTED"}:
        world.templates.rest(filed.name, language, world.now())
