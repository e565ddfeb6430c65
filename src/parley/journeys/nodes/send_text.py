"""`send_text`: a free text, while the customer's window is open."""

from parley.journeys.effects import Effect, SendText
from parley.journeys.node import Action, Name, OptionalDuration, Text, Turn, end_of


class SendTextNode(Action, frozen=True, kw_only=True, tag="send_text"):
    """`{"id": "link", "type": "send_text", "text": "Here it is: {{ event.cart_url }}", "preview_url": true}`."""

    text: Text
    preview_url: bool = False
    sender: Name | None = None
    ttl: OptionalDuration = None

    def effect(self, turn: Turn) -> Effect:
        """With the settings' sender where the node has none."""
        return SendText(
            scenario=turn.journey.scenario,
            node=self.id,
            text=self.text,
            preview_url=self.preview_url,
            sender=self.sender or turn.settings.sender,
            expires_at=end_of(self.ttl, turn.now),
        )
