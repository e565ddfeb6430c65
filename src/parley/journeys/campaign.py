"""A campaign: one message to everybody in an audience, as its author wrote it (docs/reference/campaigns.md)."""

from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from parley.domain.errors import InvalidInputError, Problem
from parley.journeys.conditions import Conditions
from parley.journeys.definition_file import (
    DefinitionName,
    Readers,
    collect,
    json_object,
    part_of,
    read_struct,
    readers_of,
)
from parley.journeys.durations import Duration
from parley.journeys.effects import Send
from parley.journeys.node import Asker, OptionalDuration, Settings, end_of
from parley.journeys.nodes.call_preset import CallPresetNode
from parley.journeys.nodes.send_media import SendMediaNode
from parley.journeys.nodes.send_template import SendTemplateNode
from parley.journeys.nodes.send_text import SendTextNode
from parley.journeys.reading import read_node

SendNode = SendTemplateNode | SendTextNode | SendMediaNode | CallPresetNode

SENDS: dict[str, type[SendNode]] = {
    "send_template": SendTemplateNode,
    "send_text": SendTextNode,
    "send_media": SendMediaNode,
    "call_preset": CallPresetNode,
}
"""The nodes of a scenario that a campaign may send."""

EMPTY: dict[str, Any] = {}
THE_SEND = "send"
"""The id that the campaign's one node has."""

Start = Annotated[
    datetime,
    Meta(tz=True, extra={"sentence": "must be a time with its zone, such as 2026-12-01T09:00:00+01:00."}),
]


class CampaignFile(msgspec.Struct, frozen=True):
    """The fields of the file."""

    kind: Literal["campaign"]
    name: DefinitionName
    send: Annotated[dict[str, Any], Meta(min_length=1)]
    title: str = ""
    description: str = ""
    audience: Annotated[Any, Meta(extra={"read_as": "audience"})] = None
    start: Start | None = None
    ttl: OptionalDuration = None
    settings: dict[str, Any] = {}


class Campaign(msgspec.Struct, frozen=True):
    """Read by `parse_campaign`."""

    name: str
    title: str
    description: str
    audience: Any
    """A condition; None is everybody."""
    send: SendNode
    start: datetime | None
    """Not before; None is at once."""
    ttl: Duration | None
    settings: Settings

    def effect(self, begun: datetime) -> tuple[Send, datetime | None]:
        """What a run that began then sends to everybody, and when that has lost its use."""
        effect = self.send.effect(Asker(self.name, self.settings, begun))
        return effect, getattr(effect, "expires_at", None) or end_of(self.ttl, begun)


def parse_campaign(data: bytes, conditions: Conditions) -> Campaign:
    """The campaign that the file's bytes say. `conditions` is the module `parley.segments`.

    Raises InvalidInputError with every problem.
    """
    raw = json_object(data, "campaign")
    readers = readers_of(conditions)
    problems: list[Problem] = []
    file = collect(partial(read_struct, CampaignFile, raw, "", readers), problems)
    settings = collect(partial(read_struct, Settings, part_of(raw, "settings", EMPTY), "settings", {}), problems)
    said = part_of(raw, "send", EMPTY)
    send = collect(partial(_read_send, said, settings or Settings(), readers), problems) if said else None
    if file is None or settings is None or send is None:
        raise InvalidInputError(problems)
    return Campaign(
        name=file.name,
        title=file.title or file.name,
        description=file.description,
        audience=file.audience,
        send=send,
        start=file.start,
        ttl=file.ttl,
        settings=settings,
    )


def _read_send(said: dict[str, Any], settings: Settings, readers: Readers) -> SendNode:
    """A scenario's node, without the way in and the way out."""
    misplaced = [Problem(f"send.{key}", "has no place in a campaign.") for key in ("id", "next") if key in said]
    if misplaced:
        raise InvalidInputError(misplaced)
    return read_node({"id": THE_SEND, **said}, "send", settings, readers, SENDS)
