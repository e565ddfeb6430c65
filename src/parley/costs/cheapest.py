"""Free text or the template? Both are legal; the one that costs less leaves."""

from decimal import Decimal

from parley.costs.quote import Quote


def is_no_dearer(text: Quote | None, template: Quote | None) -> bool:
    """At the same price free text: it says what its author wanted to say. What nobody can price counts as dear."""
    if text is None or template is None or template.amount is None:
        return True
    return text.amount is not None and text.amount <= template.amount


def saving(text: Quote | None, template: Quote | None) -> Decimal:
    """By the text instead of the template; 0 where one of them has no price."""
    if text is None or template is None or text.amount is None or template.amount is None:
        return Decimal(0)
    return max(template.amount - text.amount, Decimal(0))
