"""Whatever a customer is called and whatever a user types, the structure of what is sent stays the author's."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from parley.domain.errors import InvalidInputError
from parley.domain.http import HttpResponse
from parley.presets import RenderedRequest, Renderer, meaning, shipped
from parley.presets.pieces import SyntaxFault, read_pieces
from parley.presets.prefix import is_under
from parley.presets.quoted_list import read_quoted_list
from tests.rules.presets.presets import context, preset

NASTY = st.sampled_from(
    ['"', "\\", '","x":"', "{{ 7 }}", "{%", "[[ a ]]", "\n", "}", "]", "'", "</x>", "\x00", "\u2028"]
)
TEXT = st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=8) | NASTY, max_size=6).map("".join)
SCALAR = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT
VALUE = st.recursive(
    SCALAR, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=6
)

RENDERER = Renderer()
LETTER = preset(
    body='{"to": ["{{ recipient }}"], "dear": "Dear {{ customer.name }},", "raw": {{ customer.name }},'
    ' "given": "[[ text : text ]]", "all": [[ list : list ]], "{{ customer.name }}": 1, "end": true}'
)


def _sent(name: str, text: str = "x", items: list[str] | None = None) -> dict[str, Any]:
    values = {"text": text, "list": items or ["a"]}
    rendered = RENDERER.render(LETTER, values, context(customer={"name": name}))
    assert isinstance(rendered, RenderedRequest)
    sent: dict[str, Any] = msgspec.json.decode(rendered.request.body)
    return sent


@given(TEXT.filter(bool))
def test_no_name_breaks_or_forges_a_body(name: str) -> None:
    expected = {
        "to": ["421901111222"],
        "dear": f"Dear {name},",
        "raw": name,
        "given": "x",
        "all": ["a"],
        name: 1,
        "end": True,
    }
    assert _sent(name) == expected


@given(TEXT)
def test_a_typed_text_arrives_as_typed_or_is_refused_by_name(text: str) -> None:
    try:
        pieces = read_pieces(text)
    except SyntaxFault:
        return
    if any(type(piece).__name__ == "Tag" for piece in pieces) or "{#" in text:
        return
    sent = _sent("Jana", text, [text])
    plain = text if "[[" not in text else sent["given"]
    assert (sent["given"], sent["all"], list(sent)) == (plain, [plain], [*_sent("Jana")])


@given(VALUE)
def test_any_value_outside_quotation_marks_is_one_value(value: Any) -> None:
    hook = preset(body='{"a": {{ customer.value }}, "b": "{{ customer.value }}", "c": 1}')
    rendered = RENDERER.render(hook, {}, context(customer={"value": value}))
    assert isinstance(rendered, RenderedRequest)
    sent = msgspec.json.decode(rendered.request.body)
    assert list(sent) == ["a", "b", "c"]
    assert isinstance(sent["b"], str)
    assert type(sent["a"]) is type(value) or isinstance(value, float)


@given(TEXT)
def test_no_name_leaves_its_place_in_an_address(name: str) -> None:
    hook = preset(
        url="https://a.example/v1/[[ part ]]/{{ customer.name }}?q={{ customer.name }}",
        authentication={"type": "bearer", "endpoint_prefix": "https://a.example/v1", "token": "made-up"},
        format="none",
        body="",
    )
    try:
        rendered = RENDERER.render(hook, {"part": "x"}, context(customer={"name": name}))
    except InvalidInputError:
        assert name.strip(".") == "" or "%" in name or "/" in name or "\\" in name or ";" in name
        return
    assert isinstance(rendered, RenderedRequest)
    assert is_under(rendered.request.url, "https://a.example/v1/x")
    assert rendered.request.url.count("?") == 1


@given(st.lists(TEXT.filter(lambda text: "{" not in text)))
def test_a_list_written_the_pages_way_is_read_back(values: list[str]) -> None:
    written = ", ".join('"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values)
    assert list(read_quoted_list(written)) == values


@given(st.integers(100, 599), st.binary(max_size=300) | VALUE.map(msgspec.json.encode), TEXT)
def test_no_answer_makes_it_stumble(status: int, body: bytes, wait: str) -> None:
    for name in ("sinch-whatsapp-template", "sinch-conversation-template"):
        meaning(shipped()[name], HttpResponse(status, (("retry-after", wait),), body), recipients=1)
