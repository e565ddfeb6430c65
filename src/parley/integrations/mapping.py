"""From a customer's message to the properties of an event."""

from collections.abc import Callable, Mapping
from typing import Any

PAGE_MAPPING: dict[str, str] = {
    "action_type": "whatsapp",
    "status": "inbound",
    "message_id": "{{ message_id }}",
    "message": "{{ message.body }}",
    "type": "{{ message.type }}",
}
"""The seed page's baseline: "it can vary ... however, this should be the baseline"."""

_NOT_FOR_EVENTS = frozenset({"raw", "message", "message_id"})
"""`raw` is kept with the callback; the message itself is flattened by `_rest`."""


def event_properties(
    fields: Mapping[str, Any],
    mapping: Mapping[str, str],
    *,
    rest: bool,
    render: Callable[[str, Mapping[str, Any]], str],
) -> dict[str, Any]:
    """The event's properties: what the mapping says, then the rest of the message under its own names.

    `render(text, fields)` evaluates Jinja. A name of the mapping wins over the same name in the rest.
    """
    mapped = {name: render(text, fields) for name, text in mapping.items()}
    return {**_rest(fields), **mapped} if rest else mapped


def _rest(fields: Mapping[str, Any]) -> dict[str, Any]:
    message = {name: value for name, value in fields.get("message", {}).items() if name not in ("body", "type")}
    outside = {name: value for name, value in fields.items() if name not in _NOT_FOR_EVENTS}
    return {name: value for name, value in {**outside, **message}.items() if value not in (None, "", {}, [])}
