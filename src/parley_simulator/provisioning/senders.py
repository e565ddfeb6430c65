"""The account and its sender: shown, and what WhatsApp changes about them (sinch.md 3.1, 3.3)."""

from datetime import datetime
from typing import Any

import msgspec
import phonenumbers

from parley_simulator.clock import written
from parley_simulator.conversation.envelopes import Notice, nobody
from parley_simulator.conversation.reports import emit
from parley_simulator.exchange import Answer, Call, ok
from parley_simulator.provisioning.callbacks import tell
from parley_simulator.provisioning.errors import refuse
from parley_simulator.provisioning.paging import asked, page
from parley_simulator.templates import Quality
from parley_simulator.whatsapp_account import AccountState, Tier
from parley_simulator.world import World

PAGE_CEILING = 100
STATES = ("ACTIVE", "ERROR", "INACTIVE", "IN_PROGRESS", "PENDING_VERIFICATION", "SUSPENDED")
STATUSES = ("DRAFT", "ERROR", "IN_PROGRESS", "REJECTED")
TOLD_STATES: dict[AccountState, str] = {
    "ONBOARDED": "WHATSAPP_ACCOUNT_ONBOARDED",
    "PENDING_FACEBOOK_VERIFICATION": "WHATSAPP_ACCOUNT_PENDING_VERIFICATION",
    "REJECTED": "WHATSAPP_ACCOUNT_REJECTED",
}


async def account(world: World, _call: Call) -> Answer:
    """The account, whatever its state."""
    return ok(shown_account(world))


async def listed(world: World, call: Call) -> Answer:
    """There is one sender, it is ACTIVE, and nothing of it is being changed."""
    states, statuses = asked(call, "filterStates"), asked(call, "filterStatuses")
    if set(states) - set(STATES):
        return refuse("invalid_filter_states", supportedCodes=", ".join(STATES))
    if set(statuses) - set(STATUSES):
        return refuse("invalid_filter_statuses", supportedCodes=", ".join(STATUSES))
    passes = (not states or "ACTIVE" in states) and not statuses
    told = page(call, "senders", [(world.account.sender_id, shown_sender(world))] if passes else [], PAGE_CEILING)
    return told if isinstance(told, Answer) else ok(told)


async def one(world: World, call: Call) -> Answer:
    """By its id."""
    known = call.path["sender_id"] == world.account.sender_id
    return ok(shown_sender(world)) if known else refuse("sender_not_found")


def rate(world: World, quality: Quality, at: datetime) -> None:
    """The number's quality changes: both APIs tell it, each in its own way."""
    world.account = msgspec.structs.replace(world.account, quality_rating=quality, modified=at)
    tell(world, "WHATSAPP_SENDER_QUALITY_RATING_CHANGED", shown_sender(world), at)
    event = {
        "channel": "WHATSAPP",
        "event_type": "WHATS_APP_QUALITY_RATING_CHANGED",
        "additional_data": {"quality_rating": quality},
    }
    payload: dict[str, object] = {"channel_event": event}
    key = "channel_event_notification"
    emit(world, Notice(trigger="CHANNEL_EVENT", key=key, payload=payload, message=nobody("", at), at=at))


def limit(world: World, tier: Tier, at: datetime) -> None:
    """Another tier: told of the sender, as before October 2025, and of the account, as since."""
    world.account = msgspec.structs.replace(world.account, daily_limit=tier, modified=at)
    tell(world, "WHATSAPP_SENDER_DAILY_LIMIT_CHANGED", shown_sender(world), at)
    tell(world, "WHATSAPP_ACCOUNT_DAILY_LIMIT_CHANGED", shown_account(world), at)


def onboard(world: World, state: AccountState, at: datetime) -> None:
    """The account's own state; while it is not ONBOARDED, the project has no senders and no templates."""
    world.account = msgspec.structs.replace(world.account, state=state, modified=at)
    tell(world, TOLD_STATES[state], shown_account(world), at)


def shown_account(world: World) -> dict[str, Any]:
    """As the API answers."""
    it = world.account
    told = {
        "state": it.state,
        "wabaId": it.waba_id,
        "wabaName": "Parley simulator",
        "isEmbeddedSignup": True,
        "businessManager": "SINCH_UK",
        "compatibleRegions": [world.region],
        "businessDailyLimit": it.daily_limit,
        "created": written(it.created),
        "modified": written(it.modified),
    }
    return told if it.state == "ONBOARDED" else {**told, "changes": {"status": it.state}}


def shown_sender(world: World) -> dict[str, Any]:
    """As the API answers. `bearerToken` is the WhatsApp API's; `maxTps` is the pace that the queue is drained at."""
    it = world.account
    number = phonenumbers.parse(f"+{world.app.sender_id}")
    region = world.region.upper()
    app = {"id": world.app.app_id, "projectId": world.app.project_id, "region": region, "channelStatus": "ACTIVE"}
    name = "Parley simulator"
    return {
        "id": it.sender_id,
        "state": "ACTIVE",
        "details": {"displayName": name, "description": "A Sinch on your desk", "vertical": "RETAIL", "about": ""},
        "region": region,
        "conversationApiApp": world.app.app_id,
        "conversationApiAppDetails": app,
        "metadata": {"displayName": {"value": name, "status": "APPROVED"}},
        "created": written(it.created),
        "modified": written(it.modified),
        "maxTps": world.settings.drain_per_second,
        "qualityRating": it.quality_rating,
        "dailyLimit": it.daily_limit,
        "bearerToken": world.bot.bearer_token,
        "cloudApi": True,
        "countryCode": str(number.country_code),
        "phoneNumber": str(number.national_number),
        "numberProvider": "CUSTOMER",
        "businessManager": "SINCH_UK",
        "compatibleRegions": [world.region],
    }
