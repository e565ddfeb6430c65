"""Makes docs/reference/provider-errors.md: `python -m tests.contracts.providers.error_page` writes it."""

from collections.abc import Iterator
from pathlib import Path

from parley.domain.message import Remedy
from parley.providers.error_codes import LEGACY_STATES, SINCH_REASONS, SINCH_SUB_CODES, WHATSAPP_CODES
from parley.providers.errors import ERRORS

PATH = Path(__file__).parents[3] / "docs" / "reference" / "provider-errors.md"

REMEDIES: dict[Remedy, str] = {
    Remedy.RETRY: "A passing fault: the message may be sent again.",
    Remedy.WAIT: "Too fast or too early: it may be sent again after a pause.",
    Remedy.REFUSE_PERSON: "Final for this message. Messages to others go on.",
    Remedy.STOP_SENDER: "Nothing more leaves by this sender until a person has released it. Its messages wait.",
    Remedy.STOP_TEMPLATE: "The template leaves no more by this sender until a person has released it, or its file says "
    "something new. Its messages wait.",
    Remedy.ASK: "Nobody knows. The message is not sent again by itself.",
}

SOURCES: tuple[tuple[str, dict[str, str]], ...] = (
    ("Conversation API: `reason.code`", SINCH_REASONS),
    ("Conversation API: `reason.sub_code`", SINCH_SUB_CODES),
    ("Legacy API: `state`", LEGACY_STATES),
    ("WhatsApp's own: `reason.channel_code`", WHATSAPP_CODES),
)

HEAD = """# Why a message did not arrive

<!-- Made from src/parley/providers/errors.py and error_codes.py; a test compares. -->

Providers have many words for a failed send. Parley makes one of the codes below out of each, and keeps the provider's
own word beside it. Where several are given, WhatsApp's own code decides, then Sinch's sub-code, then its reason; one
that is in no table here is `failed`. A report of delivery that follows a failure wins over it.

The answer to a send and a later delivery report use the same codes. A report of failure is final for its message,
whatever the remedy: the provider had taken the message and has tried by itself (Sinch up to an hour), and what it
reported as failed may yet arrive, so Parley does not send it again. (A free text that is `window_closed` may have [a
template that follows it](../how-to/what-will-it-cost.md#the-cheapest-legal-message).) `stop_sender` and `stop_template`
of a report act all the same, unless somebody has released the sender or the template since the time that the report
names.

A stop by the person (`marketing_opted_out`) is kept in the `campaign` event of the message. It is no entry in the
consents: WhatsApp means marketing only, and a consent category may hold more than that. Send it into yours with a
scenario that starts on that event, or track a `consent` event.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *_remedies(), *_codes(), *_sources()])


def _remedies() -> Iterator[str]:
    yield "## What follows\n\n| remedy | meaning |\n|---|---|"
    yield from (f"| `{remedy}` | {meaning} |" for remedy, meaning in REMEDIES.items())
    yield ""


def _codes() -> Iterator[str]:
    yield "## Our codes\n\n| code | remedy | what the user reads |\n|---|---|---|"
    yield from (f"| `{error.code}` | `{error.remedy}` | {error.sentence} |" for error in ERRORS.values())
    yield ""


def _sources() -> Iterator[str]:
    for title, table in SOURCES:
        yield f"## {title}\n\n| theirs | ours |\n|---|---|"
        yield from (f"| `{theirs}` | `{ours}` |" for theirs, ours in table.items())
        yield ""


if __name__ == "__main__":
    PATH.write_text(page(), encoding="utf-8")
