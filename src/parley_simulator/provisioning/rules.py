"""What Sinch checks before it hands a template in: everything that is wrong with it, each in a sentence of its own."""

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

from parley_simulator.addresses import host_of
from parley_simulator.provisioning.components import (
    Body,
    Buttons,
    Card,
    Carousel,
    CopyCode,
    Details,
    Flow,
    Footer,
    Header,
    MediaExample,
    Offer,
    Otp,
    Phone,
    QuickReply,
    Url,
)
from parley_simulator.templates import PLACEHOLDER, Category

# Seconds for which WhatsApp may go on trying to deliver (P-OAS, Provisioning API 1.2.117).
TTL_RANGES: dict[Category, range] = {
    "AUTHENTICATION": range(10, 901),
    "MARKETING": range(43_200, 2_592_001),
    "UTILITY": range(30, 43_201),
}
BUTTONS_AT_MOST = 10
AT_MOST: dict[type, int] = {Url: 2, Phone: 1, CopyCode: 1}
CARD_BODY_AT_MOST = 160
CARD_BUTTONS_AT_MOST = 2

Complaints = Iterator[str]


def complaints(category: Category, details: Details) -> list[str]:
    """Of the whole, then of each component; empty if all is well."""
    found = [*_of_the_whole(details), *_of_the_ttl(category, details)]
    for i, component in enumerate(details.components):
        found += [f"details.components.{i}: {it}" for it in OF_A_KIND[type(component)](category, component)]
    return found


def variables(text: str) -> list[str]:
    """Each once, in the order of their first mention."""
    return list(dict.fromkeys(PLACEHOLDER.findall(text)))


def _of_the_whole(details: Details) -> Complaints:
    counts = Counter(_name(component) for component in details.components)
    if not counts["BODY"]:
        yield "details.components must contain a BODY"
    yield from (f"details.components may contain one {name} only" for name, count in counts.items() if count > 1)


def _name(component: Any) -> str:
    return str(type(component).__struct_config__.tag)


def _of_the_ttl(category: Category, details: Details) -> Complaints:
    seconds, allowed = details.message_send_ttl_seconds, TTL_RANGES[category]
    if seconds is not None and seconds not in allowed:
        yield f"details.messageSendTtlSeconds must be between {allowed.start} and {allowed.stop - 1} for {category}"


def _of_a_header(_: Category, header: Header) -> Complaints:
    if header.format == "TEXT":
        yield from _of_a_line(header)
    elif header.format != "LOCATION" and not any(isinstance(it, MediaExample) for it in header.examples):
        yield "examples must have the url of a file"


def _of_a_line(header: Header) -> Complaints:
    wanted = variables(header.text)
    if not header.text:
        yield "text must be given"
    if len(wanted) > 1:
        yield "text may have one variable only"
    if wanted and not any(isinstance(it, str) for it in header.examples):
        yield "examples must have one for the variable"


def _of_a_body(category: Category, body: Body) -> Complaints:
    if category == "AUTHENTICATION":
        yield from (["text must be empty: WhatsApp writes it for AUTHENTICATION"] if body.text else [])
        return
    if not body.text:
        yield "text must be given"
    if body.add_security_recommendation:
        yield "addSecurityRecommendation is for AUTHENTICATION only"
    wanted = len(variables(body.text))
    if len(body.examples) < wanted:
        yield f"examples must have one for each of {wanted} variables"


def _of_a_footer(category: Category, footer: Footer) -> Complaints:
    if variables(footer.text):
        yield "text may have no variable"
    if category == "AUTHENTICATION":
        return
    if footer.code_expiration_minutes is not None:
        yield "codeExpirationMinutes is for AUTHENTICATION only"
    if not footer.text:
        yield "text must be given"


def _of_buttons(category: Category, it: Buttons) -> Complaints:
    if not 1 <= len(it.buttons) <= BUTTONS_AT_MOST:
        yield f"buttons must be between 1 and {BUTTONS_AT_MOST}"
    counts = Counter(type(button) for button in it.buttons)
    yield from (
        f"buttons may have {most} {_tag(kind)} at most" for kind, most in AT_MOST.items() if counts[kind] > most
    )
    if (category == "AUTHENTICATION") != bool(counts[Otp]):
        yield "buttons must have an OTP for AUTHENTICATION, and for nothing else"
    yield from _of_their_order(it.buttons)
    for i, button in enumerate(it.buttons):
        yield from (f"buttons.{i}: {complaint}" for complaint in _of_a_button(button))


def _tag(kind: Any) -> str:
    return str(kind.__struct_config__.tag)


def _of_their_order(buttons: list[Any]) -> Complaints:
    """Quick replies stand together, and no two say the same."""
    texts = Counter(button.text for button in buttons)
    yield from (f"buttons say {text!r} twice" for text, count in texts.items() if text and count > 1)
    are_replies = [isinstance(button, QuickReply) for button in buttons]
    if sum(here != before for before, here in pairwise(are_replies)) > 1:
        yield "buttons must keep quick replies together"


def _of_a_button(button: Any) -> Complaints:
    if not button.text:
        yield "text must be given"
    yield from OF_A_BUTTON.get(type(button), _nothing)(button)


def _nothing(_: Any) -> Complaints:
    return iter(())


def _of_a_url(button: Url) -> Complaints:
    places = PLACEHOLDER.findall(button.url)
    if not host_of(PLACEHOLDER.sub("", button.url)):
        yield "url must be a URL address"
    if len(places) > 1 or (places and not button.url.endswith("}}")):
        yield "url may have one variable only, at its end"
    if places and not button.examples:
        yield "examples must have the whole address for one value"


def _of_a_phone(button: Phone) -> Complaints:
    if not button.phone_number:
        yield "phoneNumber must be given"


def _of_a_coupon(button: CopyCode) -> Complaints:
    if not button.examples:
        yield "examples must have a code"


def _of_a_flow(button: Flow) -> Complaints:
    if not button.flow_id or button.flow_action is None:
        yield "flowId and flowAction must be given"
    if button.flow_action == "NAVIGATE" and not button.navigate_screen:
        yield "navigateScreen must be given to NAVIGATE"


def _of_a_carousel(category: Category, carousel: Carousel) -> Complaints:
    if not carousel.cards:
        yield "cards must be between 1 and 10"
    if len({tuple(_name(component) for component in card.components) for card in carousel.cards}) > 1:
        yield "cards must all have the same components"
    for i, card in enumerate(carousel.cards):
        yield from (f"cards.{i}: {complaint}" for complaint in _of_a_card(category, card))


def _of_a_card(category: Category, card: Card) -> Complaints:
    for component in card.components:
        yield from OF_A_KIND[type(component)](category, component)
        if isinstance(component, Body) and len(component.text) > CARD_BODY_AT_MOST:
            yield f"a body may have {CARD_BODY_AT_MOST} characters"
        if isinstance(component, Buttons) and len(component.buttons) > CARD_BUTTONS_AT_MOST:
            yield f"buttons may be {CARD_BUTTONS_AT_MOST} at most"


def _of_an_offer(category: Category, offer: Offer) -> Complaints:
    if category != "MARKETING":
        yield "a LIMITED_TIME_OFFER is for MARKETING only"
    if not offer.text:
        yield "text must be given"


OF_A_BUTTON: dict[type, Callable[[Any], Complaints]] = {
    Url: _of_a_url,
    Phone: _of_a_phone,
    CopyCode: _of_a_coupon,
    Flow: _of_a_flow,
}
OF_A_KIND: dict[type, Callable[[Category, Any], Complaints]] = {
    Header: _of_a_header,
    Body: _of_a_body,
    Footer: _of_a_footer,
    Buttons: _of_buttons,
    Carousel: _of_a_carousel,
    Offer: _of_an_offer,
}
