"""One door for both APIs' callbacks: whose body is this, was it signed, what does it say."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from parley.domain.callback import CallbackItem, Unknown
from parley.providers.reading import Unreadable, decode
from parley.providers.signature import SignatureCheck
from parley.providers.sinch_conversation import callbacks as conversation
from parley.providers.sinch_conversation import signature as conversation_signature
from parley.providers.sinch_legacy import callbacks as legacy
from parley.providers.sinch_legacy import signature as legacy_signature
from parley.providers.sinch_provisioning import callbacks as provisioning


class Api(StrEnum):
    """Which of Sinch's two APIs an integration speaks."""

    LEGACY = "sinch_legacy"
    CONVERSATION = "sinch_conversation"


def read(body: bytes) -> tuple[CallbackItem, ...]:
    """Every item of a callback of any of the APIs, at least one. Never raises: what cannot be read is Unknown.

    A Provisioning body is known by a `type` in capitals; a legacy body by `type`, `statuses` or `notifications`; a
    Conversation body by `app_id`, `project_id` or the key of its payload.
    """
    tree = decode(body)
    if isinstance(tree, Unreadable):
        return (Unknown(tree.reason, body),)
    if provisioning.is_provisioning(tree.value):
        return provisioning.items(tree.value)
    if legacy.is_legacy(tree.value):
        return legacy.items(tree.value)
    if conversation.is_conversation(tree.value):
        return conversation.items(tree.value)
    return (Unknown("The body is of neither of Sinch's APIs.", body),)


def verify(
    api: Api, headers: Mapping[str, str], body: bytes, secret: str, *, not_before: datetime | None = None
) -> SignatureCheck:
    """Genuine or NotGenuine(fault, sentence). Header names in any case; `body` exactly as it came.

    `not_before` (Conversation only: the legacy API signs no time) refuses older signatures. By default age is not
    looked at, because Sinch may retry for hours with its first timestamp: the unique key on what was received stops
    repetitions.
    """
    if api is Api.LEGACY:
        return legacy_signature.verify(headers, body, secret)
    return conversation_signature.verify(headers, body, secret, not_before=not_before)
