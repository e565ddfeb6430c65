"""Consents: what a `consent` event says, and where a customer stands in a category.

An event that cannot be understood revokes (exponea.md 4.4, fail-safe): its row has the action *invalid* and says why.
"""

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

CONSENT = "consent"
"""The type of the event."""
UNLIMITED = "unlimited"
LONGEST_CATEGORY = 128
"""Characters: a category stands in an index."""
SOURCES = ("crm", "import", "page", "private_api", "public_api", "scenario")
"""Who may write a category: the app, an import, the consent page, a private key, a public key, a scenario."""
Source = Annotated[
    str, msgspec.Meta(pattern=f"^({'|'.join(SOURCES)})$", extra={"sentence": f"must be one of {', '.join(SOURCES)}"})
]


class Action(StrEnum):
    """What a customer said."""

    ACCEPT = "accept"
    REJECT = "reject"
    INVALID = "invalid"
    """Not understood: counts as a rejection."""
    ASKED = "asked"
    """Agreed and asked to confirm it (double opt-in): changes nothing until the confirmation."""


class ConsentEntry(msgspec.Struct, frozen=True):
    """One thing a customer said about one category."""

    category: str
    action: Action
    valid_from: datetime
    valid_until: datetime | None = None
    """None: unlimited. Reaching it revokes without a further event."""
    source: str = "private_api"
    problem: str | None = None
    event_id: UUID | None = None
    """The `consent` event that said so, once it is recorded."""
    confirm_until: datetime | None = None
    """Of a question: a confirmation that comes later changes nothing (parley.domain.double_opt_in)."""


class ConsentCategory(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What customers are asked about. Kept as a definition of kind `consent_category`."""

    kind: str = "consent_category"
    name: str
    """The id that events carry in `category`; case-sensitive."""
    legitimate_interest: bool = False
    """Granted until rejected."""
    purpose: Literal["any", "marketing", "transactional"] = "any"
    """A person who stops marketing at WhatsApp withdraws from the categories for marketing."""
    sources: Mapping[Source, bool] = {}
    translations: Mapping[str, Mapping[str, str]] = {}

    def may_be_written_by(self, source: str) -> bool:
        """A source that is not listed may, except a public key: everybody can read that one in a web page."""
        return self.sources.get(source, source != "public_api")


WHATSAPP_CATEGORY = ConsentCategory(
    name="whatsapp",
    sources={source: source != "public_api" for source in SOURCES},
    translations={"en": {"name": "WhatsApp", "description": "Messages by WhatsApp"}},
)
"""What a new project starts with."""


def read_consent(properties: Mapping[str, Any], said_at: datetime, source: str) -> ConsentEntry:
    """Reads the properties of a `consent` event: `action`, `category`, `valid_until`."""
    category = properties.get("category")
    until = _until(properties.get("valid_until"))
    problem = _problem(properties, until)
    return ConsentEntry(
        category=category if isinstance(category, str) and len(category) <= LONGEST_CATEGORY else "",
        action=Action.INVALID if problem else Action(properties["action"]),
        valid_from=said_at,
        valid_until=until if isinstance(until, datetime) and not problem else None,
        source=source,
        problem=problem,
    )


def with_hint(entry: ConsentEntry, known: Mapping[str, ConsentCategory]) -> ConsentEntry:
    """A category that the project does not have is kept as said, with the hint that nobody asks for it."""
    if entry.problem or entry.category in known:
        return entry
    hint = f"There is no category {entry.category!r}; names are case-sensitive: {', '.join(known) or 'none yet'}."
    return msgspec.structs.replace(entry, problem=hint)


def _problem(properties: Mapping[str, Any], until: datetime | str) -> str | None:
    category, action = properties.get("category"), properties.get("action")
    if not isinstance(category, str) or not 0 < len(category) <= LONGEST_CATEGORY:
        return "`category` is missing, or no text of 1 to 128 characters: no category could be revoked."
    if action not in (Action.ACCEPT.value, Action.REJECT.value):
        return "`action` must be accept or reject, in lower case."
    if action == Action.ACCEPT and isinstance(until, str) and until != UNLIMITED:
        return until
    return None


def _until(value: object) -> datetime | str:
    """A time, `unlimited`, or the sentence that says what is wrong."""
    if value == UNLIMITED:
        return UNLIMITED
    if value is None:
        return "`valid_until` is missing: give unlimited or a UNIX time."
    try:
        seconds = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else math.nan
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return "`valid_until` must be unlimited or a UNIX time in seconds."


def as_heard(entry: ConsentEntry, now: datetime) -> ConsentEntry:
    """A withdrawal counts from when it is heard at the latest, whatever date it carries: a wrong clock must not keep a
    customer from agreeing again until then.
    """
    if entry.action is Action.ACCEPT or entry.valid_from <= now:
        return entry
    return msgspec.structs.replace(entry, valid_from=now)


def standing(entries: Iterable[ConsentEntry], now: datetime) -> ConsentEntry | None:
    """The entry that counts in one category: of those whose time has come the latest; of two at the same moment the
    withdrawal. A withdrawal counts at once, also one from before the clock was set back. None: never asked.

    A pure fold: the order in which the entries came makes no difference.
    """
    begun = [
        entry
        for entry in entries
        if (entry.valid_from <= now or entry.action is not Action.ACCEPT) and entry.action is not Action.ASKED
    ]
    if len(begun) == 1:
        return begun[0]  # nearly everybody's; asked at every claim, and to weigh it takes longer than all else here
    return max(begun, key=_weight, default=None)


def _weight(entry: ConsentEntry) -> tuple[datetime, bool, float, str, str, str]:
    """Of two grants at one moment the one that ends earlier. The rest only keeps apart what comes to the same."""
    end = -math.inf if entry.valid_until is None else -entry.valid_until.timestamp()
    is_withdrawal = entry.action is not Action.ACCEPT
    return entry.valid_from, is_withdrawal, end, entry.action.value, entry.source, str(entry.event_id)


def is_granted(category: ConsentCategory | None, entry: ConsentEntry | None, now: datetime) -> bool:
    """May a customer whose last word is `entry` be written to in this category?"""
    if entry is None:
        return category is not None and category.legitimate_interest
    return entry.action == Action.ACCEPT and (entry.valid_until is None or now < entry.valid_until)
