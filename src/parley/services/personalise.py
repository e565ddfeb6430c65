"""A preset's parameters for one customer: personalised when the message is planned, put in as they are at the wire.

What is written into the message is final text. At the wire it reaches the preset as a *value*
(`{{ form_values.name }}`), so nothing in it is ever read as a template again, and each preset is compiled once, not
once a message.
"""

import re
from collections.abc import Callable, Hashable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import structlog

from parley.domain.errors import InvalidInputError
from parley.presets import Aborted, Parameter, Preset, parameters_of, read_list, render_text, shipped, words_of
from parley.services.people import Person

_FIXED_TYPES = frozenset({"secret", "enum"})
"""Never Jinja: a password may hold braces, and a choice is one of its options."""
_SLOT = re.compile(r"\[\[\s*(\w+)")
FORMS_KEPT = 1_000


class Skipped(msgspec.Struct, frozen=True):
    """The author's `{% abort %}`."""

    reason: str


class Form(msgspec.Struct, frozen=True):
    """What a preset asks, and which of it is the same for every customer."""

    preset: Preset
    parameters: dict[str, Parameter]
    as_typed: frozenset[str]
    """Secrets, choices, and whatever stands in the server's name or in the authentication."""


_forms: dict[int, Form] = {}
"""By the identity of the preset, which each form holds on to."""


def form_of_preset(preset: Preset) -> Form:
    """Worked out once for a preset: it is asked for every message."""
    form = _forms.get(id(preset))
    if form is None:
        parameters = {parameter.name: parameter for parameter in parameters_of(preset)}
        fixed = {name for name, parameter in parameters.items() if parameter.type in _FIXED_TYPES}
        places = [_origin(preset.url), *(text for _, text in preset.authentication.texts())]
        form = Form(preset, parameters, frozenset(fixed.union(*(_SLOT.findall(text) for text in places))))
        if len(_forms) >= FORMS_KEPT:
            _forms.clear()
        _forms[id(preset)] = form
    return form


def _origin(url: str) -> str:
    """Scheme and server, as far as a text with slots shows them."""
    return "/".join(url.split("/", 3)[:3]) if "://" in url.split("[[", maxsplit=1)[0] else url.split("/", 1)[0]


class Personaliser(msgspec.Struct, frozen=True):
    """A preset's parameters, filled in as far as they are the same for every customer."""

    same: dict[str, Any]
    """In the author's order; those below stand in it unfilled."""
    personal: tuple[tuple[str, Parameter | None, Any], ...]
    """(name, parameter, given text) of what must be rendered for each."""
    variables: Mapping[str, Any]
    about: tuple[str, ...]
    """What the texts can name of a customer."""

    def values(self, person: Person, message_id: UUID, now: datetime) -> dict[str, Any] | Skipped:
        """Of one customer. Raises InvalidInputError: Jinja that fails."""
        if not self.personal:
            return self.same
        seen = {**self.variables, **{name: _ABOUT[name](person, message_id, now) for name in self.about}}
        values = self.same.copy()
        for name, parameter, given in self.personal:
            rendered = _rendered(parameter, given, seen)
            if isinstance(rendered, Aborted):
                return Skipped(rendered.reason)
            values[name] = rendered
        return values


def personaliser(preset: Preset, parameters: Mapping[str, Any], variables: Mapping[str, Any]) -> Personaliser:
    """For as many customers as get the same message: what takes no customer is done once."""
    form = form_of_preset(preset)
    same: dict[str, Any] = dict(parameters)
    personal: list[tuple[str, Parameter | None, Any]] = []
    words: set[str] = {"message_id"}  # every random choice begins with it
    for name, given in parameters.items():
        parameter = form.parameters.get(name)
        if name in form.as_typed:
            continue
        try:
            named = _words(given)
            if not named:
                same[name] = _rendered(parameter, given, {})
                continue
            words |= named
        except InvalidInputError:
            words |= _ABOUT.keys()  # told for each customer, when it is rendered
        personal.append((name, parameter, given))
    return Personaliser(same, tuple(personal), variables, tuple(_ABOUT.keys() & words))


def _words(given: Any) -> frozenset[str]:
    """Every variable that its texts can name is among them."""
    match given:
        case str(text):
            return words_of(text)
        case dict():
            return frozenset[str]().union(*map(_words, given.values()))
        case list() | tuple():
            return frozenset[str]().union(*map(_words, given))
        case _:
            return frozenset()


def personal_values(
    given: Mapping[str, Any], person: Person, variables: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    """Attributes or event properties that a scenario sets. One that cannot be rendered, or aborts, is left out."""
    seen = {**variables, **_about(person, None, now)}
    values: dict[str, Any] = {}
    for name, value in given.items():
        try:
            rendered = _rendered_value(value, seen)
        except InvalidInputError as error:
            structlog.get_logger().warning("a value could not be personalised", name=name, problem=str(error))
            continue  # the other values are still right
        if not isinstance(rendered, Aborted):
            values[name] = rendered
    return values


def at_the_wire(preset: Preset, account: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """What to fill the preset's form with: the account's fields, and references to the message's own values."""
    form = form_of_preset(preset)
    mine = {name: _reference(form, name, value) for name, value in values.items()}
    return {**mine, **account_values(form, account, values)}


def kind_of_form(preset: Preset, values: Mapping[str, Any]) -> Hashable:
    """The same for two messages that `at_the_wire` fills the preset with the same for, from one account."""
    form = form_of_preset(preset)
    return tuple((name, _kind_of_value(form, name, value)) for name, value in values.items())


def _kind_of_value(form: Form, name: str, value: Any) -> Hashable:
    """What `_reference` looks at, and no more."""
    if name in form.parameters and name not in form.as_typed:
        if isinstance(value, str):
            return None
        if isinstance(value, list):
            return len(value)
    return repr(value)


def account_values(form: Form, account: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The account's fields that the preset asks for.

    A secret of the account goes into a shipped preset only, and only to the account's own server: into any other it
    could be sent to somebody else, or shown in a body. Whoever types a secret may type the rest as well.
    """
    mine = {name: value for name, value in account.items() if name in form.parameters}
    typed_secret = any(parameter.secret and name in values for name, parameter in form.parameters.items())
    if form.preset is shipped().get(form.preset.name) and not typed_secret:
        return mine
    return {name: value for name, value in mine.items() if isinstance(value, str) and name not in values}


_ABOUT: dict[str, Callable[[Person, UUID | None, datetime], Any]] = {
    "customer": lambda person, _, __: person.customer.properties,
    "customer_ids": lambda person, _, __: person.ids,
    "consents": lambda person, _, now: person.consented(now),
    "recipient": lambda person, _, __: person.recipient or "",
    "message_id": lambda _, message_id, __: "" if message_id is None else str(message_id),
    "time": lambda _, __, now: now.timestamp(),
}
"""What a text sees of one customer, beside the variables of whatever asks."""


def _about(person: Person, message_id: UUID | None, now: datetime) -> dict[str, Any]:
    return {name: tell(person, message_id, now) for name, tell in _ABOUT.items()}


def _rendered(parameter: Parameter | None, given: Any, seen: Mapping[str, Any]) -> Any:
    if parameter is None:
        return given  # an unknown one is told by the preset itself, with the list of those it has
    if parameter.type == "list":
        return _rendered_items(read_list(given) if isinstance(given, str) else given, seen)
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


def _reference(form: Form, name: str, value: Any) -> Any:
    """What is the same for every customer stands as it is; all else is read from the message."""
    if name not in form.parameters or name in form.as_typed or not isinstance(value, str | list):
        return value
    if isinstance(value, list):
        return [f"{{{{ form_values.{name}[{place}] }}}}" for place in range(len(value))]
    return f"{{{{ form_values.{name} }}}}"
