"""Two templates that say the same: what the linter says of files together."""

import pytest

from parley.templates.lint import find_same_text
from tests.rules.templates.test_lint import sound


@pytest.mark.parametrize(
    ("other", "alike"),
    [
        ({"name": "another"}, True),
        ({"language": "en_GB"}, True),
        ({}, False),  # the same file, named twice
        ({"name": "another", "footer": {"text": "Your shop"}}, False),
        ({"name": "another", "category": "AUTHENTICATION"}, False),
    ],
)
def test_it_names_the_other(other: dict[str, object], alike: bool) -> None:
    first, second = sound(), sound(**other)
    found = find_same_text([first, second])
    assert set(found) == ({(one.name, one.language) for one in (first, second)} if alike else set())
    if alike:
        assert f"{second.name} ({second.language})" in found[first.name, first.language].sentence
