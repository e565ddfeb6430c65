"""What several lint rules look at: a template's texts, by field."""

import re
from collections.abc import Iterator

from parley.templates.template import MessageTemplate

PLACEHOLDER = re.compile(r"\{\{\s*\w{1,60}\s*\}\}")
_EMOJI = re.compile("[\U0001f1e6-\U0001f1ff\U0001f300-\U0001faff\u2600-\u27bf\u2b50\u2b55]")


def written_texts(template: MessageTemplate) -> Iterator[tuple[str, str]]:
    """(field, text) of all that the customer reads, except the labels of buttons."""
    if template.header and template.header.text:
        yield "header.text", template.header.text
    if template.limited_time_offer:
        yield "limited_time_offer.text", template.limited_time_offer.text
    yield "body.text", template.body.text
    if template.footer:
        yield "footer.text", template.footer.text
    for number, card in enumerate(template.carousel):
        if card.body:
            yield f"carousel[{number}].body.text", card.body.text


def count_emoji(text: str) -> int:
    """Roughly as many as a reader would count: a flag counts twice."""
    return len(_EMOJI.findall(text))
