"""The cheapest legal form of a message that has two: a template, and free text for while the window is open.

Both are judged, when the message is planned and again when it leaves. The row holds the form that was chosen last, and
keeps the other in `content["other"]`.
"""

from typing import Any

import msgspec

from parley.costs import Quote, is_no_dearer, saving
from parley.domain.message import Kind
from parley.policy import Allow, Decision, Defer, Deny
from parley.store.messages import MessageRow


class Weighed(msgspec.Struct, frozen=True):
    """What the policy says of one form, and what it would cost."""

    decision: Decision
    quote: Quote | None

    @property
    def is_template(self) -> bool:
        """Or else the free text."""
        return self.decision.facts.kind is Kind.TEMPLATE


def cheapest(one: Weighed, other: Weighed) -> Weighed:
    """What is allowed before what is not, then what costs less. Of two that may not leave now, the one that may later;
    else the template, whose refusal says more.
    """
    template, text = (one, other) if one.is_template else (other, one)
    said, instead = template.decision.verdict, text.decision.verdict
    if isinstance(instead, Allow):
        if not isinstance(said, Allow):
            return text
        return _saving(text, template) if is_no_dearer(text.quote, template.quote) else template
    return text if isinstance(instead, Defer) and isinstance(said, Deny) else template


def _saving(text: Weighed, template: Weighed) -> Weighed:
    saved = saving(text.quote, template.quote)
    if text.quote is None or not saved:
        return text
    return Weighed(text.decision, msgspec.structs.replace(text.quote, saved=saved))


def other_form(row: MessageRow) -> MessageRow | None:
    """The same message in its other form; None when it has only one."""
    other = row.content.get("other")
    if other is None:
        return None
    return msgspec.structs.replace(row, kind=other["kind"], content=row.content | swapped(row.kind, row.content, other))


def swapped(kind: str, mine: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """What changes in the content when the other form is taken."""
    kept = {"kind": kind, "preset": mine["preset"], "parameters": mine["parameters"]}
    return {"preset": other["preset"], "parameters": other["parameters"], "other": kept}
