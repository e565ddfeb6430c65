"""`set_attributes`: write attributes of the customer."""

from typing import Annotated, Any

from msgspec import Meta

from parley.journeys.effects import Effect, SetAttributes
from parley.journeys.node import Action, Asker


class SetAttributesNode(Action, frozen=True, kw_only=True, tag="set_attributes"):
    """`{"id": "mark", "type": "set_attributes", "attributes": {"reminded": true}}`."""

    attributes: Annotated[dict[str, Any], Meta(min_length=1)]

    def effect(self, asker: Asker) -> Effect:
        """As written."""
        return SetAttributes(scenario=asker.scenario, node=self.id, attributes=self.attributes)
