"""What a condition may look at of one customer: a scenario's, or a campaign's audience."""

from collections.abc import Mapping
from datetime import datetime

from parley.domain.consent import Action, ConsentCategory, standing
from parley.journeys import Consent
from parley.services.people import Person


def consents_for_conditions(
    person: Person, categories: Mapping[str, ConsentCategory], now: datetime
) -> dict[str, Consent]:
    """The last word in each category; where nobody was asked, a legitimate interest stands for it."""
    known = {name: Consent(accepted=True) for name, one in categories.items() if one.legitimate_interest}
    for category, entries in person.consents.items():
        last = standing(entries, now)
        if last is not None:
            known[category] = Consent(last.action is Action.ACCEPT, last.valid_until)
    return known
