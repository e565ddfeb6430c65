"""What the Provisioning API tells: `{type, payload}`; here the type is in the body (sinch.md 3.4)."""

from typing import Any

import msgspec

from parley.domain.callback import CallbackItem, Notice, TemplateNotice, Unknown
from parley.providers.reading import convert
from parley.providers.sinch_provisioning.shapes import Shown, copy_of, named

ABOUT_TEMPLATES = "WHATSAPP_TEMPLATE_"
FAMILIES = ("WHATSAPP_", "BUNDLE_", "RCS_", "KAKAOTALK_")


def is_provisioning(tree: Any) -> bool:
    """Does a decoded body look like this API's? The legacy API's type is a word in small letters."""
    return isinstance(tree, dict) and isinstance(tree.get("type"), str) and tree["type"].startswith(FAMILIES)


def items(tree: dict[str, Any]) -> tuple[CallbackItem, ...]:
    """One. What is not about templates changes nothing here."""
    kind = tree["type"]
    if not kind.startswith(ABOUT_TEMPLATES):
        return (Notice(kind.lower()[:100], tree),)
    try:
        shown = convert(tree.get("payload"), Shown)
    except msgspec.ValidationError as error:
        return (Unknown(f"{kind[:100]}: {error}", msgspec.json.encode(tree)),)
    copy = copy_of(shown)
    state = copy.state.value if copy.state else None
    return (TemplateNotice(named(shown), kind.removeprefix(ABOUT_TEMPLATES).lower(), state, copy.reason, tree),)
