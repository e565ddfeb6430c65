"""Consent categories that a definition names and the project does not have: told, not refused, as they may come later.

A frequency policy of a mistyped category would limit nobody, a campaign in one would be refused message by message, and
an audience that asks for one is empty.
"""

from collections.abc import Iterator

from parley import segments
from parley.journeys import Campaign
from parley.journeys.nodes.condition import Condition
from parley.services.definition_links import Linked, linked_of, nodes_of
from parley.services.definitions import ProjectDefinitions


def unknown_categories(project: ProjectDefinitions) -> dict[tuple[str, str], tuple[str, ...]]:
    """By kind and name of the definition, a sentence for each category at the first place where it stands."""
    known = ", ".join(sorted(project.consent_categories)) or "none"
    told: dict[tuple[str, str], dict[str, str]] = {}
    for definition, field, category in _named(project):
        if category not in project.consent_categories:
            sentence = f"warn: {field}: there is no consent category {category} yet; there is {known}."
            told.setdefault(definition, {}).setdefault(category, sentence)
    return {definition: tuple(sentences.values()) for definition, sentences in told.items()}


def _named(project: ProjectDefinitions) -> Iterator[tuple[tuple[str, str], str, str]]:
    for policy in project.frequency_policies.values():
        definition = ("frequency_policy", policy.name)
        yield from ((definition, "consent_categories", one) for one in policy.consent_categories or ())
        yield from ((definition, "except.consent_categories", one) for one in policy.exemption.consent_categories)
    if (quiet := project.settings.quiet_hours) is not None:
        field = "quiet_hours.except.consent_categories"
        yield from ((("settings", "project"), field, one) for one in quiet.exemption.consent_categories)
    for kind, linked in linked_of(project):
        said = [("settings", linked.settings.consent_category)]
        said += [(field, getattr(node, "consent_category", None)) for field, node in nodes_of(linked)]
        yield from (((kind, linked.name), f"{field}.consent_category", one) for field, one in said if one is not None)
        yield from (((kind, linked.name), field, one) for field, one in _asked(linked))


def _asked(linked: Linked) -> Iterator[tuple[str, str]]:
    """Where its conditions ask about a category: nobody would ever be in such an audience."""
    if isinstance(linked, Campaign):
        yield from (("audience", one) for one in segments.consents_in(linked.audience))
    for field, node in nodes_of(linked):
        if isinstance(node, Condition):
            yield from ((f"{field}.if", one) for one in segments.consents_in(node.if_))
