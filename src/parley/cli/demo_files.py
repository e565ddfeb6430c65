"""The definitions of the demo: the examples as they are, but for the pause, and the account of the local Sinch."""

import json
from pathlib import Path
from typing import Any

import parley

PATIENCE = "3 seconds"
"""What the demo makes of the abandoned cart's hour, in a copy of the example, so that nobody has to wait for it."""
CONSENT_PRESETS = {"sinch_legacy": "sinch-whatsapp-consent", "sinch_conversation": "sinch-conversation-consent"}
"""The example uploads consent by the first; a copy for the Conversation API, by the second. Only apps as until 2021
take it, and the local Sinch is one of them."""


def examples() -> Path:
    """Beside the source in a checkout, inside the package when it was installed."""
    package = Path(parley.__file__).parent
    installed = package / "examples"
    return installed if installed.is_dir() else package.parents[1] / "examples"


def write_definitions(folder: Path, api: str, account: dict[str, Any]) -> dict[str, str]:
    """Fills the folder; the answer is the environment that `parley apply` needs for the secrets."""
    for path in sorted(examples().glob("*.json")):
        (folder / path.name).write_text(_adapted(path, api), encoding="utf-8")
    integration = _INTEGRATIONS[api](account)
    (folder / "local-sinch.json").write_text(json.dumps(integration), encoding="utf-8")
    return {
        "SINCH_BEARER_TOKEN": account["legacy"]["bearer_token"],
        "SINCH_KEY_SECRET": account["conversation"]["key_secret"],
        "SINCH_WEBHOOK_SECRET": account["conversation"]["webhook_secret"],
    }


def _adapted(path: Path, api: str) -> str:
    text = path.read_text(encoding="utf-8")
    if path.name == "abandoned-cart.json":
        text = text.replace('"for": "1 hour"', f'"for": "{PATIENCE}"')
    return text.replace(CONSENT_PRESETS["sinch_legacy"], CONSENT_PRESETS[api])


def _legacy(account: dict[str, Any]) -> dict[str, Any]:
    return {
        "kind": "integration",
        "name": "local-sinch",
        "title": "The Sinch on this desk, WhatsApp API",
        "api": "sinch_legacy",
        "account": {
            "base_url": account["base_url"],
            "account": account["legacy"]["bot_id"],
            "bearer_token": {"$env": "SINCH_BEARER_TOKEN"},
        },
    }


def _conversation(account: dict[str, Any]) -> dict[str, Any]:
    mine = account["conversation"]
    return {
        "kind": "integration",
        "name": "local-sinch",
        "title": "The Sinch on this desk, Conversation API",
        "api": "sinch_conversation",
        "account": {
            "base_url": account["base_url"],
            "auth_url": f"{account['base_url']}/oauth2/token",
            "project_id": mine["project_id"],
            "app_id": mine["app_id"],
            "key_id": mine["key_id"],
            "key_secret": {"$env": "SINCH_KEY_SECRET"},
        },
        "signing_secret": {"$env": "SINCH_WEBHOOK_SECRET"},
    }


_INTEGRATIONS = {"sinch_legacy": _legacy, "sinch_conversation": _conversation}
