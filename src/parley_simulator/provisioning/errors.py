"""The Provisioning API's refusals: `{errorCode, message, resolution, additionalInformation?}` (sinch.md 3.1)."""

import re

import msgspec

from parley_simulator.clock import written
from parley_simulator.exchange import Answer, ok
from parley_simulator.faults import Fault
from parley_simulator.world import World

MISSING = re.compile(r"required field `([^`]+)`")
WHERE = re.compile(r"`\$\.?([^`]*)`")


class Trouble(msgspec.Struct, frozen=True):
    """A status and the two sentences of an error code."""

    status: int
    message: str
    resolution: str


AGAIN = "Try again later."
SEE_PAGE = "docs/reference/simulator.md lists what the simulator speaks."
TROUBLES = {
    "file_invalid_mime_type": Trouble(400, "The example is no file of that kind.", "Use another file."),
    "file_not_found": Trouble(409, "The example could not be fetched.", "Verify its address."),
    "file_size_too_large": Trouble(409, "The example is too large.", "Use a smaller file."),
    "internal_error": Trouble(500, "Internal server error.", AGAIN),
    "invalid_fields": Trouble(400, "Invalid fields.", "Use fields that are supported."),
    "invalid_filter_states": Trouble(400, "Invalid filterStates.", "Use states that are supported."),
    "invalid_filter_statuses": Trouble(400, "Invalid filterStatuses.", "Use statuses that are supported."),
    "invalid_id_format": Trouble(400, "The id is not in the expected format.", "Verify the id."),
    "invalid_input": Trouble(400, "Invalid input.", "Correct the validation errors and send it again."),
    "invalid_page_size": Trouble(400, "Invalid page size.", "Use a whole number within the limits."),
    "invalid_page_token": Trouble(400, "Invalid page token.", "Use the token of the answer before, or none."),
    "invalid_payload": Trouble(400, "Invalid payload.", "Correct the body and send it again."),
    "not_found": Trouble(404, "There is nothing here.", SEE_PAGE),
    "project_not_initialized": Trouble(400, "The project has no WhatsApp account.", "Have it onboarded first."),
    "resource_locked": Trouble(409, "The resource is locked.", "Another call is changing it: wait and try again."),
    "sender_not_found": Trouble(404, "Sender not found.", "Verify the sender's id."),
    "template_allow_category_change_not_updatable": Trouble(
        409, "allowCategoryChange cannot be updated.", "Only in a draft, or after a rejection as INCORRECT_CATEGORY."
    ),
    "template_category_not_updatable": Trouble(
        409, "The category cannot be updated.", "Only in a draft, or after a rejection as INCORRECT_CATEGORY."
    ),
    "template_changes_not_updatable": Trouble(
        409, "The template cannot be updated.", "Its changes must be a DRAFT or REJECTED."
    ),
    "template_content_already_exists": Trouble(424, "Another template says the same.", "Change what it says."),
    "template_exists": Trouble(409, "The template exists.", "Change the language or the name."),
    "template_incorrect_category": Trouble(
        409, "Another language has another category.", "Use the category of the other languages."
    ),
    "template_invalid_button_example": Trouble(
        400, "Invalid button example.", "Only a URL button with a variable may have an example."
    ),
    "template_invalid_language_code": Trouble(400, "Invalid language code.", "Use a language that is supported."),
    "template_language_recently_deleted": Trouble(
        409, "This language was deleted within 4 weeks.", "Wait, or use another name."
    ),
    "template_limit_reached": Trouble(424, "The limit of templates is reached.", "Delete some."),
    "template_name_recently_used": Trouble(
        409, "A template of this name was deleted within 30 days.", "Wait, or use another name."
    ),
    "template_not_deletable_due_to_input_config": Trouble(
        409, "The template was submitted.", "Only a draft is deleted unless deleteSubmitted is true."
    ),
    "template_not_found": Trouble(404, "Template not found.", "Verify the name and the language."),
    "template_not_updatable": Trouble(
        409, "The template cannot be updated.", "Its state must be APPROVED, DISABLED, PAUSED or REJECTED."
    ),
    "template_restricted_Domain_for_button_url": Trouble(
        409, "A button leads to a restricted domain.", "Use another than wa.me and whatsapp.com."
    ),
    "template_submit_error": Trouble(424, "WhatsApp does not take the template.", "Correct it and submit it again."),
    "too_many_requests": Trouble(429, "Too many requests.", "Wait and try again."),
    "unauthorized_error": Trouble(401, "Unauthorized error.", "Verify the key and the project id."),
    "webhook_exists": Trouble(409, "A webhook with this target exists.", "Change the target."),
    "webhook_limit_reached": Trouble(424, "The limit of webhooks is reached.", "Delete some."),
    "webhook_not_found": Trouble(404, "Webhook not found.", "Verify the id."),
}
# What a fault on order looks like by its status; every other status is an internal error.
CODES = {401: "unauthorized_error", 403: "unauthorized_error", 404: "not_found", 429: "too_many_requests"}
ON_ORDER = {"throttle": 429, "token_expired": 401, "token_revoked": 401, "billing": 403}


def refuse(code: str, message: str = "", **additional: object) -> Answer:
    """An error by its code; what more there is to say goes under `additionalInformation`."""
    trouble = TROUBLES[code]
    body = {"errorCode": code, "message": message or trouble.message, "resolution": trouble.resolution}
    return ok({**body, "additionalInformation": additional} if additional else body, trouble.status)


def invalid(*complaints: str) -> Answer:
    """400 with everything that is wrong."""
    return refuse("invalid_input", validationErrors=list(complaints))


def misread(error: Exception) -> Answer:
    """400 for a body that could not be read: the field, if it is one field's fault."""
    complaint = str(error)
    where, missing = WHERE.search(complaint), MISSING.search(complaint)
    path = ".".join(part for part in (where[1] if where else "", missing[1] if missing else "") if part)
    if not path or not isinstance(error, msgspec.ValidationError):
        return refuse("invalid_payload", f"Invalid payload: {complaint}")
    return invalid(f"{path} must be given" if missing else f"{path}: {complaint.partition(' - at')[0]}")


def expired(world: World) -> Answer:
    """The 401 that a client answers with a new token, as the Conversation API words it."""
    value = f'Bearer error="invalid_token", error_description="Jwt expired at {written(world.now(), 0)}"'
    return msgspec.structs.replace(refuse("unauthorized_error"), headers={"www-authenticate": value})


def refuse_on_order(world: World, fault: Fault) -> Answer:
    """What a scripted fault answers."""
    if fault.kind == "token_expired":
        return expired(world)
    status = ON_ORDER.get(fault.kind, fault.status)
    answer = refuse(CODES.get(status, "internal_error"), fault.message)
    headers = {} if fault.retry_after is None else {"retry-after": f"{fault.retry_after:g}"}
    return msgspec.structs.replace(answer, status=status, headers=headers)
