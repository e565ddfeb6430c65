"""What one definition says of another: a scenario's templates, presets and senders must exist."""

from collections.abc import Iterator
from typing import Any

import msgspec

from parley.domain.errors import Problem
from parley.integrations.definition import API_FIELDS
from parley.journeys import Scenario
from parley.journeys.node import Node
from parley.journeys.nodes.call_preset import CallPresetNode
from parley.journeys.nodes.send_template import SendTemplateNode
from parley.presets import text_faults
from parley.services.definitions import ProjectDefinitions
from parley.services.personalise import form_of_preset

ACCOUNT_FIELDS = frozenset(name for names in API_FIELDS.values() for name in names)
"""An integration may give these."""


def broken_links(scenario: Scenario, project: ProjectDefinitions) -> Iterator[Problem]:
    """Every name in the scenario that nothing has."""
    for node in scenario.nodes.values():
        field = f"nodes.{node.id}"
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
        sender = getattr(node, "sender", None)
        if sender is not None and sender not in project.integrations:
            known = ", ".join(sorted(project.integrations)) or "none"
            yield Problem(f"{field}.sender", f"there is no integration {sender}; there is {known}.")


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
