"""What WhatsApp decides by itself, decided by hand: a template's fate, the sender's quality and tier, the account."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from parley_simulator.control.answers import read, read_with, refused
from parley_simulator.exchange import Answer, Call, Route, ok
from parley_simulator.provisioning import review, senders
from parley_simulator.provisioning.sheet import shown
from parley_simulator.template_book import Filed
from parley_simulator.templates import Category, Quality
from parley_simulator.whatsapp_account import AccountState, Tier
from parley_simulator.world import World


class _Decision(msgspec.Struct, frozen=True, kw_only=True, tag_field="decision", forbid_unknown_fields=True):
    """What is done to one template in one language."""


class Approve(_Decision, frozen=True, tag="approve"):
    """In force; `category` if WhatsApp thinks it is another."""

    category: Category | None = None


class Reject(_Decision, frozen=True, tag="reject"):
    """Not in force, and why."""

    rejection_code: Literal["ABUSIVE_CONTENT", "INCORRECT_CATEGORY", "INVALID_FORMAT", "SCAM"] = "INVALID_FORMAT"


class Pause(_Decision, frozen=True, tag="pause"):
    """For 3 hours, then for 6; the third time for good."""


class Unpause(_Decision, frozen=True, tag="unpause"):
    """In force again."""


class Disable(_Decision, frozen=True, tag="disable"):
    """Out of force for good."""


class Recategorise(_Decision, frozen=True, tag="recategorise"):
    """Another category: now, or announced now and done later."""

    category: Category
    in_seconds: Annotated[float, msgspec.Meta(ge=0)] = 0


class Score(_Decision, frozen=True, tag="quality"):
    """How people like it; RED pauses it."""

    quality: Quality


class SenderChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is absent stays."""

    quality_rating: Quality | None = None
    daily_limit: Tier | None = None


class AccountChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The account's state."""

    state: AccountState


Decision = Approve | Reject | Pause | Unpause | Disable | Recategorise | Score
DECISION: msgspec.json.Decoder[Decision] = msgspec.json.Decoder(Decision)
DECIDE: dict[type, Callable[[World, Filed, datetime, Any], review.Fate]] = {
    Approve: lambda world, filed, at, it: review.approve(world, filed, at, it.category),
    Reject: lambda world, filed, at, it: review.reject(world, filed, at, it.rejection_code),
    Pause: lambda world, filed, at, _: review.pause(world, filed, at),
    Unpause: lambda world, filed, at, _: review.unpause(world, filed, at),
    Disable: lambda world, filed, at, _: review.disable(world, filed, at),
    Recategorise: lambda world, filed, at, it: review.recategorise(world, filed, at, it.category, it.in_seconds),
    Score: lambda world, filed, at, it: review.score(world, filed, at, it.quality),
}


def routes() -> tuple[Route, ...]:
    """`/_sim/templates/{name}/{language}`, `/_sim/sender`, `/_sim/account`."""
    one = "/_sim/templates/{name:str}/{language:str}"
    return (
        Route(method="POST", path=one, name="control.template", story=_decide),
        Route(method="GET", path="/_sim/sender", name="control.sender", story=_sender),
        Route(method="POST", path="/_sim/sender", name="control.sender", story=_change_sender),
        Route(method="POST", path="/_sim/account", name="control.account", story=_change_account),
    )


async def _decide(world: World, call: Call) -> Answer:
    filed = world.templates.get(call.path["name"], call.path["language"])
    if filed is None:
        return refused(f"there is no template {call.path['name']} in {call.path['language']}", 404)
    decision = read_with(call, DECISION)
    if isinstance(decision, Answer):
        return decision
    fate = DECIDE[type(decision)](world, filed, world.now(), decision)
    return refused(fate.sentence) if isinstance(fate, review.Impossible) else ok({"template": shown(fate)})


async def _sender(world: World, _call: Call) -> Answer:
    account = world.account
    return ok({
        "id": account.sender_id, "quality_rating": account.quality_rating, "daily_limit": account.daily_limit,
        "reached": world.reach.counted(world.now()),
    })  # fmt: skip


async def _change_sender(world: World, call: Call) -> Answer:
    """A change is told; saying what is so already is none."""
    wanted = read(call, SenderChange)
    if isinstance(wanted, Answer):
        return wanted
    if wanted.quality_rating is not None and wanted.quality_rating != world.account.quality_rating:
        senders.rate(world, wanted.quality_rating, world.now())
    if wanted.daily_limit is not None and wanted.daily_limit != world.account.daily_limit:
        senders.limit(world, wanted.daily_limit, world.now())
    return await _sender(world, call)


async def _change_account(world: World, call: Call) -> Answer:
    wanted = read(call, AccountChange)
    if isinstance(wanted, Answer):
        return wanted
    if wanted.state != world.account.state:
        senders.onboard(world, wanted.state, world.now())
    return ok({"state": world.account.state})
