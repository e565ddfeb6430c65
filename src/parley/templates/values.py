"""Do these values fit this template? What will the customer read?

Each sentence names WhatsApp's own error for what it prevents (whatsapp.md 1.5): 132000 the number of values, 132018
their form, 132005 the length of the finished text.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from parley.domain.errors import InvalidInputError, Problem
from parley.templates.named_values import check_named, read_named
from parley.templates.template import Button, MessageTemplate, fill_variables, filled_length, variables_of

LONGEST_HEADER = 60
LONGEST_BODY = 1024
LONGEST_URL = 2000
LONGEST_CODE = 15
"""Characters of the finished text (whatsapp.md 1.4)."""

_FORBIDDEN = (
    (re.compile(r"[\n\r\v\f\x85\u2028\u2029]"), "a line break"),
    (re.compile(r"\t"), "a tab"),
    (re.compile(r" {5}"), "more than four spaces in a row"),
)
_MANY_SPACES = " " * 5
_SUSPICIOUS = re.compile("|".join(pattern.pattern for pattern, _ in _FORBIDDEN))


def check_parameters(
    template: MessageTemplate,
    header: Sequence[str],
    body: Sequence[str],
    buttons: Sequence[str],
    others: Sequence[str] = (),
) -> tuple[Problem, ...]:
    """What WhatsApp would refuse; empty when the values fit.

    Values are in the order of `header_variables`, `body_variables` and `button_variables`. Buttons may also be given as
    the presets take them, one per button of the template: "url: c/8812", "quick_reply: CART". `others` are given by
    name: "carousel[0]body[1]text: Jana".
    """
    if not (header or buttons or others) and template.takes_only_a_body and _fits_at_a_glance(template, body):
        return ()
    return check_closely(template, header, body, buttons, others)


def check_closely(
    template: MessageTemplate,
    header: Sequence[str],
    body: Sequence[str],
    buttons: Sequence[str],
    others: Sequence[str] = (),
) -> tuple[Problem, ...]:
    """The same for every template and every value."""
    codes = _button_values(buttons)
    named = read_named(others)
    return (
        *check_named(template, named),
        *_check_forms("other_parameters", named),
        *_check_part("header", template.header_variables, header),
        *_check_part("body", template.body_variables, body),
        *_check_part("buttons", tuple(name for _, name in template.button_variables), codes),
        *_check_lengths(template, header, body, codes),
    )


def hydrate(template: MessageTemplate, header: Sequence[str], body: Sequence[str], buttons: Sequence[str] = ()) -> str:
    """The text that the customer will read: header, body and footer with a blank line between, then the buttons.

    Raises InvalidInputError where `check_parameters` finds a problem.
    """
    if problems := check_parameters(template, header, body, buttons):
        raise InvalidInputError(problems)
    texts = [_header_text(template, header), _body_text(template, body), _footer_text(template)]
    labels = "\n".join(f"[{_label(button)}]" for button in template.buttons)
    return "\n\n".join(part for part in (*texts, labels) if part)


def _fits_at_a_glance(template: MessageTemplate, values: Sequence[str]) -> bool:
    """The fast way for most messages: ordinary values of a body that is far from full. False: look closely.

    What breaks a line, and a tab, is not printable.
    """
    text, said = template.body.text, "".join(values)
    longest = max(map(len, values), default=0)
    return (
        len(values) == len(template.body_variables)
        and all(value and not value.isspace() for value in values)
        and said.isprintable()
        and _MANY_SPACES not in said
        and len(text) + text.count("{{") * longest <= LONGEST_BODY
    )


def _button_values(given: Sequence[str]) -> tuple[str, ...]:
    """Without the buttons that take no variable, and without the words before the colon."""
    found = [(_BUTTON.fullmatch(text), text) for text in given]
    return tuple((kind[2] or "") if kind else text for kind, text in found if not (kind and kind[1] in _FIXED_BUTTONS))


_KINDS = "url|copy_code|quick_reply|call|phone_number|catalog|request_contact_info|flow|order_details|multi_product"
_BUTTON = re.compile(rf"\s*({_KINDS})\s*(?::\s*(.*?)\s*)?", re.DOTALL)
_FIXED_BUTTONS = frozenset(_KINDS.split("|")) - {"url", "copy_code"}


def _check_part(part: str, names: tuple[str, ...], values: Sequence[str]) -> Iterator[Problem]:
    if len(values) != len(names):
        wanted = f"{len(names)} ({', '.join(names)})" if names else "none"
        yield Problem(part, f"the template takes {wanted}, {len(values)} are given (WhatsApp error 132000)")
    for number, value in enumerate(values):
        if fault := _value_fault(value):
            yield Problem(f"{part}[{number}]", f"{fault} (WhatsApp error 132018)")


def _check_forms(part: str, named: Mapping[str, str]) -> Iterator[Problem]:
    for name, value in named.items():
        if fault := _value_fault(value):
            yield Problem(f"{part}: {name}", f"{fault} (WhatsApp error 132018)")


def _value_fault(value: str) -> str | None:
    if not value or value.isspace():
        return "is empty"
    if not _SUSPICIOUS.search(value):  # nearly always: one look instead of three
        return None
    found = next((name for pattern, name in _FORBIDDEN if pattern.search(value)), None)
    return f"holds {found}" if found else None


def _check_lengths(
    template: MessageTemplate, header: Sequence[str], body: Sequence[str], buttons: Sequence[str]
) -> Iterator[Problem]:
    finished = [("body", _length(template.body.text, body), LONGEST_BODY), *_finished_buttons(template, buttons)]
    if template.header:
        finished.insert(0, ("header", _length(template.header.text, header), LONGEST_HEADER))
    for part, length, longest in finished:
        if length > longest:
            sentence = f"is {length} characters long with its values, at most {longest} fit (WhatsApp error 132005)"
            yield Problem(part, sentence)


def _length(text: str, values: Sequence[str]) -> int:
    return filled_length(text, dict(zip(variables_of(text), values, strict=False)))


def _finished_buttons(template: MessageTemplate, values: Sequence[str]) -> Iterator[tuple[str, int, int]]:
    for place, ((number, name), value) in enumerate(zip(template.button_variables, values, strict=False)):
        button = template.buttons[number]
        is_code = button.type == "copy_code"
        length = len(value) if is_code else filled_length(button.url, {name: value})
        yield f"buttons[{place}]", length, LONGEST_CODE if is_code else LONGEST_URL


def _header_text(template: MessageTemplate, values: Sequence[str]) -> str:
    return _filled(template.header.text, values) if template.header else ""


def _body_text(template: MessageTemplate, values: Sequence[str]) -> str:
    return _filled(template.body.text, values)


def _footer_text(template: MessageTemplate) -> str:
    return template.footer.text if template.footer else ""


def _filled(text: str, values: Sequence[str]) -> str:
    return fill_variables(text, dict(zip(variables_of(text), values, strict=False)))


def _label(button: Button) -> str:
    return button.text or button.type.replace("_", " ")
