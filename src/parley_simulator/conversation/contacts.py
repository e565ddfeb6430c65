"""Contacts and conversations: made up as needed in CONVERSATION mode, absent in DISPATCH (sinch.md 2.8)."""

from typing import Any

import msgspec

from parley_simulator.conversation.errors import bad_field, refuse
from parley_simulator.conversation.wire import Recipient, SendRequest
from parley_simulator.exchange import PASS, Answer, Pass
from parley_simulator.handsets import Handset, digits
from parley_simulator.messages import Message
from parley_simulator.world import World


class Target(msgspec.Struct, frozen=True):
    """Where a send goes; an empty number when the contact is unknown."""

    number: str
    channel: str = "WHATSAPP"


def resolve(world: World, recipient: Recipient, request: SendRequest | None = None) -> Target:
    """The first identity whose channel comes first in the order of tries."""
    if recipient.identified_by is None:
        found = [handset for handset in world.handsets.listed() if handset.contact_id == recipient.contact_id]
        return Target(found[0].number if found else "")
    identities = recipient.identified_by.channel_identities
    order: list[str] = list(request.channel_priority_order) if request is not None else []
    for channel in order:
        for it in identities:
            if it.channel == channel:
                return Target(digits(it.identity), it.channel)
    return Target(digits(identities[0].identity), order[0] if order else identities[0].channel)


def recipient_objection(world: World, recipient: Recipient) -> Answer | Pass:
    """What is wrong with whom a request is about."""
    if (recipient.identified_by is None) == (not recipient.contact_id):
        return bad_field(world, "recipient", "exactly one of identified_by and contact_id is needed")
    if recipient.contact_id and world.settings.mode == "DISPATCH":
        return bad_field(world, "recipient.identified_by", "an app in DISPATCH mode needs channel identities")
    return PASS if resolve(world, recipient).number else refuse(world, 404, "contact not found")


def keeps_nothing(world: World) -> bool:
    """DISPATCH with its default retention of 0 days."""
    return world.settings.mode == "DISPATCH" and world.settings.retention_days == 0


def party(world: World, number: str) -> dict[str, object]:
    """The contact and conversation of a number; empty in DISPATCH mode."""
    if world.settings.mode == "DISPATCH":
        return {"conversation_id": "", "contact_id": ""}
    handset = world.handsets.find(number)
    return {"conversation_id": handset.conversation_id, "contact_id": handset.contact_id}


def identity(message: Message) -> dict[str, object]:
    """The customer's address on the channel."""
    return {"channel": message.channel, "identity": message.number, "app_id": ""}


def is_new(world: World, number: str) -> bool:
    """Does CONVERSATION mode have to make a contact for it?"""
    return world.settings.mode == "CONVERSATION" and not world.handsets.find(number).contact_id


def meet(world: World, number: str) -> Handset:
    """The phone, with a contact and a conversation where the mode keeps them."""
    if not is_new(world, number):
        return world.handsets.change(number)
    now = world.now()
    return world.handsets.change(number, contact_id=world.chance.ulid(now), conversation_id=world.chance.ulid(now))


def update_metadata(world: World, number: str, request: SendRequest) -> None:
    """What later inbound messages carry; nothing where nothing is kept."""
    if keeps_nothing(world) or request.processing_strategy == "DISPATCH_ONLY":
        return
    changes: dict[str, Any] = {}
    if request.correlation_id:
        changes["correlation_id"] = request.correlation_id
    if request.conversation_metadata is not None:
        merges = (
            request.conversation_metadata_update_strategy == "MERGE_PATCH" and world.settings.mode == "CONVERSATION"
        )
        old = world.handsets.find(number).conversation_metadata if merges else {}
        changes["conversation_metadata"] = _patched(old, request.conversation_metadata)
    world.handsets.change(number, **changes)


def _patched(old: dict[str, object], patch: dict[str, object]) -> dict[str, object]:
    """RFC 7386: null removes, objects merge, everything else replaces."""
    merged = dict(old)
    for key, value in patch.items():
        before = merged.get(key)
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict):
            merged[key] = _patched(before if isinstance(before, dict) else {}, value)
        else:
            merged[key] = value
    return merged
