"""A scenario's own send actions, said in the words of the shipped preset that carries them out.

There is one way to make a request, the preset's; a native action only fills in its form. Both APIs' presets ask for the
same content by the same names.
"""

from collections.abc import Iterator
from typing import Any, assert_never

from parley.journeys import Button, CallPreset, CardValues, Send, SendMedia, SendTemplate, SendText

_FAMILIES = {"sinch_legacy": "sinch-whatsapp", "sinch_conversation": "sinch-conversation"}
"""The shipped presets of an API, by the first part of their names."""


def form_of(effect: Send, api: str | None) -> tuple[str, dict[str, Any]]:
    """The preset's name and its parameters, for an account that speaks `api`.

    Without an account any family will do: the policy then refuses, and the refusal shows what was meant.
    """
    family = _FAMILIES[api or "sinch_legacy"]
    match effect:
        case CallPreset():
            return effect.preset, effect.parameters
        case SendTemplate():
            return f"{family}-template", _template(effect)
        case SendText():
            return f"{family}-freetext", _text(effect, family)
        case SendMedia():
            return f"{family}-media", _only_what(family, _media(effect))
        case _:
            assert_never(effect)


def instead_of(effect: Send, api: str | None) -> tuple[str, dict[str, Any]] | None:
    """The free text that may leave in a template's place: preset and parameters; None where there is none."""
    if not isinstance(effect, SendTemplate) or effect.free_text is None:
        return None
    family = _FAMILIES[api or "sinch_legacy"]
    return f"{family}-freetext", _only_what(family, {"text": effect.free_text, "preview_url": False})


def _text(effect: SendText, family: str) -> dict[str, Any]:
    return _only_what(family, {"text": effect.text, "preview_url": effect.preview_url})


def _only_what(family: str, form: dict[str, Any]) -> dict[str, Any]:
    """Today's API has no field for a link's preview, nor for a caption (sinch.md 2.6, 2.14)."""
    if family == "sinch-whatsapp":
        return form
    return {name: value for name, value in form.items() if name not in ("preview_url", "caption")}


def _template(effect: SendTemplate) -> dict[str, Any]:
    form: dict[str, Any] = {
        "template_name": effect.template,
        "language": effect.language,
        "parameters": effect.parameters,
        "header_parameters": effect.header_parameters,
        "buttons": [_button(button) for button in effect.buttons],
        "other_parameters": [named for place, card in enumerate(effect.cards) for named in _card(place, card)],
    }
    if effect.media is not None:
        form |= {"media": effect.media.type, "media_url": effect.media.url, "media_filename": effect.media.filename}
    return _without_empty(form)


def _button(button: Button) -> str:
    """As the preset's form takes it: `quick_reply: CART`."""
    value = button.parameter or button.payload
    return f"{button.type}: {value}" if value else button.type


def _card(place: int, card: CardValues) -> Iterator[str]:
    """By the names of the Conversation API; the old API knows no carousel, and its preset says so."""
    start = f"carousel[{place}]"
    yield f"{start}header[1]{card.type}.link: {card.url}"
    yield from (f"{start}body[{number}]text: {text}" for number, text in enumerate(card.parameters, start=1))


def _media(effect: SendMedia) -> dict[str, Any]:
    form = {
        "type": effect.media,
        "media_url": effect.url,
        "caption": effect.caption,
        "filename": effect.filename,
        "latitude": effect.latitude,
        "longitude": effect.longitude,
        "place": effect.name,
        "address": effect.address,
    }
    return _without_empty(form)


def _without_empty(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, "", [], ())}
