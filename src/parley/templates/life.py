"""Where a template stands after its file was applied."""

import msgspec

from parley.templates.template import MessageTemplate, Status


class Standing(msgspec.Struct, frozen=True):
    """Where it stood before."""

    template: MessageTemplate
    """As its file said."""
    status: Status
    synchronised: bool
    """The provider's own word is known; a file's does not count against it."""


def status_applied(before: Standing | None, after: MessageTemplate, *, has_errors: bool) -> Status:
    """A file may say where its template stands, where nobody else does. A new text begins anew."""
    fresh = Status.DRAFT if has_errors else Status.LINTED
    new_text = before is None or text_of(before.template) != text_of(after)
    if before is not None and before.synchronised:
        return fresh if new_text else before.status
    says_so = after.status is not Status.DRAFT
    if says_so and (new_text or before is None or before.template.status is not after.status):
        return after.status
    return fresh if new_text or before is None or before.status in NOT_HANDED_IN else before.status


NOT_HANDED_IN = frozenset({Status.DRAFT, Status.LINTED})


def text_of(template: MessageTemplate) -> MessageTemplate:
    """Without what a file says about its template beside the text."""
    return msgspec.structs.replace(template, status=Status.DRAFT, override="")
