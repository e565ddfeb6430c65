"""Is the template registered, approved, given the parameters it needs, and not stopped?"""

from datetime import datetime, timedelta
from typing import Any

from parley.policy.facts import Facts, TemplateFacts
from parley.policy.verdict import UNTIL_RELEASED, Allow, Defer, Deny, Verdict

LOOK_AGAIN = timedelta(minutes=5)


def check(facts: Facts, now: datetime) -> Verdict:
    """WhatsApp answers 132001 for an unknown or unapproved template, 132000 and 132018 for wrong parameters.

    A template is stopped by an answer or a report that concerns all its messages by that sender: paused, disabled, not
    approved there. Its messages wait, as those of a stopped sender do, and as those of a paused one: WhatsApp pauses a
    template for 3 hours, then for 6, and disables it the third time (whatsapp.md 1.3).
    """
    template = facts.template
    if template is None or template.status is None:
        return _unknown(template)
    evidence = {"template": template.name, "language": template.language, "status": template.status}
    if template.status == "paused":
        return _paused(template, now, evidence)
    if template.status != "approved":
        return Deny(
            "template_not_approved",
            f"The template {template.name} ({template.language}) is {template.status}, not approved.",
            f"Wait for its approval (parley template show {template.name} {template.language}), or send another one.",
            evidence,
        )
    if template.problems:
        return Deny(
            "template_parameters",
            f"The template {template.name} cannot be filled in: {' '.join(template.problems)}",
            "Correct the parameters in the scenario, or the customer's data they are taken from.",
            {**evidence, "problems": list(template.problems)},
        )
    if template.stopped_code is not None:
        evidence["stopped_by"] = template.stopped_code
        return _stopped(template, evidence)
    return Allow(evidence)


def _paused(template: TemplateFacts, now: datetime, evidence: dict[str, Any]) -> Defer:
    name = f"{template.name} {template.language}"
    return Defer(
        now + LOOK_AGAIN,
        "template_paused",
        f"WhatsApp has paused the template {template.name} ({template.language}).",
        f"Nothing: it leaves when the template is approved again (parley template show {name} --project TOKEN).",
        evidence,
    )


def _stopped(template: TemplateFacts, evidence: dict[str, Any]) -> Defer:
    name = f"{template.name}.{template.language}"
    return Defer(
        UNTIL_RELEASED,
        "template_stopped",
        f"The template {name} is stopped: {template.stopped_sentence}",
        f"Mend the cause, then apply the template anew, or release it: parley template release {name} --project TOKEN.",
        evidence,
    )


def _unknown(template: TemplateFacts | None) -> Deny:
    asked_for = f"{template.name} ({template.language})" if template else "without a name"
    return Deny(
        "template_unknown",
        f"The project has no template {asked_for}.",
        "Register it under the name and language that were approved (docs/reference/templates.md).",
        {"template": template.name, "language": template.language} if template else {},
    )
