"""Webhooks of the app: up to five, each target once (sinch.md 2.11)."""

from typing import Annotated, Literal

import msgspec

from parley_simulator.accounts import WEBHOOKS_CEILING, Webhook
from parley_simulator.addresses import host_of
from parley_simulator.callback_tokens import ClientCredentials
from parley_simulator.conversation.errors import bad_field, misread, refuse
from parley_simulator.conversation.wire import TRIGGERS, Ulid
from parley_simulator.exchange import PASS, UNREADABLE, Answer, Call, Pass, ok
from parley_simulator.world import World

TargetType = Literal["DISMISS", "HTTP"]
Target = Annotated[str, msgspec.Meta(min_length=1, max_length=742)]


class NewWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """POST /webhooks. Without `target_type` nothing will ever be sent: Sinch's default is DISMISS."""

    app_id: Ulid
    target: Target
    triggers: list[str]
    target_type: TargetType = "DISMISS"
    secret: str = ""
    client_credentials: ClientCredentials | None = None


class WebhookPatch(msgspec.Struct, frozen=True, kw_only=True):
    """PATCH /webhooks/{id}; what is absent stays."""

    target: Target | msgspec.UnsetType = msgspec.UNSET
    triggers: list[str] | msgspec.UnsetType = msgspec.UNSET
    target_type: TargetType | msgspec.UnsetType = msgspec.UNSET
    secret: str | msgspec.UnsetType = msgspec.UNSET
    client_credentials: ClientCredentials | msgspec.UnsetType | None = msgspec.UNSET


async def create(world: World, call: Call) -> Answer:
    """200 with the webhook."""
    try:
        wanted = msgspec.json.decode(call.body, type=NewWebhook)
    except UNREADABLE as error:
        return misread(world, error)
    if wanted.app_id != world.app.app_id:
        return refuse(world, 404, "app not found")
    hook = Webhook(
        id=world.chance.ulid(world.now()), **{**msgspec.structs.asdict(wanted), "triggers": tuple(wanted.triggers)}
    )
    objection = objections(world, hook)
    return objection if isinstance(objection, Answer) else ok(keep(world, hook))


async def listed(world: World, call: Call) -> Answer:
    """All of the app."""
    if call.path.get("app_id", world.app.app_id) != world.app.app_id:
        return refuse(world, 404, "app not found")
    return ok({"webhooks": world.app.webhooks})


async def one(world: World, call: Call) -> Answer:
    """By id."""
    found = _find(world, call)
    return found if isinstance(found, Answer) else ok(found)


async def patch(world: World, call: Call) -> Answer:
    """Change some of it."""
    found = _find(world, call)
    if isinstance(found, Answer):
        return found
    try:
        wanted = msgspec.json.decode(call.body, type=WebhookPatch)
    except UNREADABLE as error:
        return misread(world, error)
    changes = {name: value for name, value in msgspec.structs.asdict(wanted).items() if value is not msgspec.UNSET}
    if "triggers" in changes:
        changes["triggers"] = tuple(changes["triggers"])
    hook = msgspec.structs.replace(found, **changes)
    objection = objections(world, hook)
    return objection if isinstance(objection, Answer) else ok(keep(world, hook))


async def delete(world: World, call: Call) -> Answer:
    """Gone."""
    found = _find(world, call)
    if isinstance(found, Answer):
        return found
    left = tuple(hook for hook in world.app.webhooks if hook.id != found.id)
    world.app = msgspec.structs.replace(world.app, webhooks=left)
    return ok({})


async def not_here(world: World, _call: Call) -> Answer:
    """POST under an app is answered 501: creating lives on `/webhooks` (sinch.md 2.3)."""
    return refuse(world, 501)


def objections(world: World, hook: Webhook) -> Answer | Pass:
    """Why the app cannot have this webhook."""
    others = [other for other in world.app.webhooks if other.id != hook.id]
    host = host_of(hook.target)
    wrong_triggers = sorted(set(hook.triggers) - TRIGGERS)
    complaints = (
        ("target", "is no http address", not host),
        ("target", "must not be Sinch's own", "conversation-api." in host and "sinch.com" in host),
        ("target", "another webhook of the app has it", any(other.target == hook.target for other in others)),
        ("triggers", f"unknown: {', '.join(wrong_triggers)}", bool(wrong_triggers)),
        ("triggers", "none given", not hook.triggers),
        ("app_id", f"has {WEBHOOKS_CEILING} webhooks already", len(others) >= WEBHOOKS_CEILING),
    )
    for field, description, is_wrong in complaints:
        if is_wrong:
            return bad_field(world, field, description)
    return PASS


def keep(world: World, hook: Webhook) -> Webhook:
    """Add it, or put it in its old place."""
    hooks = {known.id: known for known in world.app.webhooks} | {hook.id: hook}
    world.app = msgspec.structs.replace(world.app, webhooks=tuple(hooks.values()))
    return hook


def _find(world: World, call: Call) -> Webhook | Answer:
    for hook in world.app.webhooks:
        if hook.id == call.path["webhook_id"]:
            return hook
    return refuse(world, 404, "webhook not found")
