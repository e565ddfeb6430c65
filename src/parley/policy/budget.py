"""Is there money left for it? In the budgets of the project, and of the scenario or campaign that asks for it.

What is set aside for messages under way counts as spent. A message that costs nothing fits into every budget.
"""

from datetime import UTC, datetime

from parley.policy.facts import BudgetFacts, Facts
from parley.policy.verdict import Allow, Defer, Deny, Verdict

NONE = Allow({"budget": "none"})
_RAISE = "Raise the budget in the project's settings (costs.budgets, docs/reference/settings.md)"
_WAITS = f"{_RAISE}: what waits is looked at again at once. To wait, do nothing."
_IS_OVER = f"{_RAISE}, then send it again."


def check(facts: Facts, now: datetime) -> Verdict:  # noqa: ARG001  every rule is asked alike
    """Waits for the next day or month; what has no next one is refused."""
    budget = facts.budget
    if budget is None:
        return NONE
    evidence = {
        "budget": budget.name,
        "limit": f"{budget.currency} {budget.limit}",
        "used": f"{budget.currency} {budget.used}",
        "wanted": f"{budget.currency} {budget.wanted}",
    }
    if not budget.wanted or budget.left >= 0:
        return Allow(evidence)
    if budget.begins_again is None:
        return Deny("budget_spent", f"{_sentence(budget)} It has no next day or month.", _IS_OVER, evidence)
    until = budget.begins_again.astimezone(UTC)
    sentence = f"{_sentence(budget)} It begins anew at {until:%Y-%m-%d %H:%M} UTC."
    return Defer(until, "budget_spent", sentence, _WAITS, evidence)


def _sentence(budget: BudgetFacts) -> str:
    return (
        f"The budget ({budget.name}) is {budget.currency} {budget.limit}; {budget.used} of it are used, and this "
        f"message would cost {budget.wanted}."
    )
