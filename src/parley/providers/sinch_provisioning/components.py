"""A template as the Provisioning API takes it: a list of components (sinch.md 3.2, P-OAS 1.2.117).

WhatsApp itself writes the text of an AUTHENTICATION template; its button to copy the code is an OTP.
"""

from collections.abc import Iterator
from typing import Any

from parley.domain.template_category import Filed, filed_today
from parley.templates import Button, MessageTemplate
from parley.templates.template import fill_variables, variables_of


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
        yield _header(template)
    if is_code:
        yield {"type": "BODY"}
    else:
        samples = {"examples": list(template.body.samples)} if template.body.samples else {}
        yield {"type": "BODY", "text": template.body.text, **samples}
    if template.footer and not is_code:
        yield {"type": "FOOTER", "text": template.footer.text}
    if template.buttons:
        yield {"type": "BUTTONS", "buttons": [_button(button, is_code=is_code) for button in template.buttons]}


def _header(template: MessageTemplate) -> dict[str, Any]:
    header = template.header
    assert header is not None  # noqa: S101  asked by the caller
    told: dict[str, Any] = {"type": "HEADER", "format": header.format.upper()}
    if header.format == "text":
        return told | {"text": header.text} | ({"examples": list(header.samples)} if header.samples else {})
    return told | ({"examples": [{"url": url} for url in header.samples]} if header.samples else {})


def _button(button: Button, *, is_code: bool) -> dict[str, Any]:
    match button.type:
        case "quick_reply":
            return {"type": "QUICK_REPLY", "text": button.text}
        case "phone_number":
            return {"type": "PHONE_NUMBER", "text": button.text, "phoneNumber": button.phone_number}
        case "copy_code" if is_code:
            return {"type": "OTP", "otpType": "COPY_CODE", "text": button.text or "Copy code"}
        case "copy_code":
            return {"type": "COPY_CODE", "text": button.text or "Copy offer code", "examples": list(button.samples)}
        case "url":
            return {"type": "URL", "text": button.text, "url": button.url} | _address_example(button)


def _address_example(button: Button) -> dict[str, Any]:
    """A file's sample is the value; this API wants the whole address for it."""
    names = variables_of(button.url)
    if not names or not button.samples:
        return {}
    sample = button.samples[0]
    whole = sample if sample.startswith(("https://", "http://")) else fill_variables(button.url, {names[0]: sample})
    return {"examples": [whole]}
