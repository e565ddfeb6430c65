"""A template of the Provisioning API as a definition file: `components.py` the other way round (sinch.md 3.2)."""

from collections.abc import Callable
from typing import Any

from parley.domain.errors import InvalidInputError, Problem
from parley.domain.template_category import Filed, filed_today
from parley.templates.template import variables_of

CODE_TEXT = "{{1}} is your verification code."
"""WhatsApp writes the text of an AUTHENTICATION template in the reader's language; a file needs one to read."""
Part = dict[str, Any]


def file_of(name: str, language: str, category: str, details: Part) -> Part:
    """Raises InvalidInputError with every part that a file has no place for."""
    file: Part = {"kind": "template", "name": name, "language": language, "category": category}
    problems: list[Problem] = []
    components = details.get("components")
    for place, component in enumerate(components if isinstance(components, list) else ()):
        field = f"components[{place}]"
        kind = component.get("type") if isinstance(component, dict) else None
        read = _COMPONENTS.get(str(kind))
        if read is None:
            problems.append(Problem(field, f"a template file has no place for {kind}."))
        else:
            file |= read(component, field, problems)
    if filed_today(category) is Filed.AUTHENTICATION:
        file["body"] = {"text": CODE_TEXT, "samples": ["123456"]}
    if "body" not in file:
        problems.append(Problem("components", "there is no BODY."))
    if problems:
        raise InvalidInputError(problems)
    return {name: file[name] for name in _ORDER if name in file}


_ORDER = (
    "kind", "name", "language", "category", "header", "limited_time_offer", "body", "footer", "buttons", "carousel"
)  # fmt: skip


def _header(component: Part, field: str, problems: list[Problem]) -> Part:
    form = str(component.get("format", "")).lower()
    if form == "text":
        return {"header": {"format": form, "text": _text(component)} | _samples(_examples(component))}
    if form not in _MEDIA:
        problems.append(Problem(f"{field}.format", f"a header of a template file is no {form.upper() or 'nothing'}."))
    urls = [str(one["url"]) for one in _list(component, "examples") if isinstance(one, dict) and one.get("url")]
    return {"header": {"format": form} | _samples(urls)}


_MEDIA = frozenset({"image", "video", "document", "location"})


def _body(component: Part, _: str, __: list[Problem]) -> Part:
    return {"body": {"text": _text(component)} | _samples(_examples(component))} if _text(component) else {}


def _footer(component: Part, _: str, __: list[Problem]) -> Part:
    return {"footer": {"text": _text(component)}} if _text(component) else {}


def _buttons(component: Part, field: str, problems: list[Problem]) -> Part:
    read: list[Part] = []
    for place, button in enumerate(_list(component, "buttons")):
        kind = button.get("type") if isinstance(button, dict) else None
        if kind in _BUTTONS:
            read.append(_BUTTONS[kind](button))
        else:
            problems.append(Problem(f"{field}.buttons[{place}]", f"a template file has no place for a button {kind}."))
    return {"buttons": read}


def _offer(component: Part, _: str, __: list[Problem]) -> Part:
    ends = {"has_expiration": True} if component.get("hasExpiration") is True else {}
    return {"limited_time_offer": {"text": _text(component)} | ends}


def _carousel(component: Part, field: str, problems: list[Problem]) -> Part:
    return {"carousel": [_card(card, field, problems) for card in _list(component, "cards")]}


def _card(card: Any, field: str, problems: list[Problem]) -> Part:
    read: Part = {}
    for component in _list(card, "components") if isinstance(card, dict) else ():
        kind = component.get("type") if isinstance(component, dict) else None
        if kind in _OF_A_CARD:
            read |= _COMPONENTS[str(kind)](component, f"{field}.cards", problems)
        else:
            problems.append(Problem(f"{field}.cards", f"a card of a template file has no place for {kind}."))
    return read


_OF_A_CARD = ("HEADER", "BODY", "BUTTONS")


def _flow(button: Part) -> Part:
    told = {"type": "flow", "text": _text(button), "flow_id": str(button.get("flowId", ""))}
    if button.get("flowAction") == "DATA_EXCHANGE":
        told["flow_action"] = "data_exchange"
    screen = button.get("navigateScreen")
    return told | ({"navigate_screen": str(screen)} if screen else {})


def _labelled(button: Part) -> Part:
    return {"type": str(button["type"]).lower()} | ({"text": _text(button)} if _text(button) else {})


def _url(button: Part) -> Part:
    """A file's sample is the value, this API's the whole address."""
    url = str(button.get("url", ""))
    told = {"type": "url", "text": _text(button), "url": url}
    start = url.partition("{{")[0]
    return told | (_samples([one.removeprefix(start) for one in _examples(button)]) if variables_of(url) else {})


_COMPONENTS: dict[str, Callable[[Part, str, list[Problem]], Part]] = {
    "HEADER": _header,
    "BODY": _body,
    "FOOTER": _footer,
    "BUTTONS": _buttons,
    "CAROUSEL": _carousel,
    "LIMITED_TIME_OFFER": _offer,
}
_BUTTONS: dict[Any, Callable[[Part], Part]] = {
    "QUICK_REPLY": lambda button: {"type": "quick_reply", "text": _text(button)},
    "URL": _url,
    "PHONE_NUMBER": lambda button: {
        "type": "phone_number",
        "text": _text(button),
        "phone_number": str(button.get("phoneNumber", "")),
    },
    "COPY_CODE": lambda button: {"type": "copy_code", "text": _text(button)} | _samples(_examples(button)),
    "FLOW": _flow,
    "REQUEST_CONTACT_INFO": _labelled,
    "ORDER_DETAILS": _labelled,
    "OTP": lambda button: {"type": "copy_code", "text": _text(button), "samples": ["123456"]},
}


def _text(part: Part) -> str:
    text = part.get("text")
    return text if isinstance(text, str) else ""


def _list(part: Part, name: str) -> list[Any]:
    found = part.get(name)
    return found if isinstance(found, list) else []


def _examples(part: Part) -> list[str]:
    return [one for one in _list(part, "examples") if isinstance(one, str)]


def _samples(values: list[str]) -> Part:
    return {"samples": values} if values else {}
