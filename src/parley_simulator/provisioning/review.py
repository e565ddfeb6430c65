"""What becomes of a template: the review after a while, and what WhatsApp does to one that people dislike."""

from datetime import datetime, timedelta

import msgspec

from parley_simulator.provisioning.callbacks import tell_of
from parley_simulator.provisioning.components import read_details
from parley_simulator.provisioning.sheet import template_of
from parley_simulator.template_book import Change, Filed
from parley_simulator.templates import Category, Quality, RejectionCode, Status, Template
from parley_simulator.world import World

# The first pause, the second; the third is the end (whatsapp.md 1.3).
PAUSES = (timedelta(hours=3), timedelta(hours=6))
REJECTED_PERCENT = 3.0
RECATEGORISED_PERCENT = 5.0
REASONS: tuple[RejectionCode, ...] = ("INVALID_FORMAT", "ABUSIVE_CONTENT", "SCAM")


class Impossible(msgspec.Struct, frozen=True):
    """Why this cannot be done to the template as it is."""

    sentence: str


Fate = Filed | Impossible


def hand_in(world: World, filed: Filed, change: Change) -> Filed:
    """Into review. What is in force stays so meanwhile; what is not is PENDING."""
    ticket = world.templates.ticket()
    if filed.template is None or filed.template.status == "REJECTED":
        waiting = msgspec.structs.replace(
            filed,
            template=template_of(filed, change.category, read_details(change.details), "PENDING"),
            details=change.details,
            change=None,
            allow_category_change=change.allow_category_change,
            review_ticket=ticket,
        )
    else:
        in_progress = msgspec.structs.replace(change, status="IN_PROGRESS")
        waiting = msgspec.structs.replace(filed, change=in_progress, review_ticket=ticket)
    _plan_review(world, waiting, ticket)
    return world.templates.file(waiting)


def approve(world: World, filed: Filed, at: datetime, category: Category | None = None) -> Fate:
    """APPROVED, perhaps in another category than was asked for; also after a rejection, as an appeal would do."""
    template = _in_review(filed, "REJECTED", why="only a template that is in review or was rejected can be approved")
    if isinstance(template, Impossible):
        return template
    wanted = category or template.category
    approved = msgspec.structs.replace(template, status="APPROVED", rejection_code="NONE", category=wanted)
    if filed.change is not None and filed.change.status == "IN_PROGRESS":
        approved = template_of(filed, wanted, read_details(filed.change.details), "APPROVED")
        filed = msgspec.structs.replace(filed, details=filed.change.details, change=None)
    fate = _became(world, filed, approved)
    tell_of(world, fate, "APPROVED", at)
    if wanted != template.category:
        tell_of(world, fate, "CATEGORY_UPDATED", at)
    return fate


def reject(world: World, filed: Filed, at: datetime, code: RejectionCode) -> Fate:
    """An edit is rejected beside what stays in force; everything else is REJECTED itself."""
    template = _in_review(filed, "APPROVED", "PAUSED", why="only a template in review or in force can be rejected")
    if isinstance(template, Impossible):
        return template
    rejected = msgspec.structs.replace(template, rejection_code=code)
    if filed.change is not None and filed.change.status == "IN_PROGRESS":
        filed = msgspec.structs.replace(filed, change=msgspec.structs.replace(filed.change, status="REJECTED"))
    else:
        rejected = msgspec.structs.replace(rejected, status="REJECTED")
    fate = _became(world, filed, rejected)
    tell_of(world, fate, "REJECTED", at)
    return fate


def pause(world: World, filed: Filed, at: datetime) -> Fate:
    """For 3 hours, then for 6; a third time it is disabled."""
    template = _in_state(filed, "APPROVED", why="only a template in force can be paused")
    if isinstance(template, Impossible):
        return template
    if filed.pauses >= len(PAUSES):
        return _move(world, filed, template, "DISABLED", at)
    ticket = world.templates.ticket()
    world.agenda.at(at + PAUSES[filed.pauses], lambda due: _end_pause(world, filed, ticket, due))
    counted = msgspec.structs.replace(filed, pauses=filed.pauses + 1, pause_ticket=ticket)
    return _move(world, counted, template, "PAUSED", at)


def unpause(world: World, filed: Filed, at: datetime) -> Fate:
    """Before its time, or when it has come."""
    template = _in_state(filed, "PAUSED", why="only a paused template can be unpaused")
    return template if isinstance(template, Impossible) else _move(world, filed, template, "APPROVED", at)


def disable(world: World, filed: Filed, at: datetime) -> Fate:
    """For good, unless it is edited and approved again."""
    template = _in_state(filed, "APPROVED", "PAUSED", why="only a template in force or paused can be disabled")
    return template if isinstance(template, Impossible) else _move(world, filed, template, "DISABLED", at)


def recategorise(world: World, filed: Filed, at: datetime, category: Category, in_seconds: float) -> Fate:
    """At once, or announced now and done later."""
    if filed.template is None:
        return Impossible("a draft has no category at WhatsApp")
    if in_seconds:
        due = at + timedelta(seconds=in_seconds)
        world.agenda.at(due, lambda later: _recategorise_later(world, filed, category, later))
        tell_of(world, filed, "CATEGORY_FUTURE_UPDATE", at, futureCategory=category)
        return filed
    fate = _became(world, filed, msgspec.structs.replace(filed.template, category=category))
    tell_of(world, fate, "CATEGORY_UPDATED", at)
    return fate


def score(world: World, filed: Filed, at: datetime, quality: Quality) -> Fate:
    """A RED score pauses a template in force."""
    if filed.template is None:
        return Impossible("a draft has no quality")
    fate = _became(world, filed, msgspec.structs.replace(filed.template, quality=quality))
    tell_of(world, fate, "QUALITY_SCORE_UPDATED", at)
    return pause(world, fate, at) if quality == "RED" and filed.template.status == "APPROVED" else fate


def _in_state(filed: Filed, *statuses: Status, why: str) -> Template | Impossible:
    template = filed.template
    return template if template is not None and template.status in statuses else Impossible(why)


def _in_review(filed: Filed, *or_in: Status, why: str) -> Template | Impossible:
    """An edit that WhatsApp looks at counts whatever the state of what is in force."""
    is_edited = filed.change is not None and filed.change.status == "IN_PROGRESS"
    return filed.template if is_edited and filed.template is not None else _in_state(filed, "PENDING", *or_in, why=why)


def _plan_review(world: World, filed: Filed, ticket: int) -> None:
    if world.settings.template_review == "by_hand":
        return
    seconds = world.chance.between(*world.settings.template_review_seconds)
    due = world.now() + world.clock.gap(seconds)
    world.agenda.at(due, lambda at: _review(world, filed, ticket, at))


def _review(world: World, handed_in: Filed, ticket: int, at: datetime) -> None:
    """What came of it, unless it was decided by hand or deleted meanwhile."""
    filed = world.templates.get(handed_in.name, handed_in.language)
    if filed is None or filed.review_ticket != ticket:
        return
    template = _in_review(filed, why="decided by hand")
    if not isinstance(template, Impossible):
        _judge(world, filed, template, at)


def _judge(world: World, filed: Filed, template: Template, at: datetime) -> None:
    is_marketing = template.category == "UTILITY" and world.chance.happens(RECATEGORISED_PERCENT)
    if is_marketing and _may_change_category(filed):
        approve(world, filed, at, "MARKETING")
    elif is_marketing:
        reject(world, filed, at, "INCORRECT_CATEGORY")
    elif world.chance.happens(REJECTED_PERCENT):
        reject(world, filed, at, world.chance.pick(REASONS))
    else:
        approve(world, filed, at)


def _may_change_category(filed: Filed) -> bool:
    return filed.change.allow_category_change if filed.change is not None else filed.allow_category_change


def _end_pause(world: World, paused: Filed, ticket: int, due: datetime) -> None:
    filed = world.templates.get(paused.name, paused.language)
    if filed is not None and filed.pause_ticket == ticket:
        unpause(world, filed, due)


def _recategorise_later(world: World, announced: Filed, category: Category, due: datetime) -> None:
    filed = world.templates.get(announced.name, announced.language)
    if filed is not None and filed.whatsapp_id == announced.whatsapp_id:
        recategorise(world, filed, due, category, 0)


def _move(world: World, filed: Filed, template: Template, status: Status, at: datetime) -> Filed:
    fate = _became(world, filed, msgspec.structs.replace(template, status=status))
    tell_of(world, fate, "STATUS_UPDATED", at, newState="UNPAUSED" if status == "APPROVED" else status)
    return fate


def _became(world: World, filed: Filed, template: Template) -> Filed:
    return world.templates.file(msgspec.structs.replace(filed, template=template))
