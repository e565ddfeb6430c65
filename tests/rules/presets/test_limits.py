"""Templates that never end, that double what they hold, or that reach for what is not theirs."""

import pytest

from parley.domain.errors import InvalidInputError
from parley.presets import RenderedRequest, Renderer, render_text
from tests.rules.presets.presets import context, preset

CUSTOMER = {"name": "Alice", "list": [1, 2, 3], "deep": {"x": {"y": "z"}}}

ENDLESS = {
    "loops": "{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}",
    "repeated text": '{{ "x" * 999999999 }}',
    "text that doubles": '{% set a = "xxxx" %}' + "{% set a = a ~ a %}" * 40 + "{{ a }}",
    "captured text that doubles": '{% set a = "xxxx" %}' + "{% set a %}{{ a }}{{ a }}{% endset %}" * 40 + "{{ a }}",
    "lists that double": "{% set a = [1, 1] %}" + "{% set a = [a, a] %}" * 40 + "{{ a }}",
    "records that double": "{% set a = [1] %}" + '{% set a = {"x": a, "y": a} %}' * 40 + "{{ a | json }}",
    "lists that double in loops": "{% for a in [[1, 1]] %}"
    + "{% for a in [[a, a, a, a, a, a, a, a]] %}" * 15
    + "{{ a }}"
    + "{% endfor %}" * 16,
    "sums of lists": "{% set a = customer.list %}" + "{% set a = a + a %}" * 40 + "{{ a | length }}",
    "a list in itself": "{% set a = [1] %}{% for i in range(9999) %}{% append a to a %}{% endfor %}{{ a }}",
    "replacing": '{% set a = "a" * 50000 %}{{ a | replace("a", a) }}',
    "joining": '{% set a = "a" * 50000 %}{{ range(50000) | join(a) }}',
    "indenting": '{{ "a\nb" | indent(999999999) }}',
    "formatting": '{{ "%999999999d" | format(1) }}',
    "batches": "{{ [1] | batch(999999999, 0) | list }}",
    "much hashing": '{% set a = "a" * 50000 %}{% for i in range(99999) %}{{ a | hash }}{% endfor %}',
    "much JSON": "{% for i in range(99999) %}{% set a = customer | json %}{% endfor %}",
    "much parsing": '{% set a = "[" ~ ("1," * 9999) ~ "1]" %}'
    "{% for i in range(9999) %}{% set b = a | from_json %}{% endfor %}",
    "lists that are multiplied": '{{ ["a"] * 999999999 }}',
    "lists that are multiplied from the left": '{{ 999999999 * ["a"] | list }}',
    "a multiplied list handed to a filter": '{{ "a" | default(["a"] * 999999999) }}',
    "batches filled with lists": '{{ ("a," * 300).split(",") | map("batch", 3000, range(300)) | json }}',
    "slices filled with lists": '{{ ("a," * 300).split(",") | map("slice", 3000, range(300)) | json }}',
    "lists for whatever is missing": "{{ range(9999) | map(attribute='x', default=range(9999) | sort) | json }}",
    "lists in chains": "{% set a = range(9999) %}{{ a | chain(" + "a," * 900 + "a) }}",
    "copies of a long text": '{% set a = "a" * 50000 %}{% set b = [] %}'
    + "{% for i in range(4000) %}{% append a to b %}{% endfor %}",
    "much searching": "{% set a = range(9999) %}{% for i in range(9999) %}{% do a.index(9998) %}{% endfor %}",
    "much counting": "{% set a = range(9999) %}{% for i in range(9999) %}{% do a.count(1) %}{% endfor %}",
    "much drawing": "{% set a = range(9999) %}{% for i in range(9999) %}{% do a | random %}{% endfor %}",
    "a deep parse": '{{ ("[" * 9999) | from_json }}',
}
GREEDY = {
    "emptying": "{{ customer.clear() }}",
    "emptying by another name": '{{ customer["cle" ~ "ar"]() }}',
    "extending": "{{ customer.list.extend(customer.list) }}",
    "calling what is no function": "{{ customer() }}",
    "a filter with too much": "{{ customer.name | hash(1, 2, 3) }}",
    "infinity": '{{ (1e308 * 10) | round("ceil") }}',
    "dividing by nothing": "{{ 1 / 0 }}",
    "no such hash": '{{ "a" | hash("crc") }}',
    "no such place": '{{ 0 | from_timestamp("%Y", "Mars/Base") }}',
    "no such moment": '{{ "soon" | from_timestamp }}',
    "no such date": '{{ "soon" | to_timestamp }}',
    "a pattern that names the year twice": '{{ "2026" | to_timestamp("%Y%Y") }}',
    "batches of none": "{{ [1] | batch(0) }}",
    "slices of no number": '{{ [1] | slice("x") }}',
    "appending to text": "{% append 1 to customer.name %}",
    "spreading a list": "{{ range(*customer.list) }}",
    "spreading a record": "{{ customer.name | replace(**customer) }}",
}


@pytest.mark.parametrize("body", ENDLESS.values(), ids=ENDLESS)
def test_it_stops_what_never_ends(body: str) -> None:
    with pytest.raises(InvalidInputError):
        Renderer().render(preset(format="text", body=body), {}, context(customer=CUSTOMER))


@pytest.mark.parametrize("body", GREEDY.values(), ids=GREEDY)
def test_it_tells_what_cannot_be_done(body: str) -> None:
    with pytest.raises(InvalidInputError, match="body: "):
        Renderer().render(preset(format="text", body=body), {}, context(customer=CUSTOMER))


def test_a_template_changes_only_its_own_copy() -> None:
    customer = {"list": [1], "deep": {"list": [1]}}
    body = (
        "{% append 2 to customer.list %}{{ customer.deep.list.append(3) }}{{ customer.list.pop() }}{{ customer.list }}"
    )
    rendered = Renderer().render(preset(format="text", body=body), {}, context(customer=customer))
    assert isinstance(rendered, RenderedRequest)
    assert rendered.request.body == b"2[1]"
    assert customer == {"list": [1], "deep": {"list": [1]}}


def test_the_same_message_always_draws_the_same_lot() -> None:
    hook = preset(format="text", body="{{ range(1000) | random }} {{ range(1000) | random }}")
    drawn = [Renderer().render(hook, {}, context(message_id=name)) for name in ("a", "a", "b")]
    assert drawn[0] == drawn[1] != drawn[2]


def test_a_renderer_keeps_no_more_than_it_may() -> None:
    renderer, hook = Renderer(capacity=3), preset(body='"[[ a ]]"')
    bodies = [renderer.render(hook, {"a": str(n % 5)}, context()) for n in range(20)]
    assert [one.request.body for one in bodies if isinstance(one, RenderedRequest)] == [
        b'"%d"' % (n % 5) for n in range(20)
    ]


def test_a_lone_text_is_rendered_within_the_same_limits() -> None:
    assert render_text("Dear {{ customer.name }}", {"customer": {"name": 'A"'}}) == 'Dear A"'
    with pytest.raises(InvalidInputError):
        render_text("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}", {})
    with pytest.raises(InvalidInputError, match="NUL"):
        render_text(r"{{ '\u0000' }}", {})
