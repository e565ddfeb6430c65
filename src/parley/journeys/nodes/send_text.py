"""`send_text`: a free text, while the customer's window is open."""

from parley.journeys.effects import SendText
from parley.journeys.node import Action, Asker, Name, OptionalDuration, Text, end_of


class SendTextNode(Action, frozen=True, kw_only=True, tag="send_text"):
    """`{"id": "link", "type": "send_text", "text": "Here it is: {{ event.cart_url }}", "preview_url": true}`."""

    text: Text
    preview_url: bool = False
    sender: Name | None = None
    ttl: OptionalDuration = None

    def effect(self, asker: Asker) -> SendText:
        """With the settings' sender where the node has none."""
        return SendText(
            scenario=asker.scenario,
            node=self.id,
            text=self.text,
            preview_url=self.preview_url,
            sender=self.sender or asker.settings.sender,
            expires_at=end_of(self.ttl, asker.now),
        )
