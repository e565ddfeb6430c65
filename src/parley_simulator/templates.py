"""Message templates as WhatsApp has them: what they say, what a send must give them, what the phone shows."""

import re
from typing import Annotated, Literal

import msgspec

from parley_simulator.messages import Button, Content, Failure, TemplateCall

BODY_LIMIT = 1024
PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")
ILL_FORMED_VALUE = re.compile(r"[\n\t]| {5,}|^\s*$")
MEDIA_HEADERS = frozenset({"IMAGE", "VIDEO", "DOCUMENT"})

Status = Literal["APPROVED", "PENDING", "PAUSED", "REJECTED", "DISABLED"]
Category = Literal["UTILITY", "MARKETING", "AUTHENTICATION"]
Quality = Literal["GREEN", "YELLOW", "RED", "UNKNOWN"]
RejectionCode = Literal["ABUSIVE_CONTENT", "INCORRECT_CATEGORY", "INVALID_FORMAT", "NONE", "SCAM"]
ButtonType = Literal[
    "QUICK_REPLY", "URL", "PHONE_NUMBER", "COPY_CODE", "FLOW", "OTP", "REQUEST_CONTACT_INFO", "ORDER_DETAILS"
]


class Header(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Above the body: a line of text, perhaps with one variable, or a kind of media."""

    format: Literal["TEXT", "IMAGE", "VIDEO", "DOCUMENT", "LOCATION"] = "TEXT"
    text: str = ""


class TemplateButton(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Below the body. A `url` with a placeholder needs its suffix at send time."""

    type: ButtonType
    text: str
    url: str = ""


class Template(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One template in one language. `body_parameters` (a count or names) is read off the body when absent."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=512)]
    language: Annotated[str, msgspec.Meta(min_length=2)] = "en"
    status: Status = "APPROVED"
    category: Category = "UTILITY"
    rejection_code: RejectionCode = "NONE"
    quality: Quality = "UNKNOWN"
    body: str = ""
    body_parameters: int | list[str] | None = None
    header: Header | None = None
    footer: str = ""
    buttons: list[TemplateButton] = []


# A template that is not approved: WhatsApp's numbers are Meta's, the reason codes our reading (sinch.md 2.10).
UNUSABLE = {
    "PENDING": Failure("TEMPLATE_NOT_FOUND", "The template is not approved yet.", "132001"),
    "REJECTED": Failure("TEMPLATE_NOT_FOUND", "The template was rejected.", "132001"),
    "PAUSED": Failure("CHANNEL_REJECT", "The template is paused for low quality.", "132015"),
    "DISABLED": Failure("CHANNEL_REJECT", "The template is disabled.", "132016"),
}


def fill(template: Template, call: TemplateCall) -> Content | Failure:
    """What the phone will show, or why the values do not fit."""
    return _lacking(template, call) or _ill_formed(call) or _rendered(template, call)


def body_parameters(template: Template) -> int:
    """How many values the body wants."""
    given = template.body_parameters
    if isinstance(given, int):
        return given
    return len(given if given is not None else dict.fromkeys(PLACEHOLDER.findall(template.body)))


def _lacking(template: Template, call: TemplateCall) -> Failure | None:
    complaints = (
        (len(call.body) != body_parameters(template), f"The body wants {body_parameters(template)} parameters."),
        (not _header_is_filled(template, call), "The header's parameter is missing."),
        (any(i not in call.buttons for i in _dynamic_urls(template)), "A URL button's parameter is missing."),
    )
    wrong = [sentence for is_wrong, sentence in complaints if is_wrong]
    return Failure("TEMPLATE_INSUFFICIENT_PARAMETERS", " ".join(wrong), "132000") if wrong else None


def _header_is_filled(template: Template, call: TemplateCall) -> bool:
    header = template.header
    if header is None:
        return True
    if header.format in MEDIA_HEADERS:
        return call.header_media is not None
    return len(call.header) >= len(PLACEHOLDER.findall(header.text))


def _dynamic_urls(template: Template) -> list[int]:
    return [i for i, button in enumerate(template.buttons) if button.type == "URL" and PLACEHOLDER.search(button.url)]


def _ill_formed(call: TemplateCall) -> Failure | None:
    if any(ILL_FORMED_VALUE.search(value) for value in (*call.body, *call.header)):
        sentence = "A parameter is empty or has a new line, a tab or more than four spaces in a row."
        return Failure("BAD_REQUEST", sentence, "132018")
    return None


def _rendered(template: Template, call: TemplateCall) -> Content | Failure:
    text = _fill(template.body, call.body)
    if len(text) > BODY_LIMIT:
        return Failure("BAD_REQUEST", f"The body is longer than {BODY_LIMIT} characters when filled in.", "132005")
    header = _fill(template.header.text, call.header) if template.header else ""
    return Content(
        type="template",
        text="\n".join(part for part in (header, text, template.footer) if part),
        buttons=tuple(_button(button, call.buttons.get(i, "")) for i, button in enumerate(template.buttons)),
        media=call.header_media,
        template=call,
    )


def _fill(text: str, values: tuple[str, ...]) -> str:
    """Variables take the values in the order of their first mention, numbered or named alike."""
    names = list(dict.fromkeys(PLACEHOLDER.findall(text)))
    by_name = dict(zip(names, values, strict=False))
    return PLACEHOLDER.sub(lambda found: by_name.get(found[1], found[0]), text)


def _button(button: TemplateButton, value: str) -> Button:
    if button.type == "URL":
        return Button("url", button.text, _fill(button.url, (value,)))
    return Button(button.type.lower(), button.text, value or button.text)
