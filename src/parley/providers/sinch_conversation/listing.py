"""Asks an app what it keeps, and for the messages it took for one person (sinch.md 2.8, 2.9)."""

from datetime import datetime
from urllib.parse import quote, urlencode

import msgspec

from parley.domain.http import HttpRequest

PAGE = 100
"""Messages; Sinch gives at most 1,000."""


class App(msgspec.Struct, frozen=True):
    """Where the app is, as its integration says."""

    base_url: str
    project_id: str
    app_id: str


class Keeping(msgspec.Struct, frozen=True):
    """In which list an app's messages stand, and for how many days; 0: in none."""

    source: str
    days: int


class Kept(msgspec.Struct, frozen=True):
    """A message that the provider has."""

    id: str
    metadata: str | None = None
    """What we had sent as `message_metadata`: our own id."""


class Page(msgspec.Struct, frozen=True):
    """Some of the messages, the newest first."""

    messages: tuple[Kept, ...] = ()
    next_page_token: str | None = None


class _Policy(msgspec.Struct, frozen=True):
    ttl_days: int
    retention_type: str = ""


class _App(msgspec.Struct, frozen=True):
    processing_mode: str = "CONVERSATION"
    dispatch_retention_policy: _Policy | None = None
    retention_policy: _Policy | None = None


def app_request(app: App) -> HttpRequest:
    """What does it keep? Needs a bearer token, as the other."""
    return HttpRequest("GET", f"{project_url(app)}/apps/{quote(app.app_id, safe='')}")


def messages_request(app: App, keeping: Keeping, recipient: str, since: datetime, page_token: str = "") -> HttpRequest:
    """Those to one person. DISPATCH_SOURCE must be named and takes no contact, so the number is asked for."""
    query = {
        "app_id": app.app_id,
        "channel": "WHATSAPP",
        "channel_identity": recipient,
        "direction": "TO_CONTACT",
        "start_time": f"{since:%Y-%m-%dT%H:%M:%SZ}",
        "view": "WITH_METADATA",
        "messages_source": keeping.source,
        "page_size": PAGE,
        **({"page_token": page_token} if page_token else {}),
    }
    return HttpRequest("GET", f"{project_url(app)}/messages?{urlencode(query)}")


def read_keeping(body: bytes) -> Keeping:
    """From an app's answer. Raises msgspec.DecodeError for something else."""
    app = msgspec.json.decode(body, type=_App)
    is_dispatch = app.processing_mode == "DISPATCH"
    policy = (app.dispatch_retention_policy or _Policy(0)) if is_dispatch else (app.retention_policy or _Policy(180))
    days = _FOR_EVER if policy.retention_type == "PERSIST_RETENTION_POLICY" else policy.ttl_days
    return Keeping(f"{app.processing_mode}_SOURCE", days)


_FOR_EVER = 36_500


def read_page(body: bytes) -> Page:
    """From a list's answer. Raises msgspec.DecodeError for something else."""
    return msgspec.json.decode(body, type=Page)


def project_url(app: App) -> str:
    """Where everything of the project begins."""
    return f"{app.base_url.rstrip('/')}/v1/projects/{quote(app.project_id, safe='')}"
