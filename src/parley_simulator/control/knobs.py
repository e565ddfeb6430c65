"""Knobs: clock, chaos and faults, settings, templates, consents, where callbacks go, a clean desk."""

from typing import Annotated, Literal

import msgspec

from parley_simulator.accounts import Webhook
from parley_simulator.addresses import host_of
from parley_simulator.clock import FARTHEST, FASTEST, written
from parley_simulator.control.answers import read, refused
from parley_simulator.conversation.webhooks import keep, objections
from parley_simulator.exchange import Answer, Call, Route, ok
from parley_simulator.fate import ConsentList
from parley_simulator.faults import Fault
from parley_simulator.handsets import digits
from parley_simulator.line import Line
from parley_simulator.settings import Settings
from parley_simulator.signatures import Digest
from parley_simulator.templates import Template
from parley_simulator.world import World

USUAL_TRIGGERS = (
    "MESSAGE_INBOUND",
    "MESSAGE_DELIVERY",
    "EVENT_INBOUND",
    "UNSUPPORTED",
    "CONTACT_CREATE",
    "CONVERSATION_START",
)


class ClockChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Jump, flow, and the scale of the simulator's own pauses."""

    advance_seconds: Annotated[float, msgspec.Meta(ge=0, le=FARTHEST)] = 0
    speed: Annotated[float, msgspec.Meta(gt=0, le=FASTEST)] | None = None
    delays: Annotated[float, msgspec.Meta(ge=0, le=FASTEST)] | None = None


class FaultOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Either the chaos switch, or faults for the script, or both."""

    chaos: Literal["off", "few"] | None = None
    faults: list[Fault] = []


class NewTarget(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A webhook in one word; the app's own secret signs it unless another is given."""

    url: str
    triggers: tuple[str, ...] = USUAL_TRIGGERS
    secret: str | None = None


class LegacyTarget(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the bot's callbacks go and how they are signed; what is absent stays."""

    callback_url: str | msgspec.UnsetType = msgspec.UNSET
    signing_key: str | msgspec.UnsetType = msgspec.UNSET
    digest: Digest | msgspec.UnsetType = msgspec.UNSET


class ConsentChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Put a number on a consent list, or take it off."""

    number: str
    list_type: ConsentList = "OPT_OUT_ALL"
    listed: bool = True


def routes(line: Line) -> tuple[Route, ...]:
    """Everything under `/_sim/` that is not a phone or the journal."""

    async def state(world: World, _call: Call) -> Answer:
        return ok(_state(world, line))

    return (
        Route(method="GET", path="/_sim/state", name="control.state", story=state),
        Route(method="POST", path="/_sim/clock", name="control.clock", story=_clock),
        Route(method="POST", path="/_sim/faults", name="control.faults", story=_order_faults),
        Route(method="GET", path="/_sim/faults", name="control.faults", story=_list_faults),
        Route(method="DELETE", path="/_sim/faults", name="control.faults", story=_clear_faults),
        Route(method="GET", path="/_sim/settings", name="control.settings", story=_settings),
        Route(method="POST", path="/_sim/settings", name="control.settings", story=_change_settings),
        Route(method="GET", path="/_sim/templates", name="control.templates", story=_list_templates),
        Route(method="POST", path="/_sim/templates", name="control.templates", story=_put_templates),
        Route(method="POST", path="/_sim/webhooks", name="control.webhooks", story=_add_webhook),
        Route(method="POST", path="/_sim/legacy", name="control.legacy", story=_legacy),
        Route(method="POST", path="/_sim/consents", name="control.consents", story=_consent),
        Route(method="POST", path="/_sim/reset", name="control.reset", story=_reset),
    )


def _state(world: World, line: Line) -> dict[str, object]:
    return {
        "now": written(world.now(), 6),
        "speed": world.clock.speed,
        "delays": world.clock.delays,
        "chaos": "off" if world.chance.calm else "few",
        "region": world.region,
        "queued": len(line),
        "planned": len(world.agenda),
        "callbacks_waiting": world.courier.waiting,
        "callbacks_in_flight": world.courier.in_flight,
        "messages": len(world.messages),
        "settings": world.settings,
        "legacy": {"bot_id": world.bot.bot_id, "callback_url": world.bot.callback_url},
        "webhooks": [{"id": it.id, "target": it.target, "triggers": it.triggers} for it in world.app.webhooks],
    }


async def _clock(world: World, call: Call) -> Answer:
    wanted = read(call, ClockChange)
    if isinstance(wanted, Answer):
        return wanted
    if wanted.delays is not None:
        world.clock.delays = wanted.delays
    if wanted.speed is not None:
        world.clock.set_speed(wanted.speed)
    world.clock.advance(wanted.advance_seconds)
    world.agenda.wake()
    return ok({"now": written(world.now(), 6), "speed": world.clock.speed, "delays": world.clock.delays})


async def _order_faults(world: World, call: Call) -> Answer:
    """A single fault may be given bare; a list goes under `faults`."""
    bare = read(call, dict[str, msgspec.Raw])
    if not isinstance(bare, Answer) and "kind" in bare:
        call = msgspec.structs.replace(call, body=b'{"faults":[' + call.body + b"]}")
    wanted = read(call, FaultOrder)
    if isinstance(wanted, Answer):
        return wanted
    world.chance.calm = wanted.chaos == "off" if wanted.chaos else world.chance.calm
    try:
        for fault in wanted.faults:
            world.faults.add(msgspec.structs.replace(fault, number=digits(fault.number)))
    except OverflowError as error:
        return refused(str(error))
    return await _list_faults(world, call)


async def _list_faults(world: World, _call: Call) -> Answer:
    return ok({"chaos": "off" if world.chance.calm else "few", "faults": world.faults.listed()})


async def _clear_faults(world: World, call: Call) -> Answer:
    world.faults.clear()
    return await _list_faults(world, call)


async def _settings(world: World, _call: Call) -> Answer:
    return ok(world.settings)


async def _change_settings(world: World, call: Call) -> Answer:
    """What is absent stays."""
    given = read(call, dict[str, object])
    if isinstance(given, Answer):
        return given
    try:
        world.settings = msgspec.convert({**msgspec.to_builtins(world.settings), **given}, Settings)
    except msgspec.ValidationError as error:
        return refused(str(error))
    return ok(world.settings)


async def _list_templates(world: World, _call: Call) -> Answer:
    return ok({"templates": world.templates.listed()})


async def _put_templates(world: World, call: Call) -> Answer:
    """One template or a list; the same name and language again replaces it."""
    wanted = read(call, list[Template]) if call.body.lstrip().startswith(b"[") else read(call, Template)
    if isinstance(wanted, Answer):
        return wanted
    try:
        for template in wanted if isinstance(wanted, list) else [wanted]:
            world.templates.put(template)
    except OverflowError as error:
        return refused(str(error))
    return await _list_templates(world, call)


async def _add_webhook(world: World, call: Call) -> Answer:
    wanted = read(call, NewTarget)
    return wanted if isinstance(wanted, Answer) else add_webhook(world, wanted)


def add_webhook(world: World, wanted: NewTarget) -> Answer:
    """Point the app at an address; the same address again is replaced."""
    same = [hook.id for hook in world.app.webhooks if hook.target == wanted.url]
    hook = Webhook(
        id=same[0] if same else world.chance.ulid(world.now()),
        app_id=world.app.app_id,
        target=wanted.url,
        target_type="HTTP",
        secret=world.app.webhook_secret if wanted.secret is None else wanted.secret,
        triggers=wanted.triggers,
    )
    objection = objections(world, hook)
    if isinstance(objection, Answer):
        return objection
    return ok(msgspec.structs.replace(keep(world, hook), secret="***" if hook.secret else ""))


async def _legacy(world: World, call: Call) -> Answer:
    wanted = read(call, LegacyTarget)
    if isinstance(wanted, Answer):
        return wanted
    if wanted.callback_url and not host_of(wanted.callback_url):
        return refused("callback_url is no http address; an empty one turns callbacks off")
    changes = {name: value for name, value in msgspec.structs.asdict(wanted).items() if value is not msgspec.UNSET}
    world.bot = msgspec.structs.replace(world.bot, **changes)
    bot = world.bot
    return ok({"callback_url": bot.callback_url, "signed": bool(bot.signing_key), "digest": bot.digest})


async def _consent(world: World, call: Call) -> Answer:
    wanted = read(call, ConsentChange)
    if isinstance(wanted, Answer):
        return wanted
    listed = world.consents.setdefault(wanted.list_type, set())
    number = digits(wanted.number)
    (listed.add if wanted.listed else listed.discard)(number)
    world.consent_audit.setdefault(number, []).append(
        {
            "origin": "ORIGIN_MO",
            "operation": "OPERATION_INSERT" if wanted.listed else "OPERATION_DELETE",
            "list_type": wanted.list_type,
            "project_id": world.app.project_id,
            "app_id": world.app.app_id,
            "datetime": written(world.now()),
        }
    )
    return ok({name: sorted(numbers) for name, numbers in world.consents.items()})


async def _reset(world: World, _call: Call) -> Answer:
    """Books emptied, settings and addresses as at the start; keys, clock and chaos stay."""
    world.reset()
    return ok({"now": written(world.now(), 6)})
