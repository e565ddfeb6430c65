"""Makes docs/reference/provider-errors.md: `python -m tests.contracts.providers.error_page` writes it."""

from collections.abc import Iterator
from pathlib import Path

from parley.domain.message import Remedy
from parley.presets import shipped
from parley.presets.answers import BUILT_IN, ELSE, Answer
from parley.providers.error_codes import LEGACY_STATES, SINCH_REASONS, SINCH_SUB_CODES, WHATSAPP_CODES
from parley.providers.errors import ERRORS

PATH = Path(__file__).parents[3] / "docs" / "reference" / "provider-errors.md"

REMEDIES: dict[Remedy, str] = {
    Remedy.RETRY: "A passing fault: the message may be sent again.",
    Remedy.WAIT: "Too fast, too early, or the provider is away: it may be sent again after a pause.",
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

OF_ANSWERS: tuple[Answer, ...] = tuple(
    answer
    for answer in (*(row for preset in shipped().values() for row in preset.answers), *BUILT_IN, ELSE)
    if answer.means != "accepted"
)
"""By which an answer to a send is told."""

ANSWERS: dict[str, str] = {
    "unauthorized": "The provider does not know these credentials, or not at this server. Enter valid ones, or correct "
    "`base_url`, then release the sender.",
    "forbidden": "The credentials may not do this, or the account's credit is used up. Give the key access to this app "
    "or number, or settle what is owed, then release the sender.",
    "billing": "The provider wants to be paid first. Settle what is owed, then release the sender.",
    "sender_not_configured": "Sinch does not take this app id. Correct `app_id`, then release the sender.",
    "not_found": "Nothing is at this address: the wrong server, or an app that this project and region do not have. "
    "Correct `base_url` or `app_id`, then release the sender.",
    "moved": "The provider's server is at another address. Correct `base_url`, then release the sender.",
    "invalid_request": "Sinch finds a fault in this message, or in its number. Correct what it names.",
    "rejected": "The provider refuses this message. Correct what it names.",
    "rate_limited": "The provider asks us to slow down. Parley does so and goes on by itself.",
    "provider_unavailable": "The provider is not available. It waits and is tried again.",
    "provider_error": "The provider had a fault. With `retry` the message is tried again; with `ask` the answer does "
    "not say whether it was accepted: settle it.",
    "timeout": "The provider gave up waiting; it may have accepted the message. Settle it.",
    "bad_gateway": "Something on the way failed; the message may have been accepted. Settle it.",
    "gateway_timeout": "The answer got lost; the message may have been accepted. Settle it.",
    "unexpected_answer": "The provider answered in a way that no row knows, with a redirection of another kind, say. "
    "See what stands at `base_url`, and settle the message.",
}

OF_ANSWERS_HEAD = """## Codes of an answer

Of the shipped presets, and of the [last rows](presets.md#answers), which hold for all. A preset of your own may have
others; where a row has no code, the code is what it `means`. Where no answer came at all, or no access token, the code
is one [of the way out](../how-to/why-was-my-message-refused.md#when-it-is-sent). What is `ask` becomes *uncertain*: a
delivery report, the provider's list, the project's rule or [you](cli.md#parley-message-resend) settle it.

| code | answer | remedy | what happened, and what to do |
|---|---|---|---|"""

HEAD = """# Why a message did not arrive

<!-- Made from src/parley/providers/errors.py and error_codes.py, and from the answers of src/parley/presets; a test
compares. -->

Providers have many words for a failed send. Parley makes one of the codes below out of each, and keeps the provider's
own word beside it. Where several are given, WhatsApp's own code decides, then Sinch's sub-code, then its reason; one
that is in no table here is `failed`. A report of delivery that follows a failure wins over it.

A delivery report has one of [our codes](#our-codes). The answer to a send has one [of its own](#codes-of-an-answer),
some of them by the same name: of most answers the status says all. A report of failure is final for its message,
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
    return "\n".join([HEAD, *_remedies(), *_codes(), *_answers(), *_sources()])


def _remedies() -> Iterator[str]:
    yield "## What follows\n\n| remedy | meaning |\n|---|---|"
    yield from (f"| `{remedy}` | {meaning} |" for remedy, meaning in REMEDIES.items())
    yield ""


def _codes() -> Iterator[str]:
    yield "## Our codes\n\n| code | remedy | what the user reads |\n|---|---|---|"
    yield from (f"| `{error.code}` | `{error.remedy}` | {error.sentence} |" for error in ERRORS.values())
    yield ""


def _answers() -> Iterator[str]:
    yield OF_ANSWERS_HEAD
    for code, sentence in ANSWERS.items():
        found = {
            (answer.means, str(answer.status).replace("xxx", "any other") + " in JSON" * answer.in_json): None
            for answer in OF_ANSWERS
            if answer.code == code
        }
        by_remedy = {remedy: ", ".join(status for one, status in found if one == remedy) for remedy, _ in found}
        remedies = "; ".join(f"`{remedy}`" for remedy in by_remedy)
        yield f"| `{code}` | {'; '.join(by_remedy.values())} | {remedies} | {sentence} |"
    yield ""


def _sources() -> Iterator[str]:
    for title, table in SOURCES:
        yield f"## {title}\n\n| theirs | ours |\n|---|---|"
        yield from (f"| `{theirs}` | `{ours}` |" for theirs, ours in table.items())
        yield ""


if __name__ == "__main__":
    PATH.write_text(page(), encoding="utf-8")
