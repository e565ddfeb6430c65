"""A template between its two forms: the components of the Provisioning API, and what a send is checked against."""

from typing import Any

from parley_simulator.provisioning.components import Body, Buttons, Details, Footer, Header, Url
from parley_simulator.template_book import Filed
from parley_simulator.templates import Category, Status, Template, TemplateButton
from parley_simulator.templates import Header as TemplateHeader

SUPPORTED_LANGUAGES = frozenset({
    "AF", "AR", "AZ", "BG", "BN", "CA", "CS", "DA", "DE", "EL", "EN", "EN_GB", "EN_US", "ES", "ES_AR", "ES_ES", "ES_MX",
    "ES_UY", "ET", "FA", "FI", "FIL", "FR", "GA", "GU", "HA", "HE", "HI", "HR", "HU", "ID", "IT", "JA", "KA", "KK",
    "KN", "KO", "KY_KG", "LO", "LT", "LV", "MK", "ML", "MR", "MS", "NB", "NL", "PA", "PL", "PT_BR", "PT_PT", "RO", "RU",
    "RW_RW", "SK", "SL", "SQ", "SR", "SV", "SW", "TA", "TE", "TH", "TR", "UK", "UR", "UZ", "VI", "ZH_CN", "ZH_HK",
    "ZH_TW", "ZU",
})  # fmt: skip
CODE_SENTENCE = "{{1}} is your verification code."
SECURITY_SENTENCE = " For your security, do not share this code."


def sent_language(code: str) -> str:
    """`EN_US` as `messages:send` spells it: `en_US`."""
    language, mark, country = code.partition("_")
    return f"{language.lower()}{mark}{country}"


def shown_language(code: str) -> str:
    """`en_US` as this API spells it: `EN_US`."""
    return code.replace("-", "_").upper()


def template_of(filed: Filed, category: Category, details: Details, status: Status) -> Template:
    """What WhatsApp gets."""
    parts: dict[str, Any] = {}
    for component in details.components:
        if isinstance(component, Header):
            parts["header"] = TemplateHeader(format=component.format, text=component.text)
        elif isinstance(component, Body):
            parts["body"] = _body(category, component)
        elif isinstance(component, Footer):
            parts["footer"] = _footer(component)
        elif isinstance(component, Buttons):
            parts["buttons"] = [_button(button) for button in component.buttons]
    return Template(name=filed.name, language=filed.language, category=category, status=status, **parts)


def details_of(filed: Filed) -> dict[str, Any]:
    """What WhatsApp has, as it was handed in; put together from its parts when the control API made it."""
    template = filed.template
    if filed.details or template is None:
        return filed.details
    components: list[dict[str, Any]] = []
    if template.header is not None:
        text = {"text": template.header.text} if template.header.format == "TEXT" else {}
        components.append({"type": "HEADER", "format": template.header.format, **text})
    components.append({"type": "BODY", "text": template.body})
    if template.footer:
        components.append({"type": "FOOTER", "text": template.footer})
    if template.buttons:
        buttons = [{"type": it.type, "text": it.text, **({"url": it.url} if it.url else {})} for it in template.buttons]
        components.append({"type": "BUTTONS", "buttons": buttons})
    return {"components": components}


def category_of(filed: Filed) -> Category:
    """WhatsApp's, or the draft's where WhatsApp has nothing yet."""
    if filed.template is not None:
        return filed.template.category
    return filed.change.category if filed.change is not None else "UTILITY"


def shown(filed: Filed) -> dict[str, Any]:
    """A template as the API answers; `state` and `details` are WhatsApp's, `changes` is what waits beside them."""
    told: dict[str, Any] = {
        "name": filed.name,
        "language": shown_language(filed.language),
        "category": category_of(filed),
        "qualityScore": f"QUALITY_SCORE_{filed.template.quality if filed.template else 'UNKNOWN'}",
    }
    if filed.template is not None:
        told |= {"whatsappId": filed.whatsapp_id, "state": filed.template.status, "details": details_of(filed)}
        told |= {"rejectionCode": filed.template.rejection_code} if filed.template.rejection_code != "NONE" else {}
    if filed.change is not None:
        told["changes"] = {
            "status": filed.change.status,
            "allowCategoryChange": filed.change.allow_category_change,
            "details": filed.change.details,
        }
    return {**told, "analytics": [], "isMetaGenerated": False}


def _body(category: Category, body: Body) -> str:
    if category != "AUTHENTICATION":
        return body.text
    return CODE_SENTENCE + (SECURITY_SENTENCE if body.add_security_recommendation else "")


def _footer(footer: Footer) -> str:
    minutes = footer.code_expiration_minutes
    return footer.text if minutes is None else f"This code expires in {minutes} minutes."


def _button(button: Any) -> TemplateButton:
    kind = type(button).__struct_config__.tag
    return TemplateButton(type=kind, text=button.text, url=button.url if isinstance(button, Url) else "")
