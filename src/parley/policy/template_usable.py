"""Is the template registered, approved, and given the parameters it needs?"""

from datetime import datetime

from parley.policy.facts import Facts, TemplateFacts
from parley.policy.verdict import Allow, Deny, Verdict


def check(facts: Facts, _now: datetime) -> Verdict:
    """WhatsApp answers 132001 for an unknown or unapproved template, 132000 and 132018 for wrong parameters."""
    template = facts.template
    if template is None or template.status is None:
        return _unknown(template)
    evidence = {"template": template.name, "language": template.language, "status": template.status}
    if template.status != "approved":
        return Deny(
            "template_not_approved",
            f"The template {template.name} ({template.language}) is {template.status}, not approved.",
            "Wait for its approval, or send another template.",
            evidence,
        )
    if template.problems:
        return Deny(
            "template_parameters",
            f"The template {template.name} cannot be filled in: {' '.join(template.problems)}",
            "Correct the parameters in the scenario, or the customer's data they are taken from.",
            {**evidence, "problems": list(template.problems)},
        )
    return Allow(evidence)


def _unknown(template: TemplateFacts | None) -> Deny:
    asked_for = f"{template.name} ({template.language})" if template else "without a name"
    return Deny(
        "template_unknown",
        f"The project has no template {asked_for}.",
        "Register it under the name and language that were approved (docs/reference/templates.md).",
        {"template": template.name, "language": template.language} if template else {},
    )
