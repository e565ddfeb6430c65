"""What the provider has of a template, and what follows from it for ours."""

import msgspec

from parley.domain.template_category import Filed, filed_today
from parley.templates.outline import outline
from parley.templates.template import MessageTemplate, Status


class Edit(msgspec.Struct, frozen=True):
    """Another version beside the one in force: in review, or rejected."""

    state: Status
    text: str
    whole: MessageTemplate | None = None


class Copy(msgspec.Struct, frozen=True):
    """The provider's."""

    state: Status | None
    """None: WhatsApp has none of it, or says a word that nobody knows."""
    text: str
    """Of the body."""
    edit: Edit | None = None
    category: str | None = None
    quality: str = "unknown"
    provider_id: str | None = None
    reason: str | None = None
    details: bytes = b"{}"
    """All its parts, as the provider's JSON."""
    whole: MessageTemplate | None = None
    """The same in our words; None where a file has no place for a part of it."""


class News(msgspec.Struct, frozen=True):
    """Where ours stands by that."""

    status: Status
    problem: str | None = None


OTHER_TEXT = (
    "The provider has another text, or other parts, under this name and language, so its approval is not this one's. "
    "Hand this one in (parley template submit), or write into the file what the provider has (parley template pull)."
)
CANNOT_LEAVE = frozenset({Status.SUBMITTED, Status.REJECTED, Status.PAUSED, Status.DISABLED})


def news_of(template: MessageTemplate, status: Status, copy: Copy) -> News:
    """An approval is this text's only if it is the same text; what keeps a name from being sent counts in any case."""
    if copy.edit is not None and _is_same(template, copy.edit):
        return News(copy.edit.state)
    if copy.state is None:
        return News(status)
    if _is_same(template, copy):
        return News(copy.state)
    if status is Status.APPROVED and copy.state in CANNOT_LEAVE:
        return News(copy.state, OTHER_TEXT)
    return News(status, OTHER_TEXT)


def has_it(template: MessageTemplate, copy: Copy) -> bool:
    """Is this very text there, in review or in force, so that there is nothing to hand in?"""
    if copy.edit is not None and copy.edit.state is Status.SUBMITTED and _is_same(template, copy.edit):
        return True
    return copy.state not in (None, Status.REJECTED, Status.DISABLED) and _is_same(template, copy)


def _is_same(template: MessageTemplate, copy: Copy | Edit) -> bool:
    """WhatsApp itself writes the text of an AUTHENTICATION template. A copy of which only the body can be read is
    compared by that.
    """
    if filed_today(template.category) is Filed.AUTHENTICATION:
        return True
    if copy.whole is None:
        return " ".join(copy.text.split()) == " ".join(template.body.text.split())
    return outline(template) == outline(copy.whole)
