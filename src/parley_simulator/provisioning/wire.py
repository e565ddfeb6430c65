"""The bodies that the Provisioning API takes."""

from typing import Annotated, Any, Literal, TypeVar

import msgspec

from parley_simulator.exchange import UNREADABLE, Answer, Call
from parley_simulator.provisioning.errors import misread
from parley_simulator.templates import Category

S = TypeVar("S", bound=msgspec.Struct)

Name = Annotated[str, msgspec.Meta(pattern="^[a-z0-9][a-z0-9_]*[a-z0-9]$", max_length=512)]
Action = Literal["DRAFT", "SUBMIT"]


class NewTemplate(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """POST /whatsapp/templates. `details` are read by themselves, for they are also kept word for word."""

    name: Name
    language: str
    category: Category
    details: dict[str, Any] = {}
    status: Action = "SUBMIT"
    save_draft_on_failure: bool = False
    allow_category_change: bool = False


class TemplatePatch(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """PATCH of one language; what is absent stays. Here the usual is a draft."""

    status: Action = "DRAFT"
    category: Category | msgspec.UnsetType = msgspec.UNSET
    details: dict[str, Any] = {}
    allow_category_change: bool | msgspec.UnsetType = msgspec.UNSET
    save_draft_on_failure: bool = False


class NewHook(msgspec.Struct, frozen=True, kw_only=True):
    """POST and PUT of a webhook."""

    target: str
    triggers: list[str]
    secret: str = ""


class HookPatch(msgspec.Struct, frozen=True, kw_only=True):
    """PATCH of a webhook; what is absent stays."""

    target: str | msgspec.UnsetType = msgspec.UNSET
    triggers: list[str] | msgspec.UnsetType = msgspec.UNSET
    secret: str | msgspec.UnsetType = msgspec.UNSET


def read_body(call: Call, shape: type[S]) -> S | Answer:
    """The body as a value, or a 400 that says what is wrong, be it in a key that nobody asked for."""
    try:
        msgspec.json.decode(call.body)
        return msgspec.json.decode(call.body, type=shape)
    except UNREADABLE as error:
        return misread(error)
