"""A text that only names a text is that text: the fast way agrees with Jinja."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parley.domain.errors import InvalidInputError
from parley.presets import Aborted, render_text

WORDS = st.text(max_size=5) | st.sampled_from(["a\nb", "a\0b", "\ud83d", "<é>", "{{ x }}"])
VALUES = st.none() | st.booleans() | st.integers() | WORDS | st.lists(WORDS, max_size=2)
NAMES = st.sampled_from(["body", "type", "items", "keys", "pop", "x"])
OF_JINJA = [
    "true",
    "false",
    "none",
    "not",
    "in",
    "is",
    "and",
    "or",
    "if",
    "else",
    "self",
    "super",
    "loop",
    "caller",
    "range",
    "dict",
    "namespace",
    "set",
    "for",
    "block",
]
FIELDS = st.dictionaries(st.sampled_from(["message", "type", "x", *OF_JINJA]), VALUES | st.dictionaries(NAMES, VALUES))
NAMED = ["message", "type", "x", "message.body", "message.items", "x.keys", "x.x", "message.true"]


def _outcome(text: str, fields: dict[str, Any]) -> str | Aborted | type[Exception]:
    try:
        return render_text(text, fields)
    except InvalidInputError as error:
        return type(error)


@settings(deadline=None)
@given(FIELDS, st.sampled_from(NAMED))
def test_naming_prints_as_jinja_does(fields: dict[str, Any], name: str) -> None:
    by_jinja = f"{{{{ {name} }}}}{{# a comment leads there #}}"
    assert _outcome(f"{{{{ {name} }}}}", fields) == _outcome(by_jinja, fields)


@pytest.mark.parametrize("word", OF_JINJA)
@pytest.mark.parametrize("value", ["said", {"x": "said"}])
@pytest.mark.parametrize("after", ["", ".x"])
def test_words_of_jinja_stay_its_own(word: str, value: Any, after: str) -> None:
    by_jinja = f"{{{{ {word}{after} }}}}{{# a comment leads there #}}"
    assert _outcome(f"{{{{ {word}{after} }}}}", {word: value}) == _outcome(by_jinja, {word: value})


@pytest.mark.parametrize("text", ["{{message.body}}", "{{ message.body }}", "{{ message.body}}"])
def test_spaces_do_not_matter(text: str) -> None:
    assert render_text(text, {"message": {"body": "{{ 1 }} <b>"}}) == "{{ 1 }} <b>"
