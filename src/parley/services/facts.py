"""Gathers what the policy may know about one message: when it is planned, and again when it is claimed for sending."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from parley.domain.consent import ConsentCategory, ConsentEntry
from parley.domain.message import Kind
from parley.domain.phone import match_key, match_key_of_wa_id
from parley.domain.settings import Settings
from parley.domain.zones import zone_named, zones_of_number
from parley.integrations import Integration
from parley.policy import Facts, OpenWindow, QuietFacts, SenderFacts, TemplateFacts, TextFacts
from parley.services.definitions import ProjectDefinitions
from parley.services.people import Person
from parley.store.messages import MessageRow
from parley.store.stops import Stops
from parley.store.windows import Window
from parley.templates import RuleSet, check_parameters
from parley.templates.promotion import why_promotes

DEFAULT_CATEGORY = "whatsapp"
"""The consent category of a template whose author named none."""
LONGEST_ZONE = 64
"""Characters that are kept of an attribute that is no time zone."""
IN_A_CONVERSATION = frozenset({Kind.TEXT, Kind.MEDIA})


class Subject(msgspec.Struct, frozen=True):
    """The message that is asked about."""

    kind: Kind
    sender: str | None
    """The integration that was asked for; None for the project's only one."""
    consent_category: str | None
    parameters: Mapping[str, Any]
    """Of the preset, personalised."""
    expires_at: datetime | None = None
    answers: str | None = None
    """The keyword that the message answers."""
    window_closed_at: datetime | None = None
    """WhatsApp has said so: what the customer wrote before then opens nothing."""


def subject_of(row: MessageRow) -> Subject:
    """A message that waits."""
    content = row.content
    return Subject(
        Kind(row.kind),
        content["sender"],
        row.consent_category,
        content["parameters"],
        row.expires_at,
        content.get("answers"),
        datetime.fromisoformat(refused["window_closed_at"]) if (refused := content.get("in_place_of")) else None,
    )


def facts_of(project: ProjectDefinitions, person: Person, subject: Subject, stops: Stops) -> Facts:
    """`person` and `stops` as read in the transaction that decides."""
    integration = sender_of(project, subject.kind, subject.sender)
    account = account_of(integration, subject.parameters)
    sender = _sender(integration, account, stops)
    window = _open_window(person.window(account), subject.window_closed_at)
    in_conversation = subject.kind in IN_A_CONVERSATION
    recipient = window.address.removeprefix("+") if window and in_conversation else person.recipient
    category = subject.consent_category or (DEFAULT_CATEGORY if subject.kind is Kind.TEMPLATE else None)
    known_category = project.consent_categories.get(category or "")
    promotes = bool(person.suppressions) and _promotes(project, known_category, subject)
    return Facts(
        kind=subject.kind,
        recipient=recipient,
        address_problem=person.customer.phone_problem,
        consent_category=category,
        consents=_consents(person, subject.kind, category),
        legitimate_interest=known_category is not None and known_category.legitimate_interest,
        suppressions=person.suppressions,
        agreed_at=person.agreed_at if person.suppressions else None,
        promotes=promotes,
        answers=subject.answers,
        upload=str(subject.parameters.get("action")) if subject.kind is Kind.CONSENT else None,
        sender=sender,
        sender_asked_for=subject.sender,
        sender_choices=tuple(sorted(project.integrations)),
        window=_window(window, recipient) if window else None,
        template=_template(project, subject.parameters, sender, stops) if subject.kind is Kind.TEMPLATE else None,
        text=text_of_message(project, subject.parameters) if subject.kind is Kind.TEMPLATE else None,
        expires_at=subject.expires_at,
        quiet=_quiet(project.settings, person.customer.properties, recipient),
    )


def _consents(person: Person, kind: Kind, category: str | None) -> tuple[ConsentEntry, ...]:
    if kind is Kind.CONSENT and category is None:
        return tuple(entry for entries in person.consents.values() for entry in entries)
    return tuple(person.consents.get(category or "", ()))


def _promotes(project: ProjectDefinitions, category: ConsentCategory | None, subject: Subject) -> bool:
    """What a person who stopped marketing does not get."""
    if category is not None and category.purpose == "marketing":
        return True
    named = (str(subject.parameters.get("template_name") or ""), _language(subject.parameters))
    template = project.templates.get(named) if subject.kind is Kind.TEMPLATE else None
    return template is not None and template.category.upper() == "MARKETING"


def _open_window(window: Window | None, closed_at: datetime | None) -> Window | None:
    return None if window and closed_at and window.last_inbound_at <= closed_at else window


def _window(window: Window, recipient: str | None) -> OpenWindow:
    wrote = window.address.removeprefix("+")
    same = wrote == recipient or match_key_of_wa_id(wrote) == match_key(recipient or "")
    return OpenWindow(
        window.last_inbound_at, window.inbound_id, by_recipient=same, free_until=window.costs_nothing_until
    )


def _quiet(settings: Settings, attributes: Mapping[str, Any], recipient: str | None) -> QuietFacts | None:
    """The customer's zone as the attribute says it; else, or when that is none, as the number does."""
    hours, own = settings.quiet_hours, settings.time_zone.project
    if hours is None:
        return None
    said = attributes.get(settings.time_zone.attribute)
    if isinstance(said, str) and zone_named(said.strip()) is not None:
        return QuietFacts(hours, (said.strip(),), "attribute", own)
    unusable = str(said)[:LONGEST_ZONE] if said not in (None, "") else None
    if recipient is not None and recipient.isdecimal() and (zones := zones_of_number(recipient)):
        return QuietFacts(hours, zones, "number", own, unusable)
    return QuietFacts(hours, (own,), "project", own, unusable)


def sender_of(project: ProjectDefinitions, kind: Kind, name: str | None) -> Integration | None:
    """A user's own webhook goes nowhere near an account of ours unless it names one."""
    return None if kind is Kind.WEBHOOK and name is None else project.sender(name)


def account_of(integration: Integration | None, parameters: Mapping[str, Any]) -> str | None:
    """What the provider calls the account: typed into the preset's form, else the integration's."""
    typed = parameters.get("account") or parameters.get("app_id")
    if typed and {"bearer_token", "key_secret"} & parameters.keys():
        return str(typed)
    return integration.account_name if integration else None


def _sender(integration: Integration | None, account: str | None, stops: Stops) -> SenderFacts | None:
    """An account that was typed in needs no integration; its own name stands for it."""
    if account is None:
        return None
    name = integration.name if integration and integration.account_name == account else account
    stop = stops.get((name, ""))
    return SenderFacts(name, account, stop.code if stop else None, stop.sentence if stop else None)


def template_named(kind: Kind, parameters: Mapping[str, Any]) -> str:
    """The template's name as its definition has it, `cart_reminder.en`; empty when the message is none."""
    name = parameters.get("template_name")
    return f"{name}.{_language(parameters)}" if kind is Kind.TEMPLATE and name else ""


def _language(parameters: Mapping[str, Any]) -> str:
    return str(parameters.get("language") or parameters.get("language_code") or "en")


def _template(
    project: ProjectDefinitions, parameters: Mapping[str, Any], sender: SenderFacts | None, stops: Stops
) -> TemplateFacts | None:
    name = parameters.get("template_name")
    if not name:
        return None
    language = _language(parameters)
    template = project.templates.get((str(name), language))
    if template is None:
        return TemplateFacts(str(name), language, None)
    problems = check_parameters(
        template,
        header=_texts(parameters.get("header_parameters")),
        body=_texts(parameters.get("parameters")),
        buttons=_texts(parameters.get("buttons")),
        others=_texts(parameters.get("other_parameters")),
    )
    stop = stops.get((sender.name, template_named(Kind.TEMPLATE, parameters))) if sender else None
    return TemplateFacts(
        template.name,
        template.language,
        template.status,
        tuple(str(one) for one in problems),
        stop.code if stop else None,
        stop.sentence if stop else None,
        template.category,
    )


def text_of_message(project: ProjectDefinitions, parameters: Mapping[str, Any]) -> TextFacts | None:
    """The template's judgement; with it that of the values, where they could bring in what it does not say."""
    text = project.texts.get((str(parameters.get("template_name")), _language(parameters)))
    if text is None or text.promotional or text.override is not None or text.rules != RuleSet.TRANSACTIONAL:
        return text
    language = _language(parameters)
    for name in ("parameters", "header_parameters", "other_parameters"):
        for value in _texts(parameters.get(name)):
            if isinstance(value, str) and _says_something(value) and (why := why_promotes(value, language)) is not None:
                return msgspec.structs.replace(text, value=why)
    return text


def _says_something(value: str) -> bool:
    """One word or two are a name, a number, a day: most values are, and none of them is looked up."""
    return value.count(" ") > 1 or "%" in value


def _texts(values: Any) -> tuple[Any, ...]:
    return tuple(values or ())
