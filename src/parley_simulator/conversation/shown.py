"""An AppMessage as the phone displays it."""

import re
from collections.abc import Callable
from typing import Any

import msgspec

from parley_simulator.conversation.wire import (
    AppMessage,
    CardMessage,
    CarouselMessage,
    ChannelTemplate,
    Choice,
    ChoiceMessage,
    ContactInfoMessage,
    ListMessage,
    LocationMessage,
    MediaMessage,
    TemplateMessage,
    TextMessage,
)
from parley_simulator.media import guessed_type, kind_of
from parley_simulator.messages import Button, Content, Location, Media, TemplateCall

# `body[1]text`, `header[1]image.link`, `button[0]quick_reply[1]payload`: bare keys are not matched (sinch.md 2.6).
BODY = re.compile(r"^body\[(\d+)\]text$")
HEADER_TEXT = re.compile(r"^header\[(\d+)\]text$")
HEADER_MEDIA = re.compile(r"^header\[1\](image|video|document)\.link$")
BUTTON = re.compile(r"^button\[(\d+)\](?:quick_reply|url|copy_code|flow)\[\d+\](?:payload|text|coupon_code|.*)$")


def shown(message: AppMessage) -> Content:
    """The content of whichever variant is given; explicit channel messages show their JSON."""
    for name, show in SHOWN.items():
        variant = getattr(message, name)
        if variant is not None:
            return show(variant)
    explicit = message.explicit_channel_message or message.channel_specific_message
    return Content(type="explicit", text=msgspec.json.encode(explicit).decode())


def _text(message: TextMessage) -> Content:
    return Content(type="text", text=message.text)


def _media(message: MediaMessage) -> Content:
    media = _file(message)
    return Content(type=media.kind or "media", media=media)


def _file(message: MediaMessage) -> Media:
    """WhatsApp's kind by the address's ending; empty until the download tells when there is none."""
    mime_type = guessed_type(message.url)
    kind = kind_of(mime_type) if mime_type else ""
    return Media(url=message.url, kind=kind, mime_type=mime_type, filename=message.filename_override)


def _template(message: TemplateMessage) -> Content:
    given = message.channel_template.get("WHATSAPP")
    if given is None:
        omni = message.omni_template
        given = ChannelTemplate(omni.template_id, omni.language_code or "en", omni.parameters) if omni else None
    if given is None:  # only another channel's template: WhatsApp knows none by no name
        return Content(type="template", template=TemplateCall(name="", language=""))
    call = template_call(given)
    return Content(type="template", template=call, media=call.header_media)


def template_call(given: ChannelTemplate) -> TemplateCall:
    """The parameters by their places."""
    parameters = given.parameters
    return TemplateCall(
        name=given.template_id,
        language=given.language_code,
        body=_places(parameters, BODY),
        header=_places(parameters, HEADER_TEXT),
        header_media=_header_media(parameters),
        buttons={int(found[1]): value for key, value in parameters.items() if (found := BUTTON.match(key))},
    )


def _places(parameters: dict[str, str], grammar: re.Pattern[str]) -> tuple[str, ...]:
    """Values at 1, 2, 3 … up to the first gap."""
    by_place = {int(found[1]): value for key, value in parameters.items() if (found := grammar.match(key))}
    places = list(range(1, len(by_place) + 1))
    return tuple(by_place[place] for place in places) if set(places) == set(by_place) else ()


def _header_media(parameters: dict[str, str]) -> Media | None:
    for key, url in parameters.items():
        if found := HEADER_MEDIA.match(key):
            return Media(url=url, kind=found[1], filename=parameters.get("header[1]document.filename", ""))
    return None


def _choices(message: ChoiceMessage) -> Content:
    text = message.text_message.text if message.text_message else ""
    return Content(type="choice", text=text, buttons=_buttons(message.choices))


def _buttons(choices: list[Choice]) -> tuple[Button, ...]:
    return tuple(_button(choice) for choice in choices)


def _button(choice: Choice) -> Button:
    """A choice without postback data gets Sinch's default (sinch.md 2.6)."""
    if choice.url_message is not None:
        return Button("url", choice.url_message.title, choice.url_message.url)
    if choice.call_message is not None:
        return Button("call", choice.call_message.title, choice.call_message.phone_number)
    titled = choice.share_location_message or choice.calendar_message or choice.location_message
    title = choice.text_message.text if choice.text_message else (titled.title if titled else "")
    return Button("quick_reply", title, choice.postback_data or f"message_id_{{{title}}}")


def _card(message: CardMessage) -> Content:
    media = _file(message.media_message) if message.media_message else None
    text = "\n".join(part for part in (message.title, message.description) if part)
    return Content(type="card", text=text, media=media, buttons=_buttons(message.choices))


def _carousel(message: CarouselMessage) -> Content:
    """WhatsApp gets a carousel as text."""
    text = "\n\n".join(_card(card).text for card in message.cards)
    return Content(type="carousel", text=text, buttons=_buttons(message.choices))


def _list(message: ListMessage) -> Content:
    choices = [item.choice for section in message.sections for item in section.items if item.choice]
    rows = tuple(Button("list_item", it.title, it.postback_data or f"message_id_{{{it.title}}}") for it in choices)
    return Content(type="list", text=message.description or message.title, buttons=rows)


def _location(message: LocationMessage) -> Content:
    place = message.coordinates
    pin = Location(latitude=place.latitude, longitude=place.longitude, name=message.title, address=message.label)
    return Content(type="location", text=message.title, location=pin)


def _contact(message: ContactInfoMessage) -> Content:
    return Content(type="contacts", text=message.name.full_name)


SHOWN: dict[str, Callable[[Any], Content]] = {
    "text_message": _text,
    "media_message": _media,
    "template_message": _template,
    "choice_message": _choices,
    "card_message": _card,
    "carousel_message": _carousel,
    "list_message": _list,
    "location_message": _location,
    "contact_info_message": _contact,
}
