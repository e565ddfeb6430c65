"""A scenario's own send actions, said in the words of the shipped preset that carries them out.

There is one way to make a request, the preset's; a native action only fills in its form. Both APIs' presets ask for the
same content by the same names.
"""

from typing import Any, assert_never

import msgspec

from parley.journeys import CallPreset, SendMedia, SendTemplate, SendText

Send = SendTemplate | SendText | SendMedia | CallPreset

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
            return f"{family}-freetext", {"text": effect.text, "preview_url": effect.preview_url}
        case SendMedia():
            return f"{family}-media", _media(effect)
        case _:
            assert_never(effect)


def _template(effect: SendTemplate) -> dict[str, Any]:
    return {
        "template_name": effect.template,
        "language": effect.language,
        "parameters": effect.parameters,
        "header_parameters": effect.header_parameters,
        "media": msgspec.to_builtins(effect.media) if effect.media else None,
        "buttons": [_without_empty(msgspec.to_builtins(button)) for button in effect.buttons],
    }


def _media(effect: SendMedia) -> dict[str, Any]:
    said = msgspec.to_builtins(effect)
    names = ("url", "caption", "filename", "latitude", "longitude", "name", "address")
    return {"type": effect.media, **_without_empty({name: said[name] for name in names})}


def _without_empty(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
