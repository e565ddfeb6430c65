"""`track_event`: write an event on the customer."""

from typing import Any

from msgspec import field

from parley.journeys.effects import Effect, TrackEvent
from parley.journeys.node import Action, Asker, Name


class TrackEventNode(Action, frozen=True, kw_only=True, tag="track_event"):
    """`{"id": "note", "type": "track_event", "event": "cart_reminded", "properties": {"value": "{{ … }}"}}`."""

    event: Name
    properties: dict[str, Any] = field(default_factory=dict)

    def effect(self, asker: Asker) -> Effect:
        """As written."""
        return TrackEvent(scenario=asker.scenario, node=self.id, event=self.event, properties=self.properties)
