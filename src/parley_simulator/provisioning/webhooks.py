"""Webhooks of the project: up to 15, each target once (sinch.md 3.4)."""

import re

import msgspec

from parley_simulator.addresses import host_of
from parley_simulator.exchange import PASS, Answer, Call, Pass, ok
from parley_simulator.provisioning.callbacks import EVERYTHING
from parley_simulator.provisioning.errors import invalid, refuse
from parley_simulator.provisioning.paging import page
from parley_simulator.provisioning.wire import HookPatch, NewHook, read_body
from parley_simulator.whatsapp_account import Hook
from parley_simulator.world import World

WEBHOOKS_CEILING = 15
ID = re.compile(r"^[0-9a-f]{32}$")
# The simulator tells of the WhatsApp ones, except comments and what concerns a sender's registration.
TRIGGERS = frozenset(
    {
        EVERYTHING, "BUNDLE_DONE",
        "WHATSAPP_ACCOUNT_COMMENT_ADDED", "WHATSAPP_ACCOUNT_DAILY_LIMIT_CHANGED", "WHATSAPP_ACCOUNT_ONBOARDED",
        "WHATSAPP_ACCOUNT_PENDING_VERIFICATION", "WHATSAPP_ACCOUNT_REJECTED", "WHATSAPP_WABA_ACCOUNT_CHANGED",
        "WHATSAPP_SENDER_ACTIVE", "WHATSAPP_SENDER_COMMENT_ADDED", "WHATSAPP_SENDER_DAILY_LIMIT_CHANGED",
        "WHATSAPP_SENDER_DELETED", "WHATSAPP_SENDER_ERROR", "WHATSAPP_SENDER_INACTIVE",
        "WHATSAPP_SENDER_PENDING_VERIFICATION", "WHATSAPP_SENDER_QUALITY_RATING_CHANGED", "WHATSAPP_SENDER_REJECTED",
        "WHATSAPP_TEMPLATE_APPROVED", "WHATSAPP_TEMPLATE_CATEGORY_FUTURE_UPDATE", "WHATSAPP_TEMPLATE_CATEGORY_UPDATED",
        "WHATSAPP_TEMPLATE_COMMENT_ADDED", "WHATSAPP_TEMPLATE_DELETED", "WHATSAPP_TEMPLATE_QUALITY_SCORE_UPDATED",
        "WHATSAPP_TEMPLATE_REJECTED", "WHATSAPP_TEMPLATE_STATUS_UPDATED",
    }
)  # fmt: skip


async def create(world: World, call: Call) -> Answer:
    """201 with the webhook, its secret left out."""
    wanted = read_body(call, NewHook)
    if isinstance(wanted, Answer):
        return wanted
    hook = _hook(world.chance.word(32), wanted)
    objection = _objection(world, hook)
    if isinstance(objection, Answer):
        return objection
    if len(world.account.hooks) >= WEBHOOKS_CEILING:
        return refuse("webhook_limit_reached")
    return ok(_keep(world, hook), 201)


async def listed(world: World, call: Call) -> Answer:
    """In the order of their targets."""
    rows = sorted((hook.target, _shown(world, hook)) for hook in world.account.hooks)
    told = page(call, "webhooks", rows, WEBHOOKS_CEILING)
    return told if isinstance(told, Answer) else ok(told)


async def one(world: World, call: Call) -> Answer:
    """By id."""
    found = _find(world, call)
    return found if isinstance(found, Answer) else ok(_shown(world, found))


async def replace(world: World, call: Call) -> Answer:
    """PUT: all of it anew."""
    found = _find(world, call)
    if isinstance(found, Answer):
        return found
    wanted = read_body(call, NewHook)
    return wanted if isinstance(wanted, Answer) else _put(world, _hook(found.id, wanted))


async def patch(world: World, call: Call) -> Answer:
    """Some of it."""
    found = _find(world, call)
    if isinstance(found, Answer):
        return found
    wanted = read_body(call, HookPatch)
    if isinstance(wanted, Answer):
        return wanted
    changes = {name: value for name, value in msgspec.structs.asdict(wanted).items() if value is not msgspec.UNSET}
    if "triggers" in changes:
        changes["triggers"] = tuple(changes["triggers"])
    return _put(world, msgspec.structs.replace(found, **changes))


async def delete(world: World, call: Call) -> Answer:
    """204."""
    found = _find(world, call)
    if isinstance(found, Answer):
        return found
    left = tuple(hook for hook in world.account.hooks if hook.id != found.id)
    world.account = msgspec.structs.replace(world.account, hooks=left)
    return Answer(status=204)


def _hook(hook_id: str, wanted: NewHook) -> Hook:
    return Hook(id=hook_id, target=wanted.target, triggers=tuple(wanted.triggers), secret=wanted.secret)


def _find(world: World, call: Call) -> Hook | Answer:
    wanted = call.path["webhook_id"]
    if not ID.match(wanted):
        return refuse("invalid_id_format")
    return next((hook for hook in world.account.hooks if hook.id == wanted), None) or refuse("webhook_not_found")


def _put(world: World, hook: Hook) -> Answer:
    objection = _objection(world, hook)
    return objection if isinstance(objection, Answer) else ok(_keep(world, hook))


def _objection(world: World, hook: Hook) -> Answer | Pass:
    unknown = sorted(set(hook.triggers) - TRIGGERS)
    complaints = (
        ("target must be a URL address", not host_of(hook.target)),
        ("triggers must not be empty", not hook.triggers),
        ("triggers must be unique", len(set(hook.triggers)) < len(hook.triggers)),
        (f"triggers are unknown: {', '.join(unknown)}", bool(unknown)),
    )
    wrong = [sentence for sentence, is_wrong in complaints if is_wrong]
    if wrong:
        return invalid(*wrong)
    taken = any(other.target == hook.target and other.id != hook.id for other in world.account.hooks)
    return refuse("webhook_exists") if taken else PASS


def _keep(world: World, hook: Hook) -> dict[str, object]:
    hooks = {known.id: known for known in world.account.hooks} | {hook.id: hook}
    world.account = msgspec.structs.replace(world.account, hooks=tuple(hooks.values()))
    return _shown(world, hook)


def _shown(world: World, hook: Hook) -> dict[str, object]:
    return {
        "id": hook.id,
        "projectId": world.app.project_id,
        "target": hook.target,
        "triggers": list(hook.triggers),
    }
