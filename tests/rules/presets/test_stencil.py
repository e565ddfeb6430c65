"""The stencil is only faster: what it makes is what minijinja makes, and where that could differ there is none."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.domain.errors import InvalidInputError
from parley.presets import Aborted, Context, OwnTexts, Preset, RenderedRequest, Renderer, shipped
from parley.presets.prepare import prepare
from parley.presets.rendering import Printer, Template
from parley.presets.stencil import LONGEST_VALUE, Stencil, stencil_of
from tests.rules.presets.presets import Case, cases, context, preset
from tests.rules.presets.test_properties import TEXT

FIELDS = frozenset(Context.__struct_fields__)
RENDERER = Renderer()
GIVEN = {"a": "{{ form_values.a }}", "many": ["{{ form_values.many[0] }}", "{{ form_values.many[1] }}"]}
PLAIN = preset(
    body='{"to": "{{ recipient }}", "a": "x [[ a ]]", {% if [[ many ]] %}"many": [[ many : list ]]{% endif %}}'
)


def _stencil(of: Preset, values: dict[str, Any]) -> Stencil | None:
    body = prepare(of, values).body
    template = Template("body", body)
    return stencil_of(body.parts, FIELDS, lambda variables: Printer(variables).print(template).encode())


def _both(of: Preset, values: dict[str, Any], seen: Context) -> list[Any]:
    """What comes of it in the plain way, and in the fast one."""
    plain, fast = Renderer(), Renderer()
    return [
        _outcome(lambda: plain.render(of, values, seen)),
        _outcome(lambda: fast.render_form("a form", of, lambda: values, _own(seen), lambda: seen)),
    ]


def _own(seen: Context) -> OwnTexts:
    return OwnTexts(seen.recipient, seen.message_id, seen.form_values)


def _outcome(render: Any) -> RenderedRequest | Aborted | list[str]:
    try:
        outcome: RenderedRequest | Aborted = render()
    except InvalidInputError as error:
        return [str(problem) for problem in error.problems]
    return outcome


@pytest.mark.parametrize("case", cases("shipped.json"))
def test_it_agrees_on_every_shipped_preset(case: Case) -> None:
    plain, fast = _both(shipped()[case["preset"]], case["values"], Context(**case["context"]))
    assert plain == fast


@pytest.mark.parametrize("case", cases("rendered.json"))
def test_it_agrees_on_every_rendering(case: Case) -> None:
    plain, fast = _both(preset(**case["preset"]), case["values"], Context(**case["context"]))
    assert plain == fast


@given(TEXT | st.text(), st.lists(TEXT, min_size=2, max_size=2), TEXT)
def test_it_agrees_whatever_the_texts_are(a: str, many: list[str], recipient: str) -> None:
    seen = context(recipient=recipient, form_values={"a": a, "many": many})
    plain = _outcome(lambda: RENDERER.render(PLAIN, GIVEN, seen))
    fast = _outcome(lambda: RENDERER.render_form("plain", PLAIN, lambda: GIVEN, _own(seen), lambda: seen))
    assert plain == fast


ODD: list[Any] = [None, 7, True, 1.5, ["x"], {"x": "y"}, "x" * (LONGEST_VALUE + 1), "x" * 2_000_000, "\ud800"]


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: repr(odd)[:20])
def test_it_leaves_what_is_no_short_text_to_the_plain_way(odd: Any) -> None:
    stencil = _stencil(PLAIN, GIVEN)
    seen = context(form_values={"a": odd, "many": ["x", "y"]})
    assert stencil is not None
    assert stencil.fill(seen) is None
    plain, fast = _both(PLAIN, GIVEN, seen)
    assert plain == fast


def test_it_fills_a_template_message() -> None:
    values = {
        "account": "bot",
        "bearer_token": "t",
        "template_name": "{{ form_values.name }}",
        "parameters": GIVEN["many"],
    }
    stencil = _stencil(shipped()["sinch-whatsapp-template"], values)
    assert stencil is not None
    assert stencil.fill(context(form_values={"name": "n", "many": ["x", "y"]})) is not None


@pytest.mark.parametrize("media", ["text", "image"])
def test_it_fills_a_template_message_of_the_conversation_api(media: str) -> None:
    of = shipped()["sinch-conversation-template"]
    account = {"project_id": "p", "app_id": "a", "key_id": "k", "key_secret": "s", "language": "en", "media": media}
    own = {"template_name": "{{ form_values.name }}", "media_url": "{{ form_values.link }}"}
    values = account | own | {"parameters": GIVEN["many"], "header_parameters": GIVEN["many"][:1]}
    seen = context(form_values={"name": "n", "many": ["x", 'y"'], "link": "https://shop.test/p.png"})
    stencil = _stencil(of, values)
    assert stencil is not None
    assert stencil.fill(seen) is not None
    plain, fast = _both(of, values, seen)
    assert plain == fast


CARRYING = [
    '{% set xs = [] %}{% for x in [[ many : list ]] %}{% append ["k" ~ loop.index, x] to xs %}{% endfor %}'
    '{ {%- for x in xs %}{% if not loop.first %},{% endif %}"{{ x[0] }}": "{{ x[1] }}"{% endfor -%} }',
    '{"a": [{% for x in [[ many : list ]] %}"{{ x }}{{ x }}"{% if not loop.last %},{% endif %}{% endfor %}]}',
    '{% set xs = [] %}{% append [[ a ]] to xs %}{% append recipient to xs %}{% append "-" to xs %}'
    '{"a": "{% for x in xs %}{{ x }}{% endfor %}"}',
]
"""Bodies that carry texts through names, lists and loops."""


@pytest.mark.parametrize("body", CARRYING)
@given(a=TEXT, many=st.lists(TEXT, min_size=2, max_size=2), recipient=TEXT)
def test_it_agrees_on_texts_that_are_carried_through_lists(body: str, a: str, many: list[str], recipient: str) -> None:
    hook = preset(body=body)
    values = {name: GIVEN[name] for name in GIVEN if f"[[ {name}" in body}
    assert _stencil(hook, values) is not None
    plain, fast = _both(hook, values, context(recipient=recipient, form_values={"a": a, "many": many}))
    assert plain == fast


LOOKING = [
    '{% for x in [[ many : list ]] %}{% if x == "x" %}{% endif %}{% endfor %}{"a": ""}',
    '{% set xs = [] %}{% for x in [[ many : list ]] %}{% append x ~ "!" to xs %}{% endfor %}{"a": "{{ xs[0] }}"}',
    '{% set xs = [] %}{% append [["a"], recipient] to xs %}{"a": "{{ xs[0] }}"}',
    '{% set xs = [] %}{% append ["k", recipient] to xs %}{"a": "{% for x in xs %}{{ x }}{% endfor %}"}',
    '{"a": "{% for x in [[ many : list ]] %}{{ x[0] }}{% endfor %}"}',
    '{"a": "{% for x in [[ many : list ]] %}{{ x[1] }}{% endfor %}"}',
    '{"a": "{% for x in [[ many : list ]] %}{% for y in x %}-{% endfor %}{% endfor %}"}',
    '{"a": "{% for x in [[ many : list ]] %}{% if loop.previtem %}-{% endif %}{% endfor %}"}',
    '{"a": "{% for x in [[ many : list ]] if x %}-{% endfor %}"}',
    '{"a": "{% for x in recipient %}-{% endfor %}"}',
    '{"a": "{% for x in form_values %}{{ x }}{% endfor %}"}',
    '{% set xs = [] %}{% append [1] ~ [recipient, recipient] to xs %}{"a": "{{ xs[0] }}"}',
    '{% set xs = [] %}{% append [recipient, recipient] to xs %}{"a": "{{ xs[0] }}"}',
    '{% for recipient in ["x"] %}{% endfor %}{"a": "{{ recipient }}"}',
    '{"a": "{{ form_values.many }}"}',
    '{"a": "{{ form_values.a }}{{ form_values.a[0] }}"}',
    '{"a": "{% output [[ many : list ]] separated by ", " %}"}',
]
"""Bodies that look into texts, or could."""


@pytest.mark.parametrize("body", LOOKING)
def test_it_never_differs_where_a_text_is_looked_into(body: str) -> None:
    hook = preset(body=body)
    values = {name: GIVEN[name] for name in GIVEN if f"[[ {name}" in body}
    for many in (["x", "y"], ["\ue000", ""], ["abc", 'a"b'], ["", ""]):
        plain, fast = _both(hook, values, context(form_values={"a": "long text", "many": many}))
        assert plain == fast


def test_a_text_that_is_named_and_not_printed_must_be_a_text_too() -> None:
    body = '{% set xs = [] %}{% append [[ a ]] to xs %}{"a": "x"}'
    stencil = _stencil(preset(body=body), {"a": GIVEN["a"]})
    assert stencil is not None
    assert stencil.fill(context(form_values={"a": 7})) is None


@pytest.mark.parametrize(
    "body",
    [
        '{"a": "{% if recipient == "1" %}x{% endif %}"}',
        '{"a": "{{ recipient | upper }}"}',
        '{"a": "{{ customer.name }}"}',
        '{"a": {{ recipient }}}',
        '{% set recipient = "x" %}{"a": "{{ recipient }}"}',
        '{% set x %}{{ recipient }}{% endset %}{"a": "{{ x }}"}',
        '{"a": "{{ ["x", "y"] | random }}"}',
        '{"a": "{% if [[ a ]] == "x" %}y{% endif %}"}',
        '{"a": "\ue000"}',
    ],
)
def test_it_is_not_there_when_more_than_printed_texts_differs(body: str) -> None:
    hook = preset(body=body)
    values = {"a": GIVEN["a"]} if "[[" in body else {}
    assert _stencil(hook, values) is None
    seen = context(form_values={"a": "x"})
    plain, fast = _both(hook, values, seen)
    assert plain == fast


def test_it_takes_no_text_for_a_value() -> None:
    said = "{{ _json_text(((recipient)), 0, _run) }}"
    hook = preset(body=f'{{"a": "{{{{ "{said}" }}}}", "b": "[[ b ]]"}}')
    plain, fast = _both(hook, {"b": said.replace("{{", "{ {")}, context())
    assert plain == fast
    assert isinstance(fast, RenderedRequest)
    assert msgspec.json.decode(fast.request.body)["a"] == said
