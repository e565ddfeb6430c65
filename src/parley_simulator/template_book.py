"""The one book of templates: the control API and the Provisioning API write it, every send is looked up in it."""

from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec

from parley_simulator.messages import Content, Failure, TemplateCall
from parley_simulator.templates import UNUSABLE, Category, Template, fill

TEMPLATES_CEILING = 5_000
FIRST_WHATSAPP_ID = 700_000_000_000_000
# A deleted name, or a deleted language of a name, is not given out again (whatsapp.md 1.3).
NAME_REST = timedelta(days=30)
LANGUAGE_REST = timedelta(weeks=4)
EVERY_LANGUAGE = ""

ChangeStatus = Literal["DRAFT", "IN_PROGRESS", "REJECTED"]
Key = tuple[str, str]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A version that is not in force: a draft kept at Sinch, or an edit that WhatsApp looks at or has rejected."""

    status: ChangeStatus
    category: Category
    details: dict[str, Any]
    allow_category_change: bool = False


class Filed(msgspec.Struct, frozen=True, kw_only=True):
    """One template in one language. `template` is what WhatsApp has of it, in whatever state; nobody can send the rest.

    `details` is the same word for word as it was handed in; empty when the control API made it. The tickets are those
    of the review and of the pause under way: what was planned for an earlier one finds another and does nothing.
    """

    name: str
    language: str
    whatsapp_id: str
    template: Template | None = None
    details: dict[str, Any] = {}
    change: Change | None = None
    allow_category_change: bool = False
    review_ticket: int = 0
    pause_ticket: int = 0
    pauses: int = 0


class TemplateBook:
    """Templates by name and language, and the names that rest."""

    def __init__(self) -> None:
        self._all: dict[Key, Filed] = {}
        self._deleted: dict[Key, datetime] = {}
        self._given = 0

    def put(self, template: Template) -> None:
        """Register or replace, as WhatsApp would have it. Raises `OverflowError` beyond the ceiling."""
        known = self.get(template.name, template.language) or self.new(template.name, template.language)
        whatsapp_id = known.whatsapp_id
        self.file(Filed(name=known.name, language=template.language, whatsapp_id=whatsapp_id, template=template))

    def new(self, name: str, language: str) -> Filed:
        """An empty sheet with an id of its own, not filed yet."""
        return Filed(name=name, language=language, whatsapp_id=str(FIRST_WHATSAPP_ID + self.ticket()))

    def ticket(self) -> int:
        """A number that was not given out before."""
        self._given += 1
        return self._given

    def file(self, filed: Filed) -> Filed:
        """Keep this in the place of what was there. Raises `OverflowError` beyond the ceiling."""
        key = _key(filed.name, filed.language)
        if key not in self._all and self.is_full():
            raise OverflowError(f"more than {TEMPLATES_CEILING} templates")
        self._all[key] = filed
        return filed

    def is_full(self) -> bool:
        """Is there no room for another one?"""
        return len(self._all) >= TEMPLATES_CEILING

    def get(self, name: str, language: str) -> Filed | None:
        """However the language is spelled: `en_US`, `en-us` and `EN_US` are one."""
        return self._all.get(_key(name, language))

    def filed(self) -> list[Filed]:
        """All, in alphabetical order."""
        return [self._all[key] for key in sorted(self._all)]

    def remove(self, filed: Filed) -> None:
        """As if it had never been there."""
        del self._all[_key(filed.name, filed.language)]

    def rest(self, name: str, language: str, now: datetime) -> None:
        """Remember a deletion, of one language or of every one."""
        self._deleted[_key(name, language)] = now

    def name_rests(self, name: str, now: datetime) -> bool:
        """Was the whole template deleted less than 30 days ago?"""
        return self._rests(_key(name, EVERY_LANGUAGE), NAME_REST, now)

    def language_rests(self, name: str, language: str, now: datetime) -> bool:
        """Was this language of it deleted less than 4 weeks ago?"""
        return self._rests(_key(name, language), LANGUAGE_REST, now)

    def listed(self) -> list[Template]:
        """What WhatsApp has, in the order registered."""
        return [filed.template for filed in self._all.values() if filed.template is not None]

    def clear(self) -> None:
        """None is left, and every name is free."""
        self._all.clear()
        self._deleted.clear()

    def find(self, call: TemplateCall) -> Template | Failure:
        """The approved template, or why the send fails."""
        filed = self.get(call.name, call.language)
        if filed is not None and filed.template is not None:
            return UNUSABLE.get(filed.template.status, filed.template)
        if not any(template.name == call.name for template in self.listed()):
            return Failure("TEMPLATE_NOT_FOUND", f"There is no template {call.name}.", "132001")
        sentence = f"Template {call.name} does not exist in {call.language}."
        return Failure("TEMPLATE_NON_EXISTING_LANGUAGE_OR_VERSION", sentence, "132001")

    def check(self, call: TemplateCall) -> Content | Failure:
        """What the phone will show, or why the send fails."""
        template = self.find(call)
        return template if isinstance(template, Failure) else fill(template, call)

    def _rests(self, key: Key, length: timedelta, now: datetime) -> bool:
        deleted_at = self._deleted.get(key)
        return deleted_at is not None and now < deleted_at + length


def _key(name: str, language: str) -> Key:
    return name, language.replace("-", "_").lower()
