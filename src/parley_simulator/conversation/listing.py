"""GET messages, one or many (sinch.md 2.9): only what the app's mode keeps, and only from the right source."""

import base64
import binascii
from datetime import UTC, datetime, timedelta

import msgspec

from parley_simulator.clock import written
from parley_simulator.conversation import inbound
from parley_simulator.conversation.contacts import identity, party
from parley_simulator.conversation.errors import bad_field, misread, refuse
from parley_simulator.conversation.wire import ChannelIdentity
from parley_simulator.exchange import UNREADABLE, Answer, Call, ok
from parley_simulator.handsets import digits
from parley_simulator.messages import Message
from parley_simulator.world import World

PAGE_SIZE = 10
PAGE_CEILING = 1000
DIRECTIONS = {"TO_APP": "in", "TO_CONTACT": "out"}


class LastMessages(msgspec.Struct, frozen=True, kw_only=True):
    """POST messages:fetch-last-message; one of the two lists."""

    channel_identities: list[ChannelIdentity] = []
    contact_ids: list[str] = []
    app_id: str = ""
    messages_source: str = "CONVERSATION_SOURCE"
    direction: str = ""
    channel: str = ""
    view: str = ""
    page_size: int = PAGE_SIZE
    page_token: str = ""
    start_time: datetime | None = None
    end_time: datetime | None = None


async def one(world: World, call: Call) -> Answer:
    """A message by its id, 404 when it is not kept."""
    wanted = call.path["message_id"]
    for message in kept(world, call.query.get("messages_source", "CONVERSATION_SOURCE")):
        if message.id == wanted:
            return ok(wire(world, message))
    return refuse(world, 404, "message not found")


async def many(world: World, call: Call) -> Answer:
    """A page, newest first; `next_page_token` is empty on the last one."""
    query = call.query
    source = query.get("messages_source", "CONVERSATION_SOURCE")
    if source == "DISPATCH_SOURCE" and query.get("contact_id"):
        return bad_field(world, "contact_id", "not allowed with DISPATCH_SOURCE")
    size = query.get("page_size", str(PAGE_SIZE))
    if not size.isdecimal() or not 0 < int(size) <= PAGE_CEILING:
        return bad_field(world, "page_size", f"must be between 1 and {PAGE_CEILING}")
    try:
        number = digits(query.get("channel_identity", ""))
        found = [message for message in kept(world, source, number) if _matches(world, message, query)]
        return _page(world, found, int(size), query.get("page_token", ""))
    except (ValueError, binascii.Error) as error:
        return bad_field(world, "page_token or time", str(error))


async def last(world: World, call: Call) -> Answer:
    """The newest message of each address."""
    try:
        wanted = msgspec.json.decode(call.body, type=LastMessages)
    except UNREADABLE as error:
        return misread(world, error)
    if bool(wanted.channel_identities) == bool(wanted.contact_ids):
        return bad_field(world, "channel_identities", "exactly one of channel_identities and contact_ids is needed")
    numbers = {digits(it.identity) for it in wanted.channel_identities}
    numbers |= {it.number for it in world.handsets.listed() if it.contact_id and it.contact_id in wanted.contact_ids}
    newest: dict[str, Message] = {}
    for message in kept(world, wanted.messages_source):
        if message.number in numbers and DIRECTIONS.get(wanted.direction, message.direction) == message.direction:
            newest.setdefault(message.number, message)
    return ok({"messages": [wire(world, message) for message in newest.values()], "next_page_token": ""})


def kept(world: World, source: str, number: str = "") -> list[Message]:
    """What retention left, newest first: nothing by default in DISPATCH mode. Of one number if one is given, which does
    not look through everybody's.
    """
    if source != f"{world.settings.mode}_SOURCE":
        return []
    is_dispatch = world.settings.mode == "DISPATCH"
    days = world.settings.retention_days if is_dispatch else world.settings.conversation_retention_days
    since = world.now() - timedelta(days=days)
    messages = list(reversed(world.messages.thread(number))) if number else world.messages.listed()
    return [message for message in messages if message.api == "conversation" and message.at > since]


def wire(world: World, message: Message) -> dict[str, object]:
    """One message as Sinch lists it."""
    if message.direction == "in":
        return inbound.wire(world, message)
    return {
        "id": message.id,
        "direction": "TO_CONTACT",
        "app_message": message.wire,
        "channel_identity": identity(message),
        **party(world, message.number),
        "metadata": message.metadata,
        "accept_time": written(message.at, 3),
        "sender_id": world.app.sender_id,
        "processing_mode": world.settings.mode,
        "injected": False,
    }


def _matches(world: World, message: Message, query: dict[str, str]) -> bool:
    facts = {
        "app_id": world.app.app_id,
        "channel": message.channel,
        "channel_identity": message.number,
        "contact_id": world.handsets.find(message.number).contact_id,
        "conversation_id": world.handsets.find(message.number).conversation_id,
    }
    asked = {**query, "channel_identity": digits(query.get("channel_identity", ""))}
    direction = DIRECTIONS.get(query.get("direction", ""), message.direction)
    same = all(asked.get(name, "") in {"", fact} for name, fact in facts.items())
    return same and direction == message.direction and _in_time(message, query)


def _in_time(message: Message, query: dict[str, str]) -> bool:
    start, end = query.get("start_time"), query.get("end_time")
    return not ((start and message.at < _moment(start)) or (end and message.at >= _moment(end)))


def _moment(text: str) -> datetime:
    """Without an offset it is UTC. Raises `ValueError`."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _page(world: World, found: list[Message], size: int, token: str) -> Answer:
    """A token is the last id shown, opaque to the caller, so that new messages do not shift the pages."""
    start = 0
    if token:
        last_id = base64.urlsafe_b64decode(token).decode()
        start = [message.id for message in found].index(last_id) + 1
    page = found[start : start + size]
    more = start + size < len(found)
    next_token = base64.urlsafe_b64encode(page[-1].id.encode()).decode() if more else ""
    return ok({"messages": [wire(world, message) for message in page], "next_page_token": next_token})
