"""What one definition says of another: a scenario's templates, presets and senders must exist."""

from collections.abc import Iterator

from parley.domain.errors import Problem
from parley.journeys import Scenario
from parley.journeys.nodes.call_preset import CallPresetNode
from parley.journeys.nodes.send_template import SendTemplateNode
from parley.services.definitions import ProjectDefinitions


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
        sender = getattr(node, "sender", None)
        if sender is not None and sender not in project.integrations:
            known = ", ".join(sorted(project.integrations)) or "none"
            yield Problem(f"{field}.sender", f"there is no integration {sender}; there is {known}.")
