"""What is refused when a template is handed in: by Sinch's rules, by its book, and at once by WhatsApp."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from parley_simulator.addresses import host_of
from parley_simulator.exchange import PASS, Answer, Pass
from parley_simulator.media import inspect
from parley_simulator.provisioning.components import Body, Buttons, Carousel, Details, Header, MediaExample, Url
from parley_simulator.provisioning.errors import invalid, refuse
from parley_simulator.provisioning.rules import complaints, variables
from parley_simulator.provisioning.sheet import template_of
from parley_simulator.template_book import Filed
from parley_simulator.templates import PLACEHOLDER, Category
from parley_simulator.world import World

RESTRICTED_DOMAINS = ("wa.me", "whatsapp.com")
# Meta's own numbers for a body that it does not take (whatsapp.md 1.5).
VARIABLE_AT_THE_EDGE = ("2388299", "The body must not start or end with a variable.")
NUMBERS_WITH_GAPS = ("2388072", "The variables must be numbered from 1 without a gap.")
EXAMPLE_TROUBLES = {
    "MEDIA_NOT_REACHABLE": "file_not_found",
    "MEDIA_TYPE_UNSUPPORTED": "file_invalid_mime_type",
    "MEDIA_TOO_LARGE": "file_size_too_large",
}


class Paper(msgspec.Struct, frozen=True, kw_only=True):
    """What is about to be handed in, for which sheet."""

    filed: Filed
    category: Category
    details: Details


def ill_formed(paper: Paper) -> Answer | Pass:
    """Sinch's own validation: all that is wrong at once."""
    found = complaints(paper.category, paper.details)
    return invalid(*found) if found else PASS


async def refused(world: World, paper: Paper) -> Answer | Pass:
    """What stands against a well-formed one: the shop may have it kept as a draft."""
    for check in CHECKS:
        answer = check(world, paper)
        if isinstance(answer, Answer):
            return answer
    return await _examples_are_files(world, paper.details)


def _examples_where_they_belong(_: World, paper: Paper) -> Answer | Pass:
    wrong = any(button.examples and not PLACEHOLDER.search(button.url) for button in _urls(paper.details))
    return refuse("template_invalid_button_example") if wrong else PASS


def _domain_is_free(_: World, paper: Paper) -> Answer | Pass:
    hosts = [host_of(PLACEHOLDER.sub("", button.url)) for button in _urls(paper.details)]
    restricted = any(host == domain or host.endswith(f".{domain}") for host in hosts for domain in RESTRICTED_DOMAINS)
    return refuse("template_restricted_Domain_for_button_url") if restricted else PASS


def _there_is_room(world: World, paper: Paper) -> Answer | Pass:
    limit, others = world.settings.template_limit, len(world.templates.listed())
    is_new = paper.filed.template is None
    return refuse("template_limit_reached") if limit and is_new and others >= limit else PASS


def _says_something_new(world: World, paper: Paper) -> Answer | Pass:
    """Of templates of another name; AUTHENTICATION is all alike."""
    if paper.category == "AUTHENTICATION":
        return PASS
    new = template_of(paper.filed, paper.category, paper.details, "PENDING")
    others = [template for template in world.templates.listed() if template.name != new.name]
    says_it_too = any((other.body, other.footer) == (new.body, new.footer) for other in others)
    return refuse("template_content_already_exists") if says_it_too else PASS


def _whatsapp_takes_it(_: World, paper: Paper) -> Answer | Pass:
    text = "".join(component.text for component in paper.details.components if isinstance(component, Body)).strip()
    numbers = [int(name) for name in variables(text) if name.isdecimal()]
    if PLACEHOLDER.match(text) or text.endswith("}}"):
        return _meta_error(*VARIABLE_AT_THE_EDGE)
    if numbers and sorted(numbers) != list(range(1, len(numbers) + 1)):
        return _meta_error(*NUMBERS_WITH_GAPS)
    return PASS


CHECKS: tuple[Callable[[World, Paper], Answer | Pass], ...] = (
    _examples_where_they_belong,
    _domain_is_free,
    _there_is_room,
    _says_something_new,
    _whatsapp_takes_it,
)


def _meta_error(subcode: str, description: str) -> Answer:
    error = {"code": "100", "subcode": subcode, "message": "Invalid parameter", "description": description}
    return refuse("template_submit_error", metaError=error)


async def _examples_are_files(world: World, details: Details) -> Answer | Pass:
    """Each example is fetched, as Sinch does to hand it on; not when media is not to be looked at."""
    if not world.settings.check_media:
        return PASS
    for kind, url in _examples(details.components):
        failure = await inspect(world.client, url, kind)
        if failure is not None:
            return refuse(EXAMPLE_TROUBLES[failure.code], failure.description)
    return PASS


def _examples(components: Any) -> Iterator[tuple[str, str]]:
    for component in components:
        if isinstance(component, Carousel):
            for card in component.cards:
                yield from _examples(card.components)
        elif isinstance(component, Header):
            kind = component.format.lower()
            yield from ((kind, example.url) for example in component.examples if isinstance(example, MediaExample))


def _urls(details: Details) -> Iterator[Url]:
    for component in details.components:
        if isinstance(component, Buttons):
            yield from (button for button in component.buttons if isinstance(button, Url))
