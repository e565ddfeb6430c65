"""Is the account that would send set up, and not stopped?"""

from datetime import datetime

from parley.domain.message import Kind
from parley.policy.facts import Facts
from parley.policy.verdict import UNTIL_RELEASED, Allow, Defer, Deny, Verdict


def check(facts: Facts, _now: datetime) -> Verdict:
    """A sender is stopped by an answer that concerns all its messages: wrong credentials, no credit.

    Its messages wait, so that nothing is lost; each still ends at its own time (`ttl`).
    """
    sender = facts.sender
    if sender is None:
        return Allow({"sender": "none needed"}) if facts.kind is Kind.WEBHOOK else _no_sender(facts)
    if sender.stopped_code is not None:
        return Defer(
            UNTIL_RELEASED,
            "sender_stopped",
            f"The sender {sender.name} is stopped: {sender.stopped_sentence}",
            f"Mend the cause, then release it: parley sender release {sender.name} --project TOKEN.",
            {"sender": sender.name, "stopped_by": sender.stopped_code},
        )
    return Allow({"sender": sender.name, "account": sender.account})


def _no_sender(facts: Facts) -> Deny:
    if facts.sender_asked_for is None and len(facts.sender_choices) > 1:
        return Deny(
            "which_sender",
            f"The project has several integrations, {', '.join(facts.sender_choices)}, and the scenario names none.",
            "Name one as the scenario's sender: in its settings, or in the node.",
            {"choices": list(facts.sender_choices)},
        )
    if facts.sender_asked_for is None:
        return Deny(
            "no_sender",
            "The project has no WhatsApp integration, so nothing can be sent.",
            "Apply an integration (docs/how-to/connect-sinch.md).",
        )
    return Deny(
        "unknown_sender",
        f"The project has no integration called {facts.sender_asked_for}.",
        "Correct the sender in the scenario, or apply an integration of that name.",
        {"asked_for": facts.sender_asked_for},
    )
