"""`call_preset`: call a webhook preset."""

from typing import Any

from msgspec import field

from parley.journeys.effects import CallPreset
from parley.journeys.node import Action, Asker, Name


class CallPresetNode(Action, frozen=True, kw_only=True, tag="call_preset"):
    """`{"id": "opt-in", "type": "call_preset", "preset": "sinch-whatsapp-consent", "parameters": {"action": "…"}}`."""

    preset: Name
    parameters: dict[str, Any] = field(default_factory=dict)
    sender: Name | None = None
    consent_category: Name | None = None

    def effect(self, asker: Asker) -> CallPreset:
        """The consent category is the node's own only: a preset need not be a message."""
        return CallPreset(
            scenario=asker.scenario,
            node=self.id,
            preset=self.preset,
            parameters=self.parameters,
            sender=self.sender or asker.settings.sender,
            consent_category=self.consent_category,
        )
