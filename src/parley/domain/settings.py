"""What a project decides for itself, as a file of the kind `settings`: one for each project."""

from enum import StrEnum
from typing import Annotated, Literal

import msgspec

from parley.domain.cost_settings import CostSettings, cost_problems
from parley.domain.double_opt_in import DoubleOptIn
from parley.domain.errors import InvalidInputError, Problem
from parley.domain.misfit import every_misfit
from parley.domain.quiet_hours import QuietHours, TimeZones, quiet_problems

BEFORE_RESENDING_HOURS = 48
"""Longer than the provider's word can take: Sinch tries a message for up to an hour, and brings a report that we did
not take again for up to 45 hours and 31 minutes (sinch.md 1.8, 2.8, read 2026-11)."""
WHILE_REPORTS_REPEAT_DAYS = 3
"""Nothing is forgotten while the provider may still bring it again."""


class Then(StrEnum):
    """What becomes of a message of which nobody knows whether the provider has it."""

    HOLD = "hold"
    """A person decides."""
    RESEND = "resend"
    """Sent again, once: if the provider had it after all, the customer gets it twice."""
    GIVE_UP = "give_up"
    """It counts as failed; a report that it was delivered still corrects that."""


class UncertainRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """For messages that neither a report nor the provider's list has settled."""

    then: Then = Then.HOLD
    after_hours: Annotated[int, msgspec.Meta(ge=1, le=720)] = BEFORE_RESENDING_HOURS


class Retention(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long what the provider told us is kept as it came."""

    callbacks_days: Annotated[int, msgspec.Meta(ge=WHILE_REPORTS_REPEAT_DAYS, le=3650)] = 30
    early_reports_days: Annotated[int, msgspec.Meta(ge=WHILE_REPORTS_REPEAT_DAYS, le=3650)] = 7
    """Reports of messages that we do not know."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of them. A project without a file has these."""

    kind: Literal["settings"] = "settings"
    name: Literal["project"] = "project"
    rules: Literal["transactional", "current"] = "transactional"
    """Which regime its templates are judged by."""
    uncertain: UncertainRule = UncertainRule()
    retention: Retention = Retention()
    time_zone: TimeZones = TimeZones()
    quiet_hours: QuietHours | None = None
    double_opt_in: DoubleOptIn = DoubleOptIn()
    costs: CostSettings = CostSettings()


def parse_settings(data: bytes) -> Settings:
    """Raises InvalidInputError that names the field."""
    try:
        settings = msgspec.json.decode(data, type=Settings)
    except msgspec.ValidationError as error:
        raise every_misfit(data, Settings, "settings") from error
    problems = [*quiet_problems(settings.quiet_hours, settings.time_zone), *cost_problems(settings.costs)]
    if settings.uncertain.then is Then.RESEND and settings.uncertain.after_hours < BEFORE_RESENDING_HOURS:
        sentence = (
            f"must be at least {BEFORE_RESENDING_HOURS} to send again: until then a report may say that it arrived."
        )
        problems.insert(0, Problem("uncertain.after_hours", sentence))
    if problems:
        raise InvalidInputError(problems)
    return settings
