"""Who may call: the legacy bot and the Conversation app, with their secrets and where their callbacks go."""

from typing import Literal

import msgspec

from parley_simulator.callback_tokens import ClientCredentials
from parley_simulator.chance import Chance
from parley_simulator.clock import Clock
from parley_simulator.signatures import Digest

WEBHOOKS_CEILING = 5

Region = Literal["eu", "us", "br"]


class LegacyBot(msgspec.Struct, frozen=True, kw_only=True):
    """One bot with its static token; no signing key: callbacks are not signed."""

    bot_id: str
    bearer_token: str
    callback_url: str = ""
    signing_key: str = ""
    digest: Digest = "hex"


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """Where one app's callbacks go. `DISMISS`, Sinch's default, sends nothing."""

    id: str
    app_id: str
    target: str
    target_type: str = "DISMISS"
    secret: str = ""
    triggers: tuple[str, ...] = ()
    client_credentials: ClientCredentials | None = None


class App(msgspec.Struct, frozen=True, kw_only=True):
    """The one Conversation app. `webhook_secret` also signs overridden callback addresses."""

    project_id: str
    app_id: str
    key_id: str
    key_secret: str
    webhook_secret: str
    signing_secret: str  # of our own tokens
    sender_id: str = "421900000999"
    webhooks: tuple[Webhook, ...] = ()


def new_bot(chance: Chance) -> LegacyBot:
    """A bot of its own for this seed."""
    return LegacyBot(bot_id="parley-demo-bot", bearer_token=chance.word(40))


def new_app(chance: Chance, clock: Clock) -> App:
    """An app of its own for this seed."""
    return App(
        project_id=chance.uuid(),
        app_id=chance.ulid(clock.now()),
        key_id=chance.uuid(),
        key_secret=chance.word(32),
        webhook_secret=chance.word(32),
        signing_secret=chance.word(64),
    )
