"""The phones' own endpoints: list, read, write as the customer."""

from collections.abc import Callable
from typing import Any

import msgspec

from parley_simulator import inbound
from parley_simulator.clock import written
from parley_simulator.control.answers import read, read_with, refused
from parley_simulator.conversation import inbound as conversation_inbound
from parley_simulator.conversation.contacts import is_new, meet
from parley_simulator.conversation.greetings import greet
from parley_simulator.exchange import Answer, Call, Route, ok
from parley_simulator.fate import is_possible
from parley_simulator.handsets import Handset, digits
from parley_simulator.legacy import inbound as legacy_inbound
from parley_simulator.legacy.callbacks import Outbox
from parley_simulator.line import Line
from parley_simulator.messages import Api, Message
from parley_simulator.world import World

WRITTEN: msgspec.json.Decoder[inbound.Written] = msgspec.json.Decoder(inbound.Written)
# Phones do not tell "dispatched" from "queued".
STATES_SHOWN = {"dispatched": "queued"}


class Person(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What kind of person holds a phone; what is absent stays as it was."""

    name: str | msgspec.UnsetType = msgspec.UNSET
    on_whatsapp: bool | msgspec.UnsetType = msgspec.UNSET
    online: bool | msgspec.UnsetType = msgspec.UNSET
    reads: bool | msgspec.UnsetType = msgspec.UNSET


def routes(line: Line, outbox: Outbox) -> tuple[Route, ...]:
    """All of `/_sim/handsets` and `/_sim/optins`."""

    async def write(world: World, call: Call) -> Answer:
        return await _write(world, outbox, call)

    async def mark_read(world: World, call: Call) -> Answer:
        number = digits(call.path["number"])
        if world.handsets.known(number):
            world.handsets.change(number, unread=0)
            line.read_now(number)
        return ok({"unread": 0})

    root = "/_sim/handsets"
    one = f"{root}/{{number:str}}"
    return (
        Route(method="GET", path=root, name="control.handsets", story=_list),
        Route(method="POST", path=one, name="control.handsets", story=_change),
        Route(method="GET", path=f"{one}/messages", name="control.thread", story=_thread),
        Route(method="POST", path=f"{one}/messages", name="control.write", story=write),
        Route(method="POST", path=f"{one}/read", name="control.read", story=mark_read),
        Route(method="GET", path="/_sim/optins", name="control.optins", story=_optins),
    )


async def _list(world: World, _call: Call) -> Answer:
    shown = [_handset(world, handset) for handset in world.handsets.listed()]
    return ok({"handsets": sorted(shown, key=lambda it: str(it["last_at"]), reverse=True)})


def _handset(world: World, handset: Handset) -> dict[str, object]:
    thread = world.messages.thread(handset.number)
    last = thread[-1] if thread else None
    return {
        "number": handset.number,
        "name": handset.name,
        "last_text": (shown_text(world, last) or last.content.type) if last else "",
        "last_at": written(last.at) if last else "",
        "unread": min(handset.unread, sum(_may_be_unread(message) for message in thread)),
        "online": handset.online,
        "on_whatsapp": handset.on_whatsapp,
    }


def _may_be_unread(message: Message) -> bool:
    """What failed never came to the phone."""
    return message.direction == "out" and message.state not in {"read", "failed"}


async def _change(world: World, call: Call) -> Answer:
    wanted = read(call, Person)
    if isinstance(wanted, Answer):
        return wanted
    changes = {name: value for name, value in msgspec.structs.asdict(wanted).items() if value is not msgspec.UNSET}
    return ok(_handset(world, world.handsets.change(digits(call.path["number"]), **changes)))


async def _thread(world: World, call: Call) -> Answer:
    thread = world.messages.thread(digits(call.path["number"]))
    return ok({"messages": [_message(world, message) for message in thread]})


def _message(world: World, message: Message) -> dict[str, object]:
    content = _rendered(world, message)
    return {
        "id": message.id,
        "direction": message.direction,
        "api": message.api,
        "type": message.content.type,
        "text": content.text,
        "state": STATES_SHOWN.get(message.state, message.state),
        "at": written(message.at),
        "buttons": content.buttons,
        "media": content.media,
        "location": content.location,
        "our_id": message.our_id,
        "reply_to": message.reply_to,
        "reason": message.reason,
    }


def _rendered(world: World, message: Message) -> Any:
    """A template that is still on its way is filled in as registered; if it cannot be, only its name is shown."""
    call = message.content.template
    if call is None or message.content.text:
        return message.content
    checked = world.templates.check(call)
    if isinstance(checked, type(message.content)):
        return checked
    return msgspec.structs.replace(message.content, text=f"{call.name} ({call.language})")


def shown_text(world: World, message: Message) -> str:
    """The words on the screen."""
    return str(_rendered(world, message).text)


async def _write(world: World, outbox: Outbox, call: Call) -> Answer:
    number = digits(call.path["number"])
    it = read_with(call, WRITTEN)
    if isinstance(it, Answer):
        return it
    if not is_possible(number):
        return refused(f"{call.path['number']} is not a phone number")
    api = it.api or _default_api(world, number)
    try:
        message = _received(world, number, it, api)
    except inbound.BadFileError as error:
        return refused(str(error))
    notify: dict[Api, Callable[[], object]] = {
        "legacy": lambda: legacy_inbound.notify(world, outbox, message, it),
        "conversation": lambda: conversation_inbound.notify(world, message, it),
    }
    notify[api]()
    return ok({"message_id": message.id, "api": api})


def _default_api(world: World, number: str) -> Api:
    """Whoever wrote last; else whoever listens; the Conversation API if both or none do."""
    known = world.handsets.find(number).last_api
    listens_only_legacy = bool(world.bot.callback_url) and not world.app.webhooks
    return known or ("legacy" if listens_only_legacy else "conversation")


def _received(world: World, number: str, it: inbound.Written, api: Api) -> Message:
    """Any message from the customer opens the window, whatever its kind."""
    now = world.now()
    content = inbound.shown(world, it)
    world.handsets.change(number, last_inbound_at=now, **({"name": it.profile_name} if it.profile_name else {}))
    if api == "conversation" and is_new(world, number):
        greet(world, meet(world, number), now)
    quoted = world.messages.find(it.reply_to)
    answers = isinstance(it, (inbound.Tap, inbound.ListPick)) and quoted is not None
    draft = Message(
        id=world.chance.ulid(now),
        api=api,
        direction="in",
        number=number,
        content=content,
        at=now,
        state="received",
        reply_to=it.reply_to,
        metadata=quoted.metadata if answers and quoted is not None else "",
    )
    message = msgspec.structs.replace(draft, wire=conversation_inbound.contact_message(draft, it))
    world.messages.add(message)
    return message


async def _optins(world: World, _call: Call) -> Answer:
    return ok({"opted_in": [handset.number for handset in world.handsets.listed() if handset.opted_in]})
