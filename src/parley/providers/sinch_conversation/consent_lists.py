"""Asks an app's consent lists who opted out there, and since when (sinch.md 2.9, read 2026-11).

They are three, and the feature is switched on in Sinch's dashboard. What would write to them (the Batch API) is not
described in what we know, so nothing here does.
"""

from datetime import datetime
from typing import Literal
from urllib.parse import quote, urlencode

import msgspec

from parley.domain.http import HttpRequest
from parley.providers.sinch_conversation.listing import App, project_url

ConsentList = Literal["OPT_OUT_ALL", "OPT_OUT_MARKETING", "OPT_OUT_NOTIFICATION"]
LISTS: tuple[ConsentList, ...] = ("OPT_OUT_ALL", "OPT_OUT_MARKETING", "OPT_OUT_NOTIFICATION")
PAGE = 50
"""The most that Sinch gives."""


class Identity(msgspec.Struct, frozen=True):
    """A number as Sinch lists it."""

    identity: str


class ListPage(msgspec.Struct, frozen=True):
    """Some of a list."""

    identities: tuple[Identity, ...] = ()
    next_page_token: str | None = None


class _Record(msgspec.Struct, frozen=True):
    operation: str = ""
    list_type: str = ""
    datetime: str | None = None


class _Audit(msgspec.Struct, frozen=True):
    audit_records: tuple[_Record, ...] = ()


def list_request(app: App, name: ConsentList, page_token: str) -> HttpRequest:
    """Needs a bearer token, as the other."""
    query = {"page_size": PAGE, **({"page_token": page_token} if page_token else {})}
    return HttpRequest("GET", f"{_consents(app)}/{name}?{urlencode(query)}")


def audit_request(app: App, identity: str) -> HttpRequest:
    """How somebody came to be on the lists."""
    return HttpRequest("GET", f"{_consents(app)}/identities/{quote(identity, safe='')}")


def read_list(body: bytes) -> ListPage:
    """Raises msgspec.DecodeError for something else."""
    return msgspec.json.decode(body, type=ListPage)


def read_since(body: bytes, name: ConsentList) -> datetime | None:
    """When it last went on that list; None when the records do not say. Raises msgspec.DecodeError."""
    records = msgspec.json.decode(body, type=_Audit).audit_records
    times = (_moment(one.datetime) for one in records if (one.list_type, one.operation) == (name, "OPERATION_INSERT"))
    return max((at for at in times if at is not None), default=None)


def _moment(text: str | None) -> datetime | None:
    try:
        at = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def _consents(app: App) -> str:
    return f"{project_url(app)}/apps/{quote(app.app_id, safe='')}/consents"
