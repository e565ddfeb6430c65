"""A WhatsApp message template as it was handed in: its parts, its variables, where it stands with the provider."""

import re
from collections.abc import Iterator
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Any, Literal

import msgspec

from parley.domain.errors import InvalidInputError, Problem
from parley.domain.malformed import check_depth, no_object, too_deep
from parley.domain.misfit import joined, misfits_of

LARGEST_TEMPLATE = 64_000
"""Bytes of a template's JSON."""
LONGEST_REASON = 500
"""Characters of what a person says about a template."""


class Status(StrEnum):
    """Where a template stands (whatsapp.md 1.3). Only an approved one is sent."""

    DRAFT = "draft"
    """Written; the linter has found errors, or has not looked."""
    LINTED = "linted"
    """The linter has found no error."""
    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"
    PAUSED = "paused"
    DISABLED = "disabled"


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Above the body: a short text, or media that is given with each message."""

    format: Literal["text", "image", "video", "document", "location"] = "text"
    text: str = ""
    samples: tuple[str, ...] = ()


class Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The message."""

    text: str
    samples: tuple[str, ...] = ()


class Footer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Small print below the body: no variables."""

    text: str


class Button(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something to tap."""

    type: Literal[
        "quick_reply",
        "url",
        "phone_number",
        "copy_code",
        "flow",
        "request_contact_info",
        "order_details",
        "catalog",
        "multi_product",
    ]
    text: str = ""
    url: str = ""
    phone_number: str = ""
    samples: tuple[str, ...] = ()
    flow_id: str = ""
    flow_action: Literal["navigate", "data_exchange"] = "navigate"
    navigate_screen: str = ""
    """Where a flow that navigates begins."""


class Card(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of a carousel: a picture or film, perhaps a few words, one button or two."""

    header: Header
    body: Body | None = None
    buttons: tuple[Button, ...] = ()

    @property
    def body_variables(self) -> tuple[str, ...]:
        """In the order in which values are given."""
        return variables_of(self.body.text) if self.body else ()


class Offer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Stands above the body of a limited-time offer."""

    text: str
    has_expiration: bool = False
    """Each message says when it ends."""


class MessageTemplate(msgspec.Struct, frozen=True, dict=True):
    """One template in one language."""

    name: str
    language: str
    category: str
    body: Body
    header: Header | None = None
    footer: Footer | None = None
    buttons: tuple[Button, ...] = ()
    carousel: tuple[Card, ...] = ()
    limited_time_offer: Offer | None = None
    kind: Literal["template"] = "template"
    status: Status = Status.DRAFT
    """In its file what a person knows, in a project's definitions what the registry says."""
    override: str = ""
    """Why it is right all the same, where the linter or the promotional check would refuse it."""

    @property
    def header_variables(self) -> tuple[str, ...]:
        """Of a text header; media headers have none."""
        return variables_of(self.header.text) if self.header else ()

    @property
    def body_variables(self) -> tuple[str, ...]:
        """In the order in which values are given."""
        return variables_of(self.body.text)

    @property
    def all_buttons(self) -> tuple[tuple[str, Button], ...]:
        """(field, button), those of a carousel's cards, too."""
        own = [(f"buttons[{number}]", button) for number, button in enumerate(self.buttons)]
        cards = [
            (f"carousel[{place}].buttons[{number}]", button)
            for place, card in enumerate(self.carousel)
            for number, button in enumerate(card.buttons)
        ]
        return (*own, *cards)

    @property
    def button_variables(self) -> tuple[tuple[int, str], ...]:
        """(number of the button from 0, variable) of every button that takes a value: dynamic links, coupon codes."""
        return tuple(_button_variables(self.buttons))

    @cached_property
    def takes_only_a_body(self) -> bool:
        """Nothing but its body's variables is filled in: no other part that has any can be too long, or missing."""
        others = (self.header, self.button_variables, self.carousel, self.limited_time_offer)
        return not any(others) and all(one.type in _NEVER_FILLED_IN for one in self.buttons)


_NEVER_FILLED_IN = frozenset({"quick_reply", "url", "phone_number", "request_contact_info", "catalog"})
"""Buttons without a variable that need nothing by name either."""
TEXTS_KEPT = 10_000
"""Of templates: each is asked for its variables with every message."""
_PLACEHOLDER = re.compile(r"\{\{\s*(\w{1,60})\s*\}\}")
_TOO_MANY_BRACES = re.compile(r"\{{3}|\}{3}")
_NAME = re.compile(r"[a-z0-9_]{1,512}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2})?")


@lru_cache(maxsize=TEXTS_KEPT)
def variables_of(text: str) -> tuple[str, ...]:
    """The variables of a text: numbers in ascending order, or names as they are written first. Each once."""
    found = tuple(dict.fromkeys(_PLACEHOLDER.findall(text)))
    return tuple(sorted(found, key=int)) if found and all(name.isdecimal() for name in found) else found


def fill_variables(text: str, values: dict[str, str]) -> str:
    """`text` with the values in the place of its variables; a variable without a value stays."""
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)


def filled_length(text: str, values: dict[str, str]) -> int:
    """How long `fill_variables` would make it."""
    fixed, places = _shape(text)
    return fixed + sum(len(values[name]) if name in values else length for name, length in places)


@lru_cache(maxsize=TEXTS_KEPT)
def _shape(text: str) -> tuple[int, tuple[tuple[str, int], ...]]:
    """The length of what is not variable; each variable's place with the length of its own writing."""
    places = tuple((found[1], len(found[0])) for found in _PLACEHOLDER.finditer(text))
    return len(text) - sum(length for _, length in places), places


def parse_template(data: bytes) -> MessageTemplate:
    """A template from its JSON. Raises InvalidInputError with every problem that was found, by field."""
    raw = _read_object(data)
    unknown = [name[:60] for name in raw if name not in _TYPES]
    problems = [Problem(name, f"is not a part of a template; there are {', '.join(_TYPES)}") for name in unknown]
    problems += [Problem(name, "is missing") for name in _REQUIRED if name not in raw]
    fields = {name: _convert(name, raw[name], problems) for name in raw if name in _TYPES}
    if not problems:
        template = MessageTemplate(**fields)
        problems = list(_faults(template))
    if problems:
        raise InvalidInputError(problems)
    return template


_TYPES: dict[str, Any] = {field.name: field.type for field in msgspec.structs.fields(MessageTemplate)}
_REQUIRED = ("kind", *(field.name for field in msgspec.structs.fields(MessageTemplate) if field.required))


def _read_object(data: bytes) -> dict[str, Any]:
    if len(data) > LARGEST_TEMPLATE:
        raise InvalidInputError([Problem("template", f"is larger than {LARGEST_TEMPLATE} bytes")])
    try:
        raw = msgspec.json.decode(data, type=dict[str, Any])
    except RecursionError as error:
        raise too_deep("template") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInputError([Problem("template", no_object(data, error))]) from error
    check_depth(raw, "template")
    return raw


def _convert(name: str, value: Any, problems: list[Problem]) -> Any:
    try:
        return msgspec.convert(value, _TYPES[name])
    except msgspec.ValidationError:
        told = misfits_of(value, _TYPES[name])
        problems += [Problem(joined(name, place), sentence) for place, sentence in told]
        return None


def _faults(template: MessageTemplate) -> Iterator[Problem]:
    """What makes the variables uncountable; whether WhatsApp will like the text is the linter's business."""
    if not _NAME.fullmatch(template.name):
        yield Problem("name", "must be 1 to 512 of a-z, 0-9 and _")
    if not _LANGUAGE.fullmatch(template.language):
        yield Problem("language", "must be a code such as en, en_US or sk")
    if not template.body.text.strip():
        yield Problem("body.text", "is empty")
    if template.status is Status.LINTED:
        yield Problem("status", "linted is the linter's word; leave the status out")
    if len(template.override) > LONGEST_REASON or (template.override and not template.override.strip()):
        yield Problem("override", f"must be a reason of at most {LONGEST_REASON} characters")
    if template.header and template.header.format != "text" and template.header.text:
        yield Problem("header.text", f"a header of format {template.header.format} has no text")
    for field, text in _texts(template):
        yield from _variable_faults(field, text)


def _texts(template: MessageTemplate) -> Iterator[tuple[str, str]]:
    if template.header:
        yield "header.text", template.header.text
    yield "body.text", template.body.text
    for field, button in template.all_buttons:
        yield f"{field}.url", button.url
    for number, card in enumerate(template.carousel):
        if card.body:
            yield f"carousel[{number}].body.text", card.body.text


def _variable_faults(field: str, text: str) -> Iterator[Problem]:
    if "{{" in (rest := _PLACEHOLDER.sub("", text)) or "}}" in rest or _TOO_MANY_BRACES.search(text):
        yield Problem(field, "a variable is written {{1}} or {{name}}: two braces each side")
    found = variables_of(text)
    numbers = [name for name in found if name.isdecimal()]
    if numbers and len(numbers) < len(found):
        yield Problem(field, "variables are numbered or named, not both")
    elif numbers != [str(number) for number in range(1, len(numbers) + 1)]:
        yield Problem(field, f"variables are numbered 1, 2, 3 … without gaps; here are {', '.join(numbers)}")


def _button_variables(buttons: tuple[Button, ...]) -> Iterator[tuple[int, str]]:
    for number, button in enumerate(buttons):
        if button.type == "copy_code":
            yield number, "code"
        elif button.type == "url":
            yield from ((number, name) for name in variables_of(button.url))
