"""What a project's own limits (quiet hours, frequency) leave alone, as an author writes it under `except`."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Annotated

import msgspec

Minutes = Annotated[int, msgspec.Meta(ge=0, le=24 * 60)]


class Exemption(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Messages that answer somebody, or that must arrive."""

    consent_categories: tuple[str, ...] = ()
    template_categories: tuple[str, ...] = ()
    replies_minutes: Minutes = 60
    """Whoever has written within so many minutes gets an answer. 0: no exception for answers."""

    def covers(
        self,
        consent_category: str | None,
        template_category: str | None,
        last_inbound_at: datetime | None,
        now: datetime,
    ) -> str | None:
        """Why the message is left alone; None when it is not."""
        if consent_category in self.consent_categories:
            return f"the consent category {consent_category}"
        if template_category in self.template_categories:
            return f"the template category {template_category}"
        if last_inbound_at is not None and now < last_inbound_at + timedelta(minutes=self.replies_minutes):
            return f"an answer within {self.replies_minutes} minutes"
        return None


def within(name: str | None, allowed: Collection[str] | None) -> bool:
    """Is it one of these? None of `allowed`: any will do."""
    return allowed is None or name in allowed
