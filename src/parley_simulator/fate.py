"""What becomes of an accepted message: why it fails, or the steps it takes to the customer's eyes."""

from collections.abc import Callable
from datetime import datetime
from typing import Literal

import msgspec
import phonenumbers

from parley_simulator.chance import Chance
from parley_simulator.faults import Fault, Healthy
from parley_simulator.handsets import Handset, window_is_open
from parley_simulator.messages import Content, Failure, Message, State
from parley_simulator.settings import Settings
from parley_simulator.template_book import TemplateBook

ODD_PERCENT = 5.0  # of messages whose reports skip, stop or come in the wrong order

CONSENT_LISTS = {
    "OPT_OUT_ALL": {"CONTENT_UNKNOWN", "CONTENT_MARKETING", "CONTENT_NOTIFICATION"},
    "OPT_OUT_MARKETING": {"CONTENT_MARKETING"},
    "OPT_OUT_NOTIFICATION": {"CONTENT_NOTIFICATION"},
}


class Step(msgspec.Struct, frozen=True):
    """A report after a pause, in unscaled seconds."""

    seconds: float
    state: State
    reason: Failure | None = None


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What the decision looks at."""

    message: Message
    handset: Handset
    settings: Settings
    templates: TemplateBook
    consents: dict[str, set[str]]
    is_within_tier: bool
    now: datetime


class Fine(msgspec.Struct, frozen=True):
    """Nothing speaks against it."""


FINE = Fine()
Verdict = Fine | Failure
Check = Callable[[Facts], Verdict]


def judge(facts: Facts) -> Verdict:
    """The first objection; media is looked at separately, for that takes a fetch."""
    for check in CHECKS:
        verdict = check(facts)
        if isinstance(verdict, Failure):
            return verdict
    return FINE


def is_possible(number: str) -> bool:
    """libphonenumber's lenient test: Sinch stopped asking for registered numbers in June 2020 (sinch.md 1.5)."""
    try:
        return number.isdigit() and phonenumbers.is_possible_number(phonenumbers.parse(f"+{number}"))
    except phonenumbers.NumberParseException:
        return False


def steps(message: Message, handset: Handset, settings: Settings, chance: Chance, fault: Fault | Healthy) -> list[Step]:
    """The reports of a message that nothing speaks against."""
    twist = fault.kind if isinstance(fault, Fault) else _oddity(chance)
    if isinstance(fault, Fault) and fault.kind == "fail":
        return [Step(chance.between(0.2, 1), "failed", _scripted(fault))]
    path = _usual_path(message, handset, settings, chance)
    return TWISTS.get(twist, list)(path)


def _usual_path(message: Message, handset: Handset, settings: Settings, chance: Chance) -> list[Step]:
    path = [Step(chance.between(0.1, 0.5), "dispatched")] if message.api == "legacy" else []
    path.append(Step(chance.between(0.2, 1.5), "sent"))
    if not handset.online:
        return path
    slowest = 3 if message.api == "legacy" else 5
    path.append(Step(chance.between(0.2, slowest), "delivered"))
    if handset.reads and chance.usually(settings.read_percent):
        path.append(Step(chance.between(*settings.read_seconds), "read"))
    return path


def _oddity(chance: Chance) -> str:
    return chance.pick(("read_without_delivered", "silence", "disorder")) if chance.happens(ODD_PERCENT) else ""


def _until_sent(path: list[Step]) -> list[Step]:
    return [step for step in path if step.state in {"dispatched", "sent"}]


def _skip_delivered(path: list[Step]) -> list[Step]:
    return [step for step in path if step.state != "delivered"]


def _swap_last_two(path: list[Step]) -> list[Step]:
    return [*path[:-2], *reversed(path[-2:])]


TWISTS: dict[str, Callable[[list[Step]], list[Step]]] = {
    "silence": _until_sent,
    "read_without_delivered": _skip_delivered,
    "disorder": _swap_last_two,
}


def _scripted(fault: Fault) -> Failure:
    return Failure(fault.code, fault.message or f"The underlying channel reported: {fault.code}", fault.channel_code)


def _number_is_possible(facts: Facts) -> Verdict:
    number = facts.message.number
    if is_possible(number):
        return FINE
    return Failure("RECIPIENT_INVALID_CHANNEL_IDENTITY", f"{number} is no phone number.", "131026")


def _has_time_left(facts: Facts) -> Verdict:
    expires_at = facts.message.expires_at
    if expires_at is not None and facts.now >= expires_at:
        return Failure("DELIVERY_TIMED_OUT", "The message's time to live is over.")
    return FINE


def _channel_is_configured(facts: Facts) -> Verdict:
    if facts.message.channel == "WHATSAPP":
        return FINE
    return Failure("CHANNEL_CONFIGURATION_MISSING", f"The app has no {facts.message.channel} channel.")


def _is_on_whatsapp(facts: Facts) -> Verdict:
    if facts.handset.on_whatsapp:
        return FINE
    return Failure("RECIPIENT_NOT_REACHABLE", "The number is not on WhatsApp.", "131026")


def _has_consented(facts: Facts) -> Verdict:
    for name, listed in facts.consents.items():
        if facts.message.number in listed and facts.message.content_type in CONSENT_LISTS[name]:
            return Failure("RECIPIENT_NOT_OPTED_IN", f"The recipient is on the list {name}.")
    return FINE


def _has_opted_in(facts: Facts) -> Verdict:
    """The rule before 30 June 2022; an inbound message was a 24-hour opt-in (sinch.md 1.6)."""
    handset = facts.handset
    if not facts.settings.no_opt_in or handset.opted_in or window_is_open(handset, facts.now):
        return FINE
    code = "NO_OPT_IN" if facts.message.api == "legacy" else "RECIPIENT_NOT_OPTED_IN"
    return Failure(code, "The recipient has not opted in.")


def _template_is_sound(facts: Facts) -> Verdict:
    call = facts.message.content.template
    checked = facts.templates.check(call) if call is not None else FINE
    return FINE if isinstance(checked, Content) else checked


def _window_is_open(facts: Facts) -> Verdict:
    if facts.message.content.template is not None or window_is_open(facts.handset, facts.now):
        return FINE
    sentence = "More than 24 hours have passed since the recipient last wrote; only a template may be sent."
    return Failure("OUTSIDE_ALLOWED_SENDING_WINDOW", f"The underlying channel reported: {sentence}", "131047")


def _is_within_tier(facts: Facts) -> Verdict:
    """Counts people whom the shop writes to first. No document gives WhatsApp's number for it (sinch.md 1.9)."""
    if facts.is_within_tier or window_is_open(facts.handset, facts.now):
        return FINE
    return Failure("RATE_LIMITED", "The sender has reached its limit of people to write to first within 24 hours.")


CHECKS: tuple[Check, ...] = (
    _channel_is_configured,
    _has_time_left,
    _number_is_possible,
    _has_consented,
    _has_opted_in,
    _is_on_whatsapp,
    _template_is_sound,
    _window_is_open,
    _is_within_tier,
)

ConsentList = Literal["OPT_OUT_ALL", "OPT_OUT_MARKETING", "OPT_OUT_NOTIFICATION"]
