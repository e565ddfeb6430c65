"""`send_template`: an approved template, at any time, to somebody who consented."""

from collections.abc import Iterable

from parley.domain.errors import Problem
from parley.journeys.effects import Button, CardValues, HeaderMedia, SendTemplate
from parley.journeys.node import Action, Asker, Name, OptionalDuration, Settings, Text, end_of


class SendTemplateNode(Action, frozen=True, kw_only=True, tag="send_template"):
    """`{"id": "remind", "type": "send_template", "template": "cart_reminder", "parameters": ["{{ … }}"]}`."""

    template: Name
    language: Name = "en"
    parameters: Text | tuple[str, ...] = ()
    header_parameters: Text | tuple[str, ...] = ()
    media: HeaderMedia | None = None
    buttons: tuple[Button, ...] = ()
    cards: tuple[CardValues, ...] = ()
    """Of a carousel."""
    sender: Name | None = None
    consent_category: Name | None = None
    ttl: OptionalDuration = None
    free_text: Text | None = None
    """Sent instead of the template, while the customer's window is open and that costs no more."""

    def faults(self, settings: Settings, /) -> Iterable[Problem]:
        """A template without a consent category could never be sent."""
        if self.consent_category is None and settings.consent_category is None:
            yield Problem("consent_category", "is missing, here and in the settings.")

    def effect(self, asker: Asker) -> SendTemplate:
        """With the settings' category and sender where the node has none."""
        return SendTemplate(
            scenario=asker.scenario,
            node=self.id,
            template=self.template,
            language=self.language,
            parameters=self.parameters,
            header_parameters=self.header_parameters,
            media=self.media,
            buttons=self.buttons,
            cards=self.cards,
            sender=self.sender or asker.settings.sender,
            consent_category=self.consent_category or asker.settings.consent_category or "",
            expires_at=end_of(self.ttl, asker.now),
            free_text=self.free_text,
        )
