"""The page behind a link that confirms a consent, in the customer's language. One button, nothing foreign."""

from functools import cache
from html import escape
from importlib.resources import files

import msgspec

from parley.domain.double_opt_in import Answer
from parley.services.confirm_consents import Linked

FALLBACK = "en"
_FROM_RIGHT = frozenset({"ar", "fa", "he", "ur"})
_STYLE = (
    "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem;color:#222}"
    "button{font:inherit;padding:.7rem 1.6rem;border:0;border-radius:.4rem;background:#176b3a;color:#fff}"
    "blockquote{margin:1rem 0;padding-inline-start:1rem;border-inline-start:.25rem solid #bbb;white-space:pre-line}"
)


class Texts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the page says in one language."""

    title: str
    agreed: str
    """Where the form's own words are not known."""
    button: str
    done: str
    over: str


@cache
def texts() -> dict[str, Texts]:
    """By language."""
    return msgspec.json.decode(files("parley.api").joinpath("confirm_page.json").read_bytes(), type=dict[str, Texts])


def page(asked: Linked | None, accepted: str | None, *, confirmed: bool = False) -> str:
    """`accepted` are the browser's languages; `asked` None: there is no such link."""
    language = _language(asked, accepted)
    said = texts()[language]
    if asked is None or asked.answer in (Answer.EXPIRED, Answer.WITHDRAWN):
        return _html(language, said.title, _paragraph(said.over))
    about = _about(asked, said, language)
    if confirmed or asked.answer is Answer.ALREADY:
        return _html(language, said.title, about + _paragraph(said.done))
    return _html(language, said.title, f'{about}<form method="post"><button>{escape(said.button)}</button></form>')


def _language(asked: Linked | None, accepted: str | None) -> str:
    known = [asked.language] if asked is not None and asked.language else []
    wanted = [*known, *(one.partition(";")[0].strip() for one in (accepted or "").split(","))]
    short = (one.replace("-", "_").partition("_")[0].lower() for one in wanted)
    return next((one for one in short if one in texts()), FALLBACK)


def _about(asked: Linked, said: Texts, language: str) -> str:
    told = asked.category.translations.get(language, {})
    name = told.get("name") or asked.category.name
    words = asked.shown_text or said.agreed.format(project=asked.project)
    also = _paragraph(told["description"]) if told.get("description") else ""
    return f"<h1>{escape(asked.project)}: {escape(name)}</h1>{also}<blockquote dir=auto>{escape(words)}</blockquote>"


def _paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def _html(language: str, title: str, body: str) -> str:
    direction = "rtl" if language in _FROM_RIGHT else "ltr"
    return (
        f'<!doctype html><html lang="{language}" dir="{direction}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>{body}</body></html>"
    )
