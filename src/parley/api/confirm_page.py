"""The page behind a link that confirms a consent, in the customer's language. One button, nothing foreign."""

from datetime import UTC
from functools import cache
from html import escape
from importlib.resources import files

import msgspec

from parley.domain.double_opt_in import Answer
from parley.services.confirm_consents import Linked

FALLBACK = "en"
_FROM_RIGHT = frozenset({"ar", "fa", "he", "ur"})
_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:2rem auto;padding:0 1rem;overflow-wrap:anywhere}"
    "h1{font-size:1.5rem;line-height:1.25;margin:.25rem 0 1rem}"
    "blockquote{margin:1rem 0;padding-inline-start:1rem;border-inline-start:.25rem solid GrayText}"
    "blockquote p{margin:0;white-space:pre-line}"
    "button{font:inherit;font-weight:600;width:100%;min-height:3rem;padding:.7rem 1.6rem;border:0;border-radius:.5rem;"
    "background:#176b3a;color:#fff;cursor:pointer}"
    "button:focus-visible{outline:.2rem solid CanvasText;outline-offset:.2rem}"
)
"""Colours are the browser's own, light or dark. A long address in a form's text breaks, so the page stays narrow."""


class Texts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the page says in one language."""

    title: str
    agreed: str
    """Where the form's own words are not known."""
    button: str
    until: str
    """How long the link holds: `{until}`."""
    done: str
    over: str
    """There is no such link, or its time is over."""
    withdrawn: str
    later: str
    """The database is away."""


@cache
def texts() -> dict[str, Texts]:
    """By language."""
    return msgspec.json.decode(files("parley.api").joinpath("confirm_page.json").read_bytes(), type=dict[str, Texts])


def page(asked: Linked | None, accepted: str | None) -> str:
    """`accepted` are the browser's languages; `asked` None: there is no such link. Its heading says how it stands."""
    language = _language(asked, accepted)
    said = texts()[language]
    if asked is None or asked.answer is Answer.EXPIRED:
        return _html(language, asked, said.over, "")
    if asked.answer is Answer.WITHDRAWN:
        return _html(language, asked, said.withdrawn, "")
    about = _about(asked, said, language)
    if asked.answer is Answer.ALREADY:
        return _html(language, asked, said.done, about)
    form = f'<form method="post"><button>{escape(said.button)}</button></form>'
    return _html(language, asked, said.title, f"{about}{form}{_until(asked, said)}")


def later_page(accepted: str | None) -> str:
    """Nothing can be told just now."""
    language = _language(None, accepted)
    return _html(language, None, texts()[language].later, "")


def _language(asked: Linked | None, accepted: str | None) -> str:
    known = [asked.language] if asked is not None and asked.language else []
    wanted = [*known, *(one.partition(";")[0].strip() for one in (accepted or "").split(","))]
    short = (one.replace("-", "_").partition("_")[0].lower() for one in wanted)
    return next((one for one in short if one in texts()), FALLBACK)


def _about(asked: Linked, said: Texts, language: str) -> str:
    """A category without a name in this language has none that a customer would know."""
    told = asked.category.translations.get(language, {})
    words = asked.shown_text or said.agreed.format(project=asked.project)
    name = f"<p><strong>{escape(told['name'])}</strong></p>" if told.get("name") else ""
    also = f"<p>{escape(told['description'])}</p>" if told.get("description") else ""
    return f"{name}{also}<blockquote><p dir=auto>{escape(words)}</p></blockquote>"


def _until(asked: Linked, said: Texts) -> str:
    """In UTC, for nobody knows the zone of whoever reads it."""
    if asked.until is None:
        return ""
    at = asked.until.astimezone(UTC)
    told = f'<time dir="ltr" datetime="{at:%Y-%m-%dT%H:%MZ}">{at:%Y-%m-%d %H:%M} UTC</time>'
    return f"<p><small>{escape(said.until).format(until=told)}</small></p>"


def _html(language: str, asked: Linked | None, heading: str, body: str) -> str:
    direction = "rtl" if language in _FROM_RIGHT else "ltr"
    whose = f"<p><bdi>{escape(asked.project)}</bdi></p>" if asked is not None else ""
    return (
        f'<!doctype html><html lang="{language}" dir="{direction}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">'
        f"<title>{escape(heading)}</title><style>{_STYLE}</style></head>"
        f"<body><main>{whose}<h1>{escape(heading)}</h1>{body}</main></body></html>"
    )
