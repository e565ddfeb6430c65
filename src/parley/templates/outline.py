"""What of a template its approval is about: every part, without samples, and without what is only written otherwise."""

from typing import Any

from parley.templates.template import Button, Header, MessageTemplate


def outline(template: MessageTemplate) -> tuple[Any, ...]:
    """Equal for two that WhatsApp would take for the same."""
    offer = template.limited_time_offer
    return (
        _header(template.header),
        _words(template.body.text),
        _words(template.footer.text) if template.footer else "",
        tuple(_button(button) for button in template.buttons),
        tuple(
            (_header(card.header), _words(card.body.text) if card.body else "", *(_button(one) for one in card.buttons))
            for card in template.carousel
        ),
        (_words(offer.text), offer.has_expiration) if offer else None,
    )


def _header(header: Header | None) -> tuple[str, str] | None:
    return (header.format, _words(header.text)) if header else None


def _button(button: Button) -> tuple[str, ...]:
    """A label that the file leaves to WhatsApp comes back as WhatsApp's; a number with a plus or without."""
    number = "".join(letter for letter in button.phone_number if letter.isdecimal())
    label = "" if button.type in _LABELLED else _words(button.text)
    return button.type, label, button.url, number, button.flow_id


_LABELLED = frozenset({"copy_code", "request_contact_info", "order_details"})


def _words(text: str) -> str:
    return " ".join(text.split())
