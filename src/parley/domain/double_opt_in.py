"""Double opt-in: in some categories a yes counts when whoever said it has confirmed it.

WhatsApp does not ask for it: any clear yes is enough, given on whatever way, in the chat too (whatsapp.md 3.1). Law and
care may: a form says only that somebody typed a number in. What comes from the number itself needs no confirmation.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal

import msgspec

from parley.domain.consent import Action, ConsentEntry, is_granted, standing

DOUBLE_OPT_IN = "double_opt_in"
"""The type of the event that asks for a confirmation, and the source of a consent that was confirmed."""
AskedSource = Literal["crm", "import", "page", "private_api", "provider", "public_api", "scenario"]
"""Whose word may need a confirmation: everybody's but the customer's own, by WhatsApp."""
ALL_SOURCES: tuple[AskedSource, ...] = ("crm", "import", "page", "private_api", "provider", "public_api", "scenario")


class DoubleOptIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which yeses are questions first: part of the project's settings."""

    categories: tuple[str, ...] = ()
    """Empty: none."""
    expires_hours: Annotated[int, msgspec.Meta(ge=1, le=720)] = 48
    sources: tuple[AskedSource, ...] = ALL_SOURCES
    """A system that asks for confirmations itself may be left out."""
    links: bool = True
    """May a link confirm? It shows who reads a mailbox; only a message shows whose number it is."""

    def concerns(self, entry: ConsentEntry) -> bool:
        """Without looking at what the customer said before."""
        return entry.action is Action.ACCEPT and entry.category in self.categories and entry.source in self.sources

    def asks(self, entry: ConsentEntry, before: Collection[ConsentEntry], now: datetime) -> bool:
        """Not whoever agrees already: `before` is what the customer said in that category."""
        return self.concerns(entry) and not is_granted(None, standing(before, now), now)

    def question(self, entry: ConsentEntry, now: datetime) -> ConsentEntry:
        """What stands in the ledger in the place of the yes. It begins now at the latest, so that every later
        withdrawal comes after it.
        """
        until = now + timedelta(hours=self.expires_hours)
        begins = min(entry.valid_from, now)
        return msgspec.structs.replace(entry, action=Action.ASKED, valid_from=begins, confirm_until=until)


class Answer(StrEnum):
    """What a confirmation does."""

    CONFIRMED = "confirmed"
    ALREADY = "already_confirmed"
    """Done before: nothing changes."""
    WITHDRAWN = "withdrawn"
    """The customer has said no since."""
    EXPIRED = "expired"
    """Too late: nobody may count on the yes any more."""


def answer_to(question: ConsentEntry, entries: Iterable[ConsentEntry], at: datetime) -> Answer:
    """`entries`: all that the customer said in the category. A no in the moment of the question wins."""
    since = [one for one in entries if one.valid_from >= question.valid_from and one.action is not Action.ASKED]
    last = standing(since, at)
    if last is not None:
        return Answer.ALREADY if last.action is Action.ACCEPT else Answer.WITHDRAWN
    return Answer.EXPIRED if question.confirm_until is not None and question.confirm_until <= at else Answer.CONFIRMED


def unanswered(entries: Collection[ConsentEntry], at: datetime) -> ConsentEntry | None:
    """The last question after which nothing was said, whether its time is over or not. None: there is none."""
    questions = [one for one in entries if one.action is Action.ASKED and one.valid_from <= at]
    last = max(questions, key=_weight, default=None)
    open_still = last is not None and answer_to(last, entries, at) in (Answer.CONFIRMED, Answer.EXPIRED)
    return last if open_still else None


def asked(entries: Collection[ConsentEntry], at: datetime) -> ConsentEntry | None:
    """The question that waits for its confirmation. None: there is none."""
    question = unanswered(entries, at)
    waits = question is not None and answer_to(question, entries, at) is Answer.CONFIRMED
    return question if waits else None


def _weight(question: ConsentEntry) -> tuple[datetime, float, str, str]:
    """Of two at one moment the one that may be answered longer; the rest only keeps apart what comes to the same."""
    until = question.confirm_until.timestamp() if question.confirm_until else float("inf")
    return question.valid_from, until, question.source, str(question.event_id)
