"""What one definition says of another: templates, presets and senders of scenarios and campaigns must exist."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from parley.domain.errors import Problem
from parley.integrations.definition import API_FIELDS, Integration
from parley.journeys import Campaign, Scenario
from parley.journeys.node import Node
from parley.journeys.nodes.call_preset import CallPresetNode
from parley.journeys.nodes.send_media import SendMediaNode
from parley.journeys.nodes.send_template import SendTemplateNode
from parley.journeys.nodes.send_text import SendTextNode
from parley.keywords import said_twice
from parley.presets import text_faults
from parley.services.definitions import ProjectDefinitions
from parley.services.personalise import form_of_preset

ACCOUNT_FIELDS = frozenset(name for names in API_FIELDS.values() for name in names)
"""An integration may give these."""


Linked = Scenario | Campaign
"""What uses other definitions."""


def linked_of(project: ProjectDefinitions) -> Iterator[tuple[str, Linked]]:
    """Each with its kind."""
    yield from (("scenario", scenario) for scenario in project.scenarios.values())
    yield from (("campaign", campaign) for campaign in project.campaigns.values())


def nodes_of(linked: Linked) -> list[tuple[str, Node]]:
    """Each with the path of its field."""
    if isinstance(linked, Campaign):
        return [("send", linked.send)]
    return [(f"nodes.{node.id}", node) for node in linked.nodes.values()]


def broken_links(linked: Linked, project: ProjectDefinitions) -> Iterator[Problem]:
    """Every name in it that nothing has."""
    for field, node in nodes_of(linked):
        if isinstance(node, SendTemplateNode) and (node.template, node.language) not in project.templates:
            known = ", ".join(f"{name} ({language})" for name, language in sorted(project.templates)) or "none"
            yield Problem(
                f"{field}.template", f"there is no template {node.template} ({node.language}); there is {known}."
            )
        if isinstance(node, CallPresetNode) and node.preset not in project.presets:
            known = ", ".join(sorted(project.presets))
            yield Problem(f"{field}.preset", f"there is no preset {node.preset}; there are {known}.")
        elif isinstance(node, CallPresetNode):
            yield from _form_problems(field, node, project)
        yield from _text_problems(field, node)
        yield from _sender_problems(f"{field}.sender", getattr(node, "sender", None), project)
    yield from _sender_problems("settings.sender", linked.settings.sender, project)


def left_without_sender(linked: Linked, project: ProjectDefinitions) -> Iterator[Problem]:
    """What leaves the account to a project that has none any more.

    Asked when the last one goes: a new project may write its scenarios first.
    """
    if project.integrations or linked.settings.sender or not getattr(linked, "active", True):
        return
    for field, node in nodes_of(linked):
        if isinstance(node, SendTemplateNode | SendTextNode | SendMediaNode) and node.sender is None:
            yield Problem(f"{field}.sender", "names none, and the project would have no integration left to send by.")


def differing_tiers(project: ProjectDefinitions) -> Iterator[tuple[str, Problem]]:
    """Of integrations, by their names: a portfolio has one tier, and one that says another would fill it up unseen."""
    by_portfolio: dict[str, list[Integration]] = defaultdict(list)
    for one in project.integrations.values():
        if one.limits.portfolio is not None:
            by_portfolio[one.limits.portfolio].append(one)
    for portfolio, members in by_portfolio.items():
        for one in members:
            other = next((other for other in members if other.people_per_day != one.people_per_day), None)
            if other is not None:
                yield (
                    one.name,
                    Problem(
                        "limits.tier",
                        f"is {one.limits.tier}, but {other.name} says {other.limits.tier} of the same portfolio "
                        f"{portfolio}, which has one tier: apply the files of its integrations together.",
                    ),
                )


def keyword_problems(together: ProjectDefinitions, paths: Mapping[tuple[str, str], str]) -> Iterator[Problem]:
    """Of auto-responses that are applied: a keyword must be clear, and what they name must exist."""
    for names, problem in said_twice(together.keywords.own):
        path = next((paths["auto_response", name] for name in names if ("auto_response", name) in paths), None)
        if path is not None:
            yield Problem(f"{path}: {problem.field}", problem.sentence)
    for response in together.keywords.own:
        path = paths.get(("auto_response", response.name))
        for field, named, known in (
            ("categories", response.categories, together.consent_categories),
            ("senders", response.senders, together.integrations),
        ):
            if path is not None and (strange := [name for name in named if name not in known]):
                there = ", ".join(sorted(known)) or "none"
                yield Problem(f"{path}: {field}", f"there is no {strange[0]}; there is {there}.")


def setting_problems(project: ProjectDefinitions) -> Iterator[Problem]:
    """Consent categories that the settings name and nobody has."""
    known = project.consent_categories
    for name in project.settings.double_opt_in.categories:
        if name not in known:
            there = ", ".join(sorted(known)) or "none"
            yield Problem("double_opt_in.categories", f"there is no consent category {name}; there is {there}.")


def _sender_problems(field: str, sender: str | None, project: ProjectDefinitions) -> Iterator[Problem]:
    if sender is not None and sender not in project.integrations:
        known = ", ".join(sorted(project.integrations)) or "none"
        yield Problem(field, f"there is no integration {sender}; there is {known}.")


def _form_problems(field: str, node: CallPresetNode, project: ProjectDefinitions) -> Iterator[Problem]:
    """Parameters that the preset does not have, and those that neither the node nor an account gives."""
    form = form_of_preset(project.presets[node.preset])
    asked = ", ".join(form.parameters) or "none"
    for name in node.parameters:
        if name not in form.parameters:
            yield Problem(f"{field}.parameters.{name}", f"{node.preset} has no such parameter; it has {asked}.")
    for name, parameter in form.parameters.items():
        if parameter.required and name not in node.parameters and name not in ACCOUNT_FIELDS:
            yield Problem(f"{field}.parameters.{name}", f"is missing; {node.preset} needs it.")


def _text_problems(field: str, node: Node) -> Iterator[Problem]:
    """Jinja that does not parse, wherever the node holds a text for customers."""
    for place, text in _texts(msgspec.to_builtins(node, enc_hook=lambda _: None)):
        yield from (Problem(f"{field}{place}", problem.sentence) for problem in text_faults(text))


def _texts(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    match value:
        case str() if "{{" in value or "{%" in value:
            yield place, value
        case dict():
            for name, inner in value.items():
                yield from _texts(inner, f"{place}.{name}")
        case list():
            for number, inner in enumerate(value):
                yield from _texts(inner, f"{place}[{number}]")
        case _:
            return
