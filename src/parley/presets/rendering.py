"""Renders presets: the hot path of sending. A renderer keeps what it has compiled."""

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import minijinja
import msgspec

from parley.domain.errors import InvalidInputError, Problem
from parley.domain.http import HttpRequest
from parley.presets.authentication import NoAuthentication, OAuth2Grant, credential_headers, grant_of
from parley.presets.dialect import environment
from parley.presets.escapes import HeaderFault, header
from parley.presets.prefix import is_under, method_fault, url_fault
from parley.presets.prepare import Prepared, check_sources, content_type, prepare
from parley.presets.preset import Preset
from parley.presets.run import AbortReached, Items, LimitReached, RenderFault, Run, freeze
from parley.presets.stencil import Stencil, stencil_of
from parley.presets.weave import Woven

LARGEST_BODY = 1_000_000
"""Bytes."""
_PYTHON_SAYS = (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError)
"""What Python raises when a template calls a filter or a list's method with the wrong things."""


class Context(msgspec.Struct, frozen=True):
    """What Jinja sees of one customer."""

    customer: Mapping[str, Any] = {}
    recipient: str = ""
    """Digits of the number, no plus."""
    message_id: str = ""
    """Ours: comes back in delivery reports."""
    time: float = 0.0
    """Now, UNIX seconds."""
    event: Mapping[str, Any] = {}
    """The event that started the journey."""
    consents: Mapping[str, Any] = {}
    customer_ids: Mapping[str, Any] = {}
    project: Mapping[str, Any] = {}
    scenario: Mapping[str, Any] = {}
    action: Mapping[str, Any] = {}
    form_values: Mapping[str, Any] = {}
    """The message's own parameters, personalised when it was planned: final text, never read as a template again."""


class OwnTexts(msgspec.Struct, frozen=True):
    """The part of a context that a message brings itself: all that a stencil prints."""

    recipient: str
    message_id: str
    form_values: Mapping[str, Any]


class RenderedRequest(msgspec.Struct, frozen=True, tag="rendered"):
    """Ready to be sent, except for a token if `oauth2` is there."""

    request: HttpRequest
    oauth2: OAuth2Grant | None = None
    secrets: tuple[str, ...] = ()
    """The secret values inside the request: whoever logs it takes them out."""


class Aborted(msgspec.Struct, frozen=True, tag="aborted"):
    """`{% abort %}`: nothing is to be sent to this customer."""

    reason: str = ""


class RenderedBatch(msgspec.Struct, frozen=True):
    """One request for several customers."""

    outcome: RenderedRequest | Aborted
    skipped: dict[int, Aborted] = {}
    """Customers who aborted for themselves, by their place in what was given."""


class Rendering(msgspec.Struct, frozen=True):
    """An outcome with what a preview wants to know."""

    outcome: RenderedRequest | Aborted
    skipped: dict[int, Aborted]
    empty: tuple[tuple[str, str], ...]
    """Expressions that printed nothing: (field, expression)."""


class Renderer:
    """Compiles each preset with its values once; `capacity` bounds how many are kept. Safe to share between threads."""

    def __init__(self, capacity: int = 500) -> None:
        self._capacity = capacity
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, _Compiled] = OrderedDict()

    def render(self, preset: Preset, values: Mapping[str, Any], context: Context) -> RenderedRequest | Aborted:
        """The request for one customer.

        Raises InvalidInputError: values that do not fit, Jinja that fails or never ends, a body that is not what its
        format says, an address outside of the endpoint prefix.
        """
        return self.look(preset, values, [context], context).outcome

    def render_batch(
        self, preset: Preset, values: Mapping[str, Any], contexts: Sequence[Context], shared: Context | None = None
    ) -> RenderedBatch:
        """One request for up to `preset.batch.max` customers; `shared` is what the root of the batch sees."""
        if preset.batch is None or len(contexts) > preset.batch.max:
            most = preset.batch.max if preset.batch else 1
            raise InvalidInputError([Problem("batch.max", f"{len(contexts)} customers in a call for at most {most}")])
        done = self.look(preset, values, contexts, shared or Context())
        return RenderedBatch(done.outcome, done.skipped)

    def render_form(
        self,
        form: Hashable,
        preset: Preset,
        values: Callable[[], Mapping[str, Any]],
        own: OwnTexts,
        context: Callable[[], Context],
    ) -> RenderedRequest | Aborted:
        """As `render`. `form` stands for the preset and all its values, which are asked for only when it is new; the
        whole `context`, only when the message's own texts are not enough.
        """
        return self._kept_as(form, lambda: _Compiled(preset, values())).render_one(own, context)

    def look(
        self, preset: Preset, values: Mapping[str, Any], contexts: Sequence[Context], shared: Context
    ) -> Rendering:
        """As above, and says what was empty."""
        return self._compiled(preset, values).render(contexts, shared)

    def _compiled(self, preset: Preset, values: Mapping[str, Any]) -> "_Compiled":
        return self._kept_as((id(preset), repr(values)), lambda: _Compiled(preset, values))

    def _kept_as(self, key: Hashable, make: "Callable[[], _Compiled]") -> "_Compiled":
        with self._lock:
            if kept := self._kept.get(key):
                self._kept.move_to_end(key)
                return kept
        made = make()
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > self._capacity:
                self._kept.popitem(last=False)
        return made


class _Compiled:
    """Holds on to its preset, so that the id in the cache's key cannot be given to another one."""

    def __init__(self, preset: Preset, values: Mapping[str, Any]) -> None:
        self._preset = preset
        self._prepared: Prepared = prepare(preset, values)
        check_sources(self._prepared)
        self._templates = {field: Template(field, woven) for field, woven in self._prepared.texts()}
        texts = self._prepared.authentication
        self._credentials = credential_headers(preset.authentication, texts)
        self._grant = grant_of(preset.authentication, texts)
        self._check_credentials()
        self._fixed_method = self._fixed("method", _checked_method)
        self._fixed_url = self._fixed("url", self._checked_url)
        self._outline = self._outlined()

    def render_one(self, own: OwnTexts, context: Callable[[], Context]) -> RenderedRequest | Aborted:
        """For one customer, when nobody asks what was empty: by the stencil where there is one and it fits."""
        if self._outline is not None:
            request, stencil = self._outline
            body = stencil.fill(own)
            if body is not None:
                request = HttpRequest(request.method, request.url, request.headers, _of_bearable_size(body))
                return RenderedRequest(request, self._grant, self._prepared.secrets)
        whole = context()
        return self.render([whole], whole).outcome

    def render(self, contexts: Sequence[Context], shared: Context) -> Rendering:
        skipped: dict[int, Aborted] = {}
        empty: list[tuple[str, str]] = []
        parts = self._parts(contexts, skipped, empty) if self._preset.batch else None
        if parts == []:
            return Rendering(next(iter(skipped.values()), Aborted("nobody is left")), skipped, tuple(empty))
        scope = Printer(_variables(shared), parts)
        try:
            outcome: RenderedRequest | Aborted = self._request(scope)
        except AbortReached as abort:
            outcome = Aborted(str(abort))
        return Rendering(outcome, skipped, (*empty, *scope.empty))

    def _parts(
        self, contexts: Sequence[Context], skipped: dict[int, Aborted], empty: list[tuple[str, str]]
    ) -> list[str]:
        parts: list[str] = []
        for number, context in enumerate(contexts):
            scope = Printer(_variables(context))
            try:
                parts.append(self._part(scope))
            except AbortReached as abort:
                skipped[number] = Aborted(str(abort))
            empty.extend(scope.empty)
        return parts

    def _part(self, scope: "Printer") -> str:
        text = scope.print(self._templates["batch.customer"])
        if not self._prepared.customer_is_json:
            return text
        return minijinja.Markup(_compact_json("batch.customer", text).decode())

    def _request(self, scope: "Printer") -> RenderedRequest:
        request = HttpRequest(self._method(scope), self._url(scope), self._headers(scope), self._body(scope))
        return RenderedRequest(request, self._grant, self._prepared.secrets)

    def _fixed(self, field: str, check: Callable[[str], str]) -> str | None:
        """A text without tags is the same for all: checked once."""
        woven = self._templates[field].woven
        return None if woven.has_tags else check(woven.source)

    def _method(self, scope: "Printer") -> str:
        return self._fixed_method or _checked_method(scope.print(self._templates["method"]))

    def _url(self, scope: "Printer") -> str:
        return self._fixed_url or self._checked_url(scope.print(self._templates["url"]))

    def _checked_url(self, printed: str) -> str:
        url = printed.strip()
        if fault := url_fault(url):
            raise _invalid("url", fault)
        prefix = self._prepared.authentication.get("endpoint_prefix", "")
        if prefix and not is_under(url, prefix):
            raise _invalid("url", f"is not under the endpoint prefix {prefix}, so no credentials are sent there")
        return url

    def _headers(self, scope: "Printer") -> tuple[tuple[str, str], ...]:
        own = tuple((name, scope.print(self._templates[f"headers.{name}"])) for name in self._preset.headers)
        return (*content_type(self._preset), *own, *self._credentials)

    def _body(self, scope: "Printer") -> bytes:
        if self._preset.format == "none" or not self._preset.body:
            return b""
        text = scope.print(self._templates["body"])
        body = _compact_json("body", text) if self._preset.format == "json" else text.encode("utf-8", "replace")
        return _of_bearable_size(body)

    def _outlined(self) -> tuple[HttpRequest, Stencil] | None:
        """The request without its body, and the body's stencil; None where more than the body's values differs."""
        own = [self._templates[f"headers.{name}"] for name in self._preset.headers]
        if self._fixed_method is None or self._fixed_url is None or any(one.woven.has_tags for one in own):
            return None
        if self._preset.format != "json" or not self._preset.body or self._preset.batch is not None:
            return None
        try:
            stencil = stencil_of(self._prepared.body.parts, _FIELDS, self._rendered_with)
        except (InvalidInputError, AbortReached):
            return None  # told when a message is rendered, with the message's own values
        if stencil is None:
            return None
        return HttpRequest(self._fixed_method, self._fixed_url, self._headers(Printer({}))), stencil

    def _rendered_with(self, variables: Mapping[str, Any]) -> bytes:
        """The body, when it names nothing else."""
        return _compact_json("body", Printer(variables).print(self._templates["body"]))

    def _check_credentials(self) -> None:
        authentication, texts = self._preset.authentication, self._prepared.authentication
        if not isinstance(authentication, NoAuthentication) and (fault := url_fault(texts["endpoint_prefix"])):
            raise _invalid("authentication.endpoint_prefix", fault)
        if self._grant and (fault := url_fault(self._grant.token_url)):
            raise _invalid("authentication.token_url", fault)
        for name, value in self._credentials:
            _check_header(f"authentication.{name}", value)


class Template:
    """One text; what has no tags is not rendered at all."""

    def __init__(self, field: str, woven: Woven) -> None:
        self.field = field
        self.woven = woven
        self.words = frozenset(re.findall(r"\w+", woven.source)) if woven.has_tags else frozenset()
        """Every variable the text can name is among them; the others need not be copied for it."""
        self._jinja = environment() if woven.has_tags else None
        if self._jinja:
            self._jinja.add_template("text", woven.source)

    def render(self, variables: dict[str, Any]) -> str:
        return self._jinja.render_template("text", **variables) if self._jinja else self.woven.source


class Printer:
    """One customer's variables, and one budget for all texts of the request."""

    def __init__(self, variables: Mapping[str, Any], customers: list[str] | None = None) -> None:
        self._run = Run(str(variables.get("message_id") or variables.get("recipient") or ""))
        self.empty: list[tuple[str, str]] = []
        self._given = variables
        self._variables: dict[str, Any] = {"_run": self._run}
        if customers is not None:
            self._variables["customers"] = Items(customers, self._run)

    def print(self, template: Template) -> str:
        """Raises InvalidInputError, AbortReached."""
        self._run.empty.clear()
        self._take(template.words)
        try:
            text = template.render(self._variables)
        except minijinja.TemplateError as error:
            raise _invalid(template.field, _jinja_sentence(error)) from error
        except RenderFault as error:
            raise _invalid(template.field, str(error)) from error
        except _PYTHON_SAYS as error:
            raise _invalid(template.field, f"a filter or method cannot be used like this: {error}") from error
        self.empty.extend((template.field, template.woven.expressions[number]) for number in self._run.empty)
        return text

    def _take(self, words: frozenset[str]) -> None:
        """Copies what a template may name: once, and nothing else."""
        try:
            for name in words & self._given.keys() - self._variables.keys():
                self._variables[name] = freeze(self._given[name], self._run)
        except LimitReached as error:
            raise _invalid("customer", str(error)) from error


_FIELDS = frozenset(Context.__struct_fields__)


def _variables(context: Context) -> dict[str, Any]:
    return {name: getattr(context, name) for name in context.__struct_fields__}


def _checked_method(printed: str) -> str:
    method = printed.strip()
    if fault := method_fault(method):
        raise _invalid("method", fault)
    return method


def _of_bearable_size(body: bytes) -> bytes:
    if len(body) > LARGEST_BODY:
        raise _invalid("body", f"is larger than {LARGEST_BODY} bytes")
    return body


def _check_header(field: str, value: str) -> None:
    try:
        header(value)
    except HeaderFault as error:
        raise _invalid(field, str(error)) from error


def _compact_json(field: str, text: str) -> bytes:
    try:
        return msgspec.json.format(text.encode("utf-8", "replace"), indent=-1)
    except (msgspec.DecodeError, RecursionError) as error:
        raise _invalid(field, f"is not JSON once rendered: {error}") from error


def _jinja_sentence(error: minijinja.TemplateError) -> str:
    if error.kind == "OutOfFuel":
        return "the template never ends, or builds more than a message can need"
    line = f"line {error.line}: " if error.line else ""
    return f"{line}{error.message}"


def _invalid(field: str, sentence: str) -> InvalidInputError:
    return InvalidInputError([Problem(field, sentence)])
