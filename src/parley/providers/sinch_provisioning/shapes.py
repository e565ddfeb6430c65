"""A template as the Provisioning API shows it, in answers and in what it tells (sinch.md 3.2)."""

from typing import Any

import msgspec

from parley.domain.errors import InvalidInputError
from parley.providers.sinch_provisioning.components import language_read
from parley.providers.sinch_provisioning.files import file_of
from parley.templates import MessageTemplate, Status, parse_template
from parley.templates.copy import Copy, Edit

STATES = {
    "PENDING": Status.SUBMITTED,
    "APPROVED": Status.APPROVED,
    "REJECTED": Status.REJECTED,
    "PAUSED": Status.PAUSED,
    "DISABLED": Status.DISABLED,
}
CHANGES = {"IN_PROGRESS": Status.SUBMITTED, "REJECTED": Status.REJECTED}
"""Of an edit beside what is in force. A draft kept at Sinch is nobody's word yet."""
REASONS = {
    "ABUSIVE_CONTENT": "WhatsApp finds its content abusive.",
    "INCORRECT_CATEGORY": "WhatsApp finds that it belongs to another category.",
    "INVALID_FORMAT": "WhatsApp finds its form wrong: variables, samples, or what stands around them.",
    "SCAM": "WhatsApp takes it for fraud.",
}


class _Change(msgspec.Struct, frozen=True, rename="camel"):
    status: str = ""
    details: dict[str, Any] = {}


class Shown(msgspec.Struct, frozen=True, rename="camel"):
    """What we read of it; there is more."""

    name: str
    language: str
    category: str = ""
    quality_score: str = ""
    state: str = ""
    rejection_code: str = ""
    whatsapp_id: str = ""
    details: dict[str, Any] = {}
    changes: _Change | None = None


class _Page(msgspec.Struct, frozen=True, rename="camel"):
    templates: tuple[Shown, ...] = ()
    next_page_token: str = ""


class Page(msgspec.Struct, frozen=True):
    """Some of an account's templates."""

    copies: tuple[tuple[str, Copy], ...]
    """By the name that the registry gives them, `cart_reminder.en`."""
    next_page_token: str


def read_page(body: bytes) -> Page:
    """Raises msgspec.DecodeError for something else."""
    page = msgspec.json.decode(body, type=_Page)
    return Page(tuple((named(one), copy_of(one)) for one in page.templates), page.next_page_token)


def read_one(body: bytes) -> Copy:
    """Raises msgspec.DecodeError for something else."""
    return copy_of(msgspec.json.decode(body, type=Shown))


def named(shown: Shown) -> str:
    """As its definition is called."""
    return f"{shown.name}.{language_read(shown.language)}"


def copy_of(shown: Shown) -> Copy:
    """In our words. A state that nobody knows is no word at all."""
    change = shown.changes or _Change()
    edit = CHANGES.get(change.status)
    return Copy(
        state=STATES.get(shown.state),
        text=_body(shown.details),
        edit=Edit(edit, _body(change.details), _whole(shown, change.details)) if edit else None,
        category=shown.category or None,
        quality=shown.quality_score.removeprefix("QUALITY_SCORE_").lower() or "unknown",
        provider_id=shown.whatsapp_id or None,
        reason=_reason(shown.rejection_code),
        details=msgspec.json.encode(shown.details or change.details),
        whole=_whole(shown, shown.details),
    )


def _reason(code: str) -> str | None:
    if code in {"", "NONE"}:
        return None
    return f"{code}: {REASONS.get(code, 'WhatsApp gives no more than this word.')}"


def _whole(shown: Shown, details: dict[str, Any]) -> MessageTemplate | None:
    try:
        file = file_of(shown.name, language_read(shown.language), shown.category or "UTILITY", details)
        return parse_template(msgspec.json.encode(file))
    except InvalidInputError:
        return None


def _body(details: dict[str, Any]) -> str:
    components = details.get("components")
    for component in components if isinstance(components, list) else ():
        if isinstance(component, dict) and component.get("type") == "BODY":
            text = component.get("text")
            return text if isinstance(text, str) else ""
    return ""
