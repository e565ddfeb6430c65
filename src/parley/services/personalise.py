"""A preset's parameters for one customer: personalised when the message is planned, put in as they are at the wire.

What is written into the message is final text. At the wire it reaches the preset as a *value*
(`{{ form_values.name }}`), so nothing in it is ever read as a template again, and each preset is compiled once, not
once a message.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from parley.domain.errors import InvalidInputError
from parley.presets import Aborted, Parameter, Preset, parameters_of, read_quoted_list, render_text
from parley.services.people import Person

_AS_TYPED = frozenset({"secret", "enum"})
"""Never Jinja: a password may hold braces, and a choice is one of its options."""


class Skipped(msgspec.Struct, frozen=True):
    """The author's `{% abort %}`."""

    reason: str


def personalise(
    preset: Preset,
    parameters: Mapping[str, Any],
    person: Person,
    variables: Mapping[str, Any],
    message_id: UUID,
    now: datetime,
) -> dict[str, Any] | Skipped:
    """Raises InvalidInputError: a parameter the preset does not have, or Jinja that fails."""
    known = {parameter.name: parameter for parameter in parameters_of(preset)}
    seen = {**variables, **_about(person, message_id, now)}
    values: dict[str, Any] = {}
    for name, given in parameters.items():
        rendered = _rendered(known.get(name), given, seen)
        if isinstance(rendered, Aborted):
            return Skipped(rendered.reason)
        values[name] = rendered
    return values


def personal_values(
    given: Mapping[str, Any], person: Person, variables: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    """Attributes or event properties that a scenario sets. One that cannot be rendered, or aborts, is left out."""
    seen = {**variables, **_about(person, None, now)}
    values: dict[str, Any] = {}
    for name, value in given.items():
        try:
            rendered = _rendered_value(value, seen)
        except InvalidInputError:
            continue  # the scenario's journey log shows the node; the other values are still right
        if not isinstance(rendered, Aborted):
            values[name] = rendered
    return values


def at_the_wire(preset: Preset, account: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """What to fill the preset's form with: the account's fields, and references to the message's own values."""
    known = {parameter.name: parameter for parameter in parameters_of(preset)}
    mine = {name: value for name, value in account.items() if name in known}
    return {**mine, **{name: _reference(known.get(name), name, value) for name, value in values.items()}}


def _about(person: Person, message_id: UUID | None, now: datetime) -> dict[str, Any]:
    return {
        "customer": person.customer.properties,
        "customer_ids": person.ids,
        "consents": person.consented(now),
        "recipient": person.recipient or "",
        "message_id": "" if message_id is None else str(message_id),
        "time": now.timestamp(),
    }


def _rendered(parameter: Parameter | None, given: Any, seen: Mapping[str, Any]) -> Any:
    if parameter is None or parameter.type in _AS_TYPED:
        return given  # an unknown one is told by the preset itself, with the list of those it has
    if parameter.type == "list":
        return _rendered_items(read_quoted_list(given) if isinstance(given, str) else given, seen)
    return _rendered_value(given, seen)


def _rendered_items(items: Any, seen: Mapping[str, Any]) -> list[Any] | Aborted:
    rendered: list[Any] = []
    for item in items:
        value = _rendered_value(item, seen)
        if isinstance(value, Aborted):
            return value
        rendered.append(value)
    return rendered


def _rendered_value(given: Any, seen: Mapping[str, Any]) -> Any:
    match given:
        case str(text):
            return render_text(text, seen)
        case dict():
            return {name: _rendered_value(value, seen) for name, value in given.items()}
        case list() | tuple():
            return _rendered_items(given, seen)
        case _:
            return given


def _reference(parameter: Parameter | None, name: str, value: Any) -> Any:
    """Types that a form fills with a fixed word keep it; all others are read from the message."""
    if parameter is None or parameter.type in _AS_TYPED or not isinstance(value, str | list):
        return value
    if isinstance(value, list):
        return [f"{{{{ form_values.{name}[{place}] }}}}" for place in range(len(value))]
    return f"{{{{ form_values.{name} }}}}"
