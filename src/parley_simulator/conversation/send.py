"""POST messages:send: stage one of Sinch's validation, then the queue (sinch.md 2.5)."""

from collections.abc import Callable
from datetime import timedelta

import msgspec

from parley_simulator.clock import written
from parley_simulator.conversation.contacts import is_new, meet, recipient_objection, resolve, update_metadata
from parley_simulator.conversation.errors import bad_field, misread, refuse, throttled
from parley_simulator.conversation.greetings import greet
from parley_simulator.conversation.reports import submitted
from parley_simulator.conversation.shown import shown
from parley_simulator.conversation.wire import VARIANTS, SendRequest
from parley_simulator.exchange import PASS, UNREADABLE, Answer, Call, Pass, ok
from parley_simulator.faults import FATE_KINDS, Fault
from parley_simulator.keys import unknown_keys
from parley_simulator.line import Line
from parley_simulator.messages import Message
from parley_simulator.world import World

OVERTAKE_PERCENT = 2.0
METADATA_CEILING = 2048
SHORTEST_TTL = 3
LONGEST_TTL = 315_576_000_000
NEVER = 100 * 365 * 86_400  # a longer time to live is as good as none


async def send(world: World, line: Line, call: Call) -> Answer:
    """200 with `message_id` and `accepted_time`; delivery is another story."""
    if "content-type" not in call.headers:
        return refuse(world, 400, "Content-Type is missing")
    try:
        request = msgspec.json.decode(call.body, type=SendRequest)
        written_as = msgspec.json.decode(call.body)
    except UNREADABLE as error:
        return misread(world, error)
    objection = _first_objection(world, line, request)
    if isinstance(objection, Answer):
        return objection
    message = _message(world, request, written_as["message"])
    answer = await _accept(world, line, request, message)
    return msgspec.structs.replace(answer, unknown_keys=tuple(unknown_keys(written_as, SendRequest)))


def _first_objection(world: World, line: Line, request: SendRequest) -> Answer | Pass:
    for check in CHECKS:
        answer = check(world, request)
        if isinstance(answer, Answer):
            return answer
    return throttled(world) if line.is_full() else PASS


def _app_is_known(world: World, request: SendRequest) -> Answer | Pass:
    return PASS if request.app_id == world.app.app_id else refuse(world, 404, "app not found")


def _one_recipient(world: World, request: SendRequest) -> Answer | Pass:
    return recipient_objection(world, request.recipient)


def _one_message(world: World, request: SendRequest) -> Answer | Pass:
    message = request.message
    given = [name for name in VARIANTS if getattr(message, name) is not None]
    if len(given) == 1 or (not given and (message.explicit_channel_message or message.channel_specific_message)):
        return PASS
    return bad_field(world, "message", f"exactly one of {', '.join(VARIANTS)} is needed")


def _template_is_given(world: World, request: SendRequest) -> Answer | Pass:
    template = request.message.template_message
    if template is None or template.channel_template or template.omni_template is not None:
        return PASS
    return bad_field(world, "message.template_message", "channel_template or omni_template is needed")


def _ttl_is_in_range(world: World, request: SendRequest) -> Answer | Pass:
    if not request.ttl or SHORTEST_TTL <= int(request.ttl[:-1]) <= LONGEST_TTL:
        return PASS
    return bad_field(world, "ttl", f"must be between {SHORTEST_TTL}s and {LONGEST_TTL}s")


def _metadata_fits(world: World, request: SendRequest) -> Answer | Pass:
    if len(msgspec.json.encode(request.conversation_metadata)) <= METADATA_CEILING:
        return PASS
    return bad_field(world, "conversation_metadata", f"longer than {METADATA_CEILING} characters")


def _channel_is_configured(world: World, request: SendRequest) -> Answer | Pass:
    """The published description says 400, live reports say 200 then FAILED: a switch (sinch.md 7)."""
    if (
        world.settings.unconfigured_channel == "reject"
        and resolve(world, request.recipient, request).channel != "WHATSAPP"
    ):
        return bad_field(world, "channel_priority_order", "the channel is not configured for the app")
    return PASS


CHECKS: tuple[Callable[[World, SendRequest], Answer | Pass], ...] = (
    _app_is_known,
    _one_recipient,
    _one_message,
    _template_is_given,
    _ttl_is_in_range,
    _metadata_fits,
    _channel_is_configured,
)


async def _accept(world: World, line: Line, request: SendRequest, message: Message) -> Answer:
    world.messages.add(message)
    is_stranger = is_new(world, message.number)
    handset = meet(world, message.number)
    if is_stranger:
        greet(world, handset, message.at)
    world.handsets.change(message.number, unread=handset.unread + 1, last_api="conversation")
    update_metadata(world, message.number, request)
    world.journal.count(message.our_id or message.id, message.number, message.id)
    submitted(world, message)
    ordered = world.faults.take(FATE_KINDS & {"report_first"}, "conversation.send", (message.number,))
    if isinstance(ordered, Fault) or world.chance.happens(OVERTAKE_PERCENT):
        await line.overtake(message)
    else:
        line.put(message)
    answer = ok({"message_id": message.id, "accepted_time": written(message.at, world.chance.pick((6, 3, 0, 9)))})
    return msgspec.structs.replace(answer, our_id=message.our_id, numbers=(message.number,), message_ids=(message.id,))


def _message(world: World, request: SendRequest, wire: dict[str, object]) -> Message:
    now = world.now()
    target = resolve(world, request.recipient, request)
    return Message(
        id=world.chance.ulid(now),
        api="conversation",
        direction="out",
        number=target.number,
        channel=target.channel,
        content=shown(request.message),
        at=now,
        our_id=request.message_metadata or request.correlation_id,
        wire=wire,
        metadata=request.message_metadata,
        correlation_id=request.correlation_id,
        callback_url=request.callback_url,
        reply_to=request.message.reply_to.message_id if request.message.reply_to else "",
        expires_at=now + timedelta(seconds=int(request.ttl[:-1])) if 0 < int(request.ttl[:-1] or 0) < NEVER else None,
        urgent=request.queue == "HIGH_PRIORITY",
        content_type=request.message_content_type,
    )
