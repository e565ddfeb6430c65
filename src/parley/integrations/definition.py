"""The file of an integration: which provider API, which account, how it signs, how messages become events."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import msgspec

from parley.domain.errors import InvalidInputError, Problem
from parley.domain.misfit import every_misfit
from parley.integrations.limits import LEVELS, MESSAGES_PER_SECOND, REQUESTS_PER_SECOND, Limits, or_default
from parley.integrations.mapping import PAGE_MAPPING

Api = Literal["sinch_legacy", "sinch_conversation"]

API_FIELDS: dict[str, tuple[str, ...]] = {
    "sinch_legacy": ("account", "bearer_token"),
    "sinch_conversation": ("project_id", "app_id", "key_id", "key_secret"),
}
"""What each API must be given. The names are those of the parameters of its shipped presets."""

OPTIONAL_FIELDS: dict[str, tuple[str, ...]] = {
    "sinch_legacy": ("base_url",),
    "sinch_conversation": ("base_url", "auth_url", "provisioning_url"),
}

SECRET_FIELDS = frozenset({"bearer_token", "key_secret", "signing_secret"})
"""Encrypted at rest and never shown again (house decision 8)."""


EventName = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
"""As the tracking API takes types and properties."""


class Inbound(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a customer's message becomes an event of that customer."""

    event_type: EventName = "campaign"
    mapping: dict[EventName, str] = msgspec.field(default_factory=PAGE_MAPPING.copy)
    """Event property to Jinja text over the message's fields (docs/reference/inbound-fields.md)."""
    rest: bool = True
    """Also everything else the message holds, under its own names."""


class Integration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One account at one provider."""

    name: str
    api: Api
    account: dict[str, Any]
    """The fields of API_FIELDS and OPTIONAL_FIELDS; secrets as references."""
    kind: Literal["integration"] = "integration"
    title: str = ""
    description: str = ""
    signing_secret: Any = None
    """Callbacks are checked with it; without one they are taken unchecked, on the strength of the unguessable URL."""
    inbound: Inbound = Inbound()
    limits: Limits = Limits()

    @property
    def account_name(self) -> str:
        """What the provider calls this account in its callbacks: the bot id or the app id."""
        return str(self.account["account" if self.api == "sinch_legacy" else "app_id"])

    @property
    def messages_per_second(self) -> float | None:
        """By this account; None: no limit."""
        return or_default(self.limits.messages_per_second, MESSAGES_PER_SECOND[self.api])

    @property
    def requests_per_second(self) -> float | None:
        """By all accounts of its project at the provider; None: no limit."""
        return or_default(self.limits.requests_per_second, REQUESTS_PER_SECOND[self.api])

    @property
    def people_per_day(self) -> int | None:
        """By this account, or all of its portfolio; None: no limit."""
        tier = self.limits.tier
        return LEVELS[tier] if isinstance(tier, str) else tier


def parse_integration(data: bytes) -> Integration:
    """Raises InvalidInputError that names every field that is missing or unknown."""
    try:
        integration = msgspec.json.decode(data, type=Integration)
    except msgspec.ValidationError as error:
        raise every_misfit(data, Integration, "integration") from error
    problems = [*_account_problems(integration), *_kind_problems(integration), *_limits_problems(integration)]
    if problems:
        raise InvalidInputError(problems)
    return integration


def _account_problems(integration: Integration) -> list[Problem]:
    needed, optional = API_FIELDS[integration.api], OPTIONAL_FIELDS[integration.api]
    missing = [
        Problem(f"account.{field}", f"is missing; {integration.api} needs {', '.join(needed)}.")
        for field in needed
        if integration.account.get(field) in (None, "")
    ]
    unknown = [
        Problem(f"account.{field}", f"is not a field of {integration.api}; it has {', '.join(needed + optional)}.")
        for field in integration.account
        if field not in needed + optional
    ]
    return missing + unknown


def _kind_problems(integration: Integration) -> Iterator[Problem]:
    """Only a text is sealed: a secret that came as anything else would be stored and shown as it is."""
    values = {f"account.{field}": value for field, value in integration.account.items()}
    for field, value in {**values, "signing_secret": integration.signing_secret}.items():
        if field.rpartition(".")[2] in SECRET_FIELDS:
            if value is not None and not isinstance(value, str) and not _is_reference(value):
                yield Problem(field, 'must be a text, or {"$env": "NAME"} for the variable that holds it.')
        elif value is not None and not isinstance(value, str):
            yield Problem(field, "must be a text.")


def _is_reference(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("$secret"), str)


def _limits_problems(integration: Integration) -> list[Problem]:
    """An account that counts nothing would use up the places of the others unseen."""
    if integration.limits.portfolio is None or integration.limits.tier is not None:
        return []
    return [Problem("limits.tier", "is missing; with a portfolio, say the tier that its accounts share.")]
