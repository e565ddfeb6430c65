"""What can be done about an uncertain message, by what its provider can tell of it."""

from parley.services.definitions import ProjectDefinitions

NO_WORD = (
    "Sinch's WhatsApp API (legacy) has no list of messages to look in, and its reports do not say which message they "
    "mean."
)
LOOK = (
    "No report and no list has settled them. Look for them at the provider, then `parley message resend` or `give-up`; "
    "or give the project a rule (settings)."
)
"""Where the provider has a list, and its reports bear our id."""
ASK = (
    f"{NO_WORD} Ask the customer, or Sinch with the number and the time; then `parley message resend` (the customer "
    "may get it twice) or `give-up`; or give the project a rule (settings)."
)


def can_be_told(project: ProjectDefinitions, integration: str | None) -> bool:
    """May the provider's own word still settle it, a report by our id or its list?"""
    sender = project.integrations.get(integration or "")
    return sender is None or sender.api == "sinch_conversation"


def what_to_do(project: ProjectDefinitions, integration: str | None) -> str:
    """For the operator, once nothing has settled it."""
    return LOOK if can_be_told(project, integration) else ASK
