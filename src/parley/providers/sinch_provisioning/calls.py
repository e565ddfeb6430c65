"""What we ask the Provisioning API, and what its refusals say (sinch.md 3.1, 3.2)."""

from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from parley.domain.http import HttpRequest, HttpResponse
from parley.providers.sinch_provisioning.components import correction, language_written, submission
from parley.templates import MessageTemplate

BASE_URL = "https://provisioning.api.sinch.com"
PAGE = 1000
"""Templates; Sinch gives no more at once."""


class Project(msgspec.Struct, frozen=True):
    """Whose templates: one project at Sinch has one WhatsApp account."""

    base_url: str
    project_id: str


class Refusal(msgspec.Struct, frozen=True):
    """Why it did not do it."""

    code: str
    sentence: str
    passes: bool
    """Trying again later may help."""


class _Error(msgspec.Struct, frozen=True, rename="camel"):
    error_code: str = ""
    message: str = ""
    resolution: str = ""
    additional_information: dict[str, Any] = {}


def is_sinch(url: str) -> bool:
    """Is it one of Sinch's own hosts, whatever the region? Then the Provisioning API is at its usual address."""
    return f".{urlsplit(url).hostname}".endswith(".sinch.com")


def list_request(project: Project, page_token: str = "") -> HttpRequest:
    """A page of all of them."""
    query = urlencode({"pageSize": PAGE, **({"pageToken": page_token} if page_token else {})})
    return HttpRequest("GET", f"{_templates(project)}?{query}")


def look_request(project: Project, template: MessageTemplate) -> HttpRequest:
    """This one, in its language."""
    return HttpRequest("GET", _one(project, template))


def create_request(project: Project, template: MessageTemplate) -> HttpRequest:
    """A new one, into review."""
    return HttpRequest("POST", _templates(project), _JSON, msgspec.json.encode(submission(template)))


def correct_request(project: Project, template: MessageTemplate, *, with_category: bool) -> HttpRequest:
    """Another version of one that is there, into review. The category of an approved one stays as it is."""
    body = correction(template)
    if not with_category:
        del body["category"]
    return HttpRequest("PATCH", _one(project, template), _JSON, msgspec.json.encode(body))


def listen_request(project: Project, target: str, secret: str) -> HttpRequest:
    """From now on it tells `target` what happens to templates, signed with `secret`."""
    body = {"target": target, "secret": secret, "triggers": list(TRIGGERS)}
    return HttpRequest("POST", f"{_project(project)}/webhooks", _JSON, msgspec.json.encode(body))


TRIGGERS = tuple(
    f"WHATSAPP_TEMPLATE_{word}"
    for word in (
        "APPROVED",
        "CATEGORY_FUTURE_UPDATE",
        "CATEGORY_UPDATED",
        "DELETED",
        "QUALITY_SCORE_UPDATED",
        "REJECTED",
        "STATUS_UPDATED",
    )
)
HEARD_ALREADY = "webhook_exists"
"""The code of the refusal when it tells that target already."""


def read_refusal(answer: HttpResponse) -> Refusal:
    """Of an answer that is no success."""
    try:
        told = msgspec.json.decode(answer.body, type=_Error)
    except (msgspec.DecodeError, UnicodeDecodeError):
        told = _Error()
    more = told.additional_information
    words = [*_strings(more.get("validationErrors")), *_strings([_meta(more.get("metaError"))])]
    said = " ".join(part for part in (told.message, "; ".join(words), told.resolution) if part)
    passes = answer.status in (401, 403, 408, 429) or answer.status >= 500 or told.error_code == "resource_locked"
    return Refusal(told.error_code or str(answer.status), (said or f"Sinch answered {answer.status}.")[:1000], passes)


_JSON = (("content-type", "application/json"),)


def _templates(project: Project) -> str:
    return f"{_project(project)}/whatsapp/templates"


def _project(project: Project) -> str:
    return f"{project.base_url.rstrip('/')}/v1/projects/{quote(project.project_id, safe='')}"


def _one(project: Project, template: MessageTemplate) -> str:
    return f"{_templates(project)}/{template.name}/languages/{language_written(template.language)}"


def _strings(values: Any) -> list[str]:
    return [value for value in values if isinstance(value, str) and value] if isinstance(values, list) else []


def _meta(error: Any) -> str:
    """WhatsApp's own complaint, as Sinch hands it on."""
    description = error.get("description") if isinstance(error, dict) else None
    return description if isinstance(description, str) else ""
