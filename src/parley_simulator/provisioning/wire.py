"""The bodies that the Provisioning API takes."""

from typing import Annotated, Any, Literal

import msgspec

from parley_simulator.templates import Category

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
