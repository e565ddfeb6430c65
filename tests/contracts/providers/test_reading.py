"""What a callback's bytes say, safe to keep; and the fast way to it agrees with the plain one."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parley.providers.reading import Tree, decode, is_harmless

LEAVES = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text()
TREES = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=30)


def _walked_through(tree: Any) -> Any:
    """As decoded the plain way: a letter beyond ASCII beside it leads there."""
    body = msgspec.json.encode(["é", tree])
    assert not is_harmless(body)
    read = decode(body)
    assert isinstance(read, Tree)
    return read.value[1]


@settings(deadline=None)
@given(TREES)
def test_a_body_that_nobody_need_walk_through_says_the_same(tree: Any) -> None:
    assert decode(msgspec.json.encode(tree)) == Tree(_walked_through(tree))


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":"\\u0000"}',
        b'{"a":"\\ud83d"}',
        b'{"a":"\0"}',
        b'{"a":1234567890123456789}',
        b'{"a":[-1234567890123456789]}',
        b"1234567890123456789",
        '{"a":"é"}'.encode(),
        b"[" * 100 + b"]" * 100,
    ],
)
def test_what_could_do_harm_is_walked_through(body: bytes) -> None:
    assert not is_harmless(body)


def test_a_usual_body_is_harmless() -> None:
    body = b'{"message":{"id":"01BENCH00000000000000000001","text":"0123456789012345678","n":123456789,"x":-1.5e3}}'
    assert is_harmless(body)
    assert decode(body) == Tree(msgspec.json.decode(body))
