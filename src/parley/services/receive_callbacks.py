"""What the provider tells us, made durable before it is answered.

One statement for a batch of callbacks: are the doors still what we took them for, and if so the raw bytes under a
unique key. A callback that was seen before stops at its key. What it says is read after the answer (read_callbacks): a
provider waits for no more than that nothing is lost.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from uuid import UUID

import msgspec

from parley.integrations import Integration
from parley.providers.callbacks import Api, verify
from parley.providers.signature import NotGenuine
from parley.services.callback_doors import Doors, KnownDoor
from parley.services.callback_spool import Arrival
from parley.services.secret_box import WrongKeyError
from parley.store.callbacks import RawCallback, keep_callbacks
from parley.store.database import Connection, Database
from parley.store.definitions import Door
from parley.telemetry import CALLBACKS

ABOUT_TEMPLATES = b"WHATSAPP_TEMPLATE_"
"""Stands in what Sinch tells of templates. Nothing in such a body tells this pause from last week's, so it is read
however often it comes.
"""
LOOKS = 3
"""How often a batch is judged anew because a door of it was changed meanwhile."""
LARGEST_CALLBACK = 1024 * 1024
"""Bytes. Sinch's largest, an inbound order with all its products, is far below."""


class Callback(msgspec.Struct, frozen=True):
    """One POST that came in by a door we know and that is genuine."""

    project_id: UUID
    integration: Integration
    headers: dict[str, str]
    """Those that are kept."""
    body: bytes
    key: bytes
    """The hash of the body: the same bytes are the same callback."""


class UnknownDoor(msgspec.Struct, frozen=True):
    """No integration has this token."""


Admitted = Callback | UnknownDoor | NotGenuine | WrongKeyError


@lru_cache(maxsize=500)
def is_kept(name: str) -> bool:
    """A header that says what the provider meant; the others are the network's, and one may hold a credential."""
    return "sinch" in name.lower() or name.lower() == "user-agent"


def judge(door: KnownDoor, headers: dict[str, str], body: bytes) -> Callback | NotGenuine:
    """Did the provider send it? Needs no database. Raises WrongKeyError."""
    if door.secret is not None:
        check = verify(Api(door.integration.api), headers, body, door.secret)
        if isinstance(check, NotGenuine):
            return check
    return _believed(door, headers, body)


async def receive_arrivals(
    database: Database, doors: Doors, arrivals: Sequence[Arrival], now: datetime
) -> list[Admitted]:
    """What becomes of each, in their order; the genuine ones are kept together. Durable when it returns.

    Each is judged by what this process remembers of its door, and that is believed only where the statement which keeps
    the bytes finds the door unchanged: a round trip for a batch, and a changed secret counts from the next one on.
    Where definitions change without end, it is at last judged by those of a moment ago, and kept.
    """
    tokens = {arrival.token for arrival in arrivals}

    async def receive(connection: Connection) -> tuple[list[Admitted], Counter[str]]:
        known = {token: door for token in tokens if (door := doors.remembered(token)) is not None}
        if len(known) < len(tokens):
            known = await doors.find(connection, tokens)
        for _ in range(LOOKS):
            admitted = _admitted(known, arrivals)
            outcomes = await keep(connection, _genuine(admitted), now, [door.row for door in known.values()])
            if outcomes is not None:
                return admitted, outcomes
            known = await doors.find(connection, tokens)
        admitted = _admitted(known, arrivals)
        return admitted, await keep(connection, _genuine(admitted), now) or Counter()  # no doors, so none has changed

    admitted, outcomes = await database.run_single(receive)
    outcomes.update(_REFUSALS[type(one)] for one in admitted if type(one) in _REFUSALS)
    for outcome, number in outcomes.items():
        CALLBACKS.labels(outcome).inc(number)
    return admitted


async def keep(
    connection: Connection, callbacks: Sequence[Callback], now: datetime, doors: Sequence[Door] = ()
) -> Counter[str] | None:
    """Their bytes. Whatever was not seen before is to be read, and what Sinch tells of templates.

    None, and nothing is kept, when one of these doors is no longer so.
    """
    once = {(callback.project_id, callback.integration.name, callback.key): callback for callback in callbacks}
    new = await keep_callbacks(connection, [_raw(callback) for callback in once.values()], now, doors)
    return None if new is None else Counter(new=new, seen_before=len(callbacks) - new)


_REFUSALS: dict[type[Admitted], str] = {NotGenuine: "not_genuine", UnknownDoor: "unknown_door"}


def _admitted(known: Mapping[str, KnownDoor], arrivals: Sequence[Arrival]) -> list[Admitted]:
    return [_admit(known.get(arrival.token), arrival) for arrival in arrivals]


def _genuine(admitted: Sequence[Admitted]) -> list[Callback]:
    return [one for one in admitted if isinstance(one, Callback)]


def _admit(door: KnownDoor | None, arrival: Arrival) -> Admitted:
    """A door whose secret does not open must not hold back its neighbours."""
    if door is None:
        return UnknownDoor()
    if arrival.is_genuine:
        return _believed(door, arrival.headers, arrival.body)
    try:
        return judge(door, arrival.headers, arrival.body)
    except WrongKeyError as error:
        return error


def _believed(door: KnownDoor, headers: dict[str, str], body: bytes) -> Callback:
    return Callback(door.row.project_id, door.integration, headers, body, sha256(body).digest())


def _raw(callback: Callback) -> RawCallback:
    return RawCallback(
        callback.project_id, callback.integration.name, callback.key, callback.body, callback.headers,
        read_again=ABOUT_TEMPLATES in callback.body,
    )  # fmt: skip
