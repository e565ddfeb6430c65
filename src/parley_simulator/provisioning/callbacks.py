"""What the Provisioning API tells: `{type, payload}`, signed like the Conversation API's callbacks (sinch.md 3.4)."""

from datetime import datetime
from typing import Any

import msgspec

from parley_simulator.callbacks import Parcel
from parley_simulator.provisioning.sheet import shown
from parley_simulator.signatures import Seal
from parley_simulator.template_book import Filed
from parley_simulator.whatsapp_account import Hook
from parley_simulator.world import World

EVERYTHING = "ALL"


def tell(world: World, kind: str, payload: dict[str, Any], at: datetime, **more: object) -> None:
    """To each webhook that listens; here the kind is in the body."""
    body = msgspec.json.encode({"type": kind, "payload": payload, **more})
    for hook in world.account.hooks:
        if {kind, EVERYTHING} & set(hook.triggers):
            world.courier.hand_over(_parcel(kind, body, hook), at)


def tell_of(world: World, filed: Filed, word: str, at: datetime, **more: object) -> None:
    """Of a template, as it is by now."""
    tell(world, f"WHATSAPP_TEMPLATE_{word}", shown(filed), at, **more)


def _parcel(kind: str, body: bytes, hook: Hook) -> Parcel:
    return Parcel(
        api="provisioning",
        kind=kind,
        url=hook.target,
        body=body,
        seal=Seal(scheme="conversation", secret=hook.secret),
    )
