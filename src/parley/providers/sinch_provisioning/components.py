"""A template as the Provisioning API takes it: a list of components (sinch.md 3.2, P-OAS 1.2.117).

WhatsApp itself writes the text of an AUTHENTICATION template; its button to copy the code is an OTP.
"""

from collections.abc import Callable, Iterator
from typing import Any

from parley.domain.errors import Problem
from parley.domain.template_category import Filed, filed_today
from parley.templates import Button, MessageTemplate
from parley.templates.template import Body, Card, Header, fill_variables, variables_of


def submission(template: MessageTemplate) -> dict[str, Any]:
    """The body of a new template, to be looked at by WhatsApp."""
    return {
        "name": template.name,
        "language": language_written(template.language),
        "status": "SUBMIT",
        **correction(template),
    }


def correction(template: MessageTemplate) -> dict[str, Any]:
    """The body of another version of one that is there."""
    return {
        "category": filed_today(template.category),
        "details": {"components": list(_components(template))},
        "status": "SUBMIT",
    }


def language_written(language: str) -> str:
    """`en_US` as this API spells it: `EN_US`."""
    return language.upper()


def language_read(code: str) -> str:
    """`EN_US` as it is sent: `en_US`."""
    language, mark, country = code.replace("-", "_").partition("_")
    return f"{language.lower()}{mark}{country.upper()}"


def _components(template: MessageTemplate) -> Iterator[dict[str, Any]]:
    is_code = filed_today(template.category) is Filed.AUTHENTICATION
    if template.header:
        yield _header(template.header)
    yield {"type": "BODY"} if is_code else _body(template.body)
    if template.footer and not is_code:
        yield {"type": "FOOTER", "text": template.footer.text}
    if template.buttons:
        yield _buttons(template.buttons, is_code=is_code)
    if template.carousel:
        yield {"type": "CAROUSEL", "cards": [{"components": list(_card(card))} for card in template.carousel]}
    if offer := template.limited_time_offer:
        yield {"type": "LIMITED_TIME_OFFER", "text": offer.text, "hasExpiration": offer.has_expiration}


def _card(card: Card) -> Iterator[dict[str, Any]]:
    yield _header(card.header)
    if card.body:
        yield _body(card.body)
    if card.buttons:
        yield _buttons(card.buttons, is_code=False)


def _body(body: Body) -> dict[str, Any]:
    return {"type": "BODY", "text": body.text} | ({"examples": list(body.samples)} if body.samples else {})


def _buttons(buttons: tuple[Button, ...], *, is_code: bool) -> dict[str, Any]:
    return {"type": "BUTTONS", "buttons": [_button(button, is_code=is_code) for button in buttons]}


def without_place(template: MessageTemplate) -> Iterator[Problem]:
    """What this API has no word for (sinch.md 3.2): it cannot be handed in by it."""
    for field, button in template.all_buttons:
        if button.type in _UNKNOWN_TO_SINCH:
            yield Problem(field, f"Sinch's Provisioning API knows no button {button.type}: hand it in at WhatsApp.")


_UNKNOWN_TO_SINCH = frozenset({"catalog", "multi_product"})


def _header(header: Header) -> dict[str, Any]:
    told: dict[str, Any] = {"type": "HEADER", "format": header.format.upper()}
    if header.format == "text":
        return told | {"text": header.text} | ({"examples": list(header.samples)} if header.samples else {})
    return told | ({"examples": [{"url": url} for url in header.samples]} if header.samples else {})


def _button(button: Button, *, is_code: bool) -> dict[str, Any]:
    if is_code and button.type == "copy_code":
        return {"type": "OTP", "otpType": "COPY_CODE", "text": button.text or "Copy code"}
    label = button.text or ("Copy offer code" if button.type == "copy_code" else "")
    more = _MORE[button.type](button) if button.type in _MORE else {}
    return {"type": button.type.upper()} | ({"text": label} if label else {}) | more


def _flow(button: Button) -> dict[str, Any]:
    screen = {"navigateScreen": button.navigate_screen} if button.navigate_screen else {}
    return {"flowId": button.flow_id, "flowAction": button.flow_action.upper(), **screen}


def _address_example(button: Button) -> dict[str, Any]:
    """A file's sample is the value; this API wants the whole address for it."""
    names = variables_of(button.url)
    if not names or not button.samples:
        return {}
    sample = button.samples[0]
    whole = sample if sample.startswith(("https://", "http://")) else fill_variables(button.url, {names[0]: sample})
    return {"examples": [whole]}


_MORE: dict[str, Callable[[Button], dict[str, Any]]] = {
    "url": lambda button: {"url": button.url} | _address_example(button),
    "phone_number": lambda button: {"phoneNumber": button.phone_number},
    "copy_code": lambda button: {"examples": list(button.samples)},
    "flow": _flow,
}
"""Beside its label."""
