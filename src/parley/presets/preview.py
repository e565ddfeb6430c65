"""What would be sent, to the byte, with the secrets masked, and what looks wrong with it."""

from collections.abc import Mapping
from typing import Any

import msgspec

from parley.domain.http import HttpRequest
from parley.presets.preset import Preset, parameters_of
from parley.presets.rendering import Aborted, Context, Renderer

_SHOWN = 4
_LONG_ENOUGH = 16
"""Shorter secrets show nothing: four letters of eight are half of it."""


class Preview(msgspec.Struct, frozen=True):
    """For `parley preset preview` and the Test tab."""

    request: HttpRequest | None
    """None when this customer is skipped."""
    aborted: Aborted | None
    warnings: tuple[str, ...]


def mask(secret: str) -> str:
    """`****` and the last four letters of a long secret. Plain ASCII, so that it can stand wherever the secret can."""
    return "****" + (secret[-_SHOWN:] if len(secret) >= _LONG_ENOUGH and secret[-_SHOWN:].isalnum() else "")


def preview(renderer: Renderer, preset: Preset, values: Mapping[str, Any], context: Context) -> Preview:
    """Renders with masks in the place of the secrets, so that no encoding of a secret can slip through.

    Raises InvalidInputError as rendering does.
    """
    secrets = {parameter.name for parameter in parameters_of(preset) if parameter.secret}
    masked = {name: mask(str(value)) if name in secrets and value else value for name, value in values.items()}
    done = renderer.look(preset, masked, [context], context)
    warnings = tuple(dict.fromkeys(f"{field}: {{{{ {source} }}}} is empty" for field, source in done.empty))
    if isinstance(done.outcome, Aborted):
        return Preview(None, done.outcome, warnings)
    if done.outcome.oauth2:
        bearer = ("Authorization", "Bearer ****")
        request = msgspec.structs.replace(done.outcome.request, headers=(*done.outcome.request.headers, bearer))
        return Preview(request, None, warnings)
    return Preview(_hide_basic(done.outcome.request, preset), None, warnings)


def _hide_basic(request: HttpRequest, preset: Preset) -> HttpRequest:
    """Base64 of a mask looks like a real credential."""
    if type(preset.authentication).__name__ != "Basic":
        return request
    headers = tuple((name, "Basic ****" if value.startswith("Basic ") else value) for name, value in request.headers)
    return msgspec.structs.replace(request, headers=headers)
