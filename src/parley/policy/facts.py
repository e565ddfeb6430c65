"""All that the rules may know about one message at one moment."""

from datetime import datetime
from decimal import Decimal
from typing import Literal

import msgspec

from parley.domain.consent import ConsentEntry
from parley.domain.exemption import Exemption
from parley.domain.message import Kind
from parley.domain.quiet_hours import QuietHours
from parley.domain.suppression import Suppression


class OpenWindow(msgspec.Struct, frozen=True, omit_defaults=True):
    """The customer's last message to the account that would send."""

    last_inbound_at: datetime
    """By the message's own clock, not by its arrival."""
    inbound_id: str
    by_recipient: bool = True
    """Whoever wrote it is whom the message goes to; the customer may have written from another number."""
    free_until: datetime | None = None
    """The customer came by an advertisement: until then messages cost nothing (whatsapp.md 2.1)."""


class SenderFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """The account that would send."""

    name: str
    account: str
    stopped_code: str | None = None
    stopped_sentence: str | None = None


class TemplateFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """The registered template the message asks for, and what is wrong with the parameters it was given."""

    name: str
    language: str
    status: str | None
    """None when the project has no such template in that language."""
    problems: tuple[str, ...] = ()
    stopped_code: str | None = None
    stopped_sentence: str | None = None
    category: str | None = None


class LimitFacts(msgspec.Struct, frozen=True):
    """One limit of a frequency policy, and how far it is used."""

    at_most: int
    per: str
    """`7 days`, `calendar week`"""
    nth_at: datetime | None
    """When the at_most-th last message left that counts: with it the limit is full. None: fewer have."""


class FrequencyFacts(msgspec.Struct, frozen=True):
    """A frequency policy that covers the message, as far as this customer is concerned."""

    policy: str
    segment: str | None
    """The first that the customer is in; None: in none, and nothing is limited."""
    limits: tuple[LimitFacts, ...]
    zone: str
    """Whose calendar."""
    wait_at_most: str
    exemption: Exemption


class QuietFacts(msgspec.Struct, frozen=True):
    """The project's quiet hours, and by which clock they are told."""

    hours: QuietHours
    zones: tuple[str, ...]
    """IANA names. Several where the number may be used in several."""
    zone_from: Literal["attribute", "number", "project"]
    project: str
    """The project's own zone."""
    unusable: str | None = None
    """What stood in the attribute and is no time zone."""


class TextFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """How the template's text was judged by the project's rule set."""

    rules: str
    """transactional or current."""
    category: str
    """As its file says."""
    predicted: str
    """Which of Meta's three categories WhatsApp would file it as; empty where the check cannot read the text."""
    judged_by: str
    """The version of the check."""
    category_fits: bool = True
    """Is it one of the rule set's?"""
    promotional: bool = False
    readable: bool = True
    """Can the check read it? If not, it counts as promotional."""
    why: str = ""
    """Of what promotes the words, the rule, the sentence. Kept with every message, so of nothing else."""
    filed_as: str | None = None
    """What WhatsApp files it as, where that is known: the category of its price."""
    value: str | None = None
    """Why one of this message's own values promotes."""
    override: str | None = None
    """Why a person says that it may be sent all the same."""
    overridden_by: str | None = None


class PairFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the account has sent to this person lately."""

    paid_until: datetime | None
    """Until then it is paid for, at the pair rate; None where there was nothing."""


class TierFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far the sender's tier is used, seen by one message."""

    name: str
    """Of the account, or of the portfolio that shares it."""
    most: int
    reached: int
    """People within 24 hours."""
    counted: bool
    """This one is among them."""
    free_at: datetime | None = None
    """When there is a place for one more; None: now."""


class BudgetFacts(msgspec.Struct, frozen=True):
    """The project's budget that has the least room for the message."""

    name: str
    currency: str
    limit: Decimal
    used: Decimal
    """By other messages: spent, or set aside."""
    wanted: Decimal
    """What this one would cost."""
    begins_again: datetime | None = None
    """None: never."""

    @property
    def left(self) -> Decimal:
        """With this message; negative when it does not fit."""
        return self.limit - self.used - self.wanted


class Facts(msgspec.Struct, frozen=True, omit_defaults=True):
    """Evidence. What is None is not known or does not exist."""

    kind: Kind
    recipient: str | None
    """Digits of the number, or a WhatsApp user id; None when the customer has no usable address."""
    address_problem: str | None = None
    consent_category: str | None = None
    consents: tuple[ConsentEntry, ...] = ()
    """All that the customer ever said in that category."""
    legitimate_interest: bool = False
    """The category is granted until it is rejected."""
    suppressions: tuple[Suppression, ...] = ()
    """Lines of the suppression list with an address of this person."""
    agreed_at: datetime | None = None
    """The person's last agreement in any category; looked up where there are suppressions."""
    promotes: bool = False
    """A template of the category MARKETING, or a consent category for marketing."""
    answers: str | None = None
    """The keyword of the person that this message answers."""
    upload: str | None = None
    """What an upload would tell the provider: opt_in or opt_out. `consents` are then of all categories, unless it names
    one."""
    sender: SenderFacts | None = None
    sender_asked_for: str | None = None
    sender_choices: tuple[str, ...] = ()
    """The project's integrations: with several, a message must name one."""
    window: OpenWindow | None = None
    template: TemplateFacts | None = None
    expires_at: datetime | None = None
    """When its use is over (`ttl`)."""
    frequency: tuple[FrequencyFacts, ...] = ()
    """Of each of the project's policies that covers the message."""
    quiet: QuietFacts | None = None
    """None: the project has no quiet hours."""
    text: TextFacts | None = None
    """Of a template that the project has."""
    budget: BudgetFacts | None = None
    """None: no budget is set for it, or it costs nothing that is known."""
    pair: PairFacts | None = None
    """Known when a message is about to leave, where the pair rate is kept."""
    tier: TierFacts | None = None
    """Known when a message is about to leave, where the sender has a tier."""
    opt_in_waits_since: datetime | None = None
    """When the upload was planned that the provider has yet to take. Known when a template is about to leave, where the
    provider may want it first."""
