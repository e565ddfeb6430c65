"""An account's limits: its file's word, else what is known of its API; null is no limit, nonsense is refused."""

import json
from typing import Any

import pytest

from parley.domain.errors import InvalidInputError
from parley.integrations import Integration, parse_integration

ACCOUNTS = {
    "sinch_legacy": {"account": "bot", "bearer_token": "t"},
    "sinch_conversation": {"project_id": "P", "app_id": "A", "key_id": "k", "key_secret": "s"},
}


def _integration(api: str = "sinch_conversation", **limits: Any) -> Integration:
    file = {"kind": "integration", "name": "shop", "api": api, "account": ACCOUNTS[api], "limits": limits}
    return parse_integration(json.dumps(file).encode())


@pytest.mark.parametrize(("api", "expected"), [("sinch_legacy", (20, None)), ("sinch_conversation", (20, 800))])
def test_each_api_has_its_defaults(api: str, expected: tuple[float, float | None]) -> None:
    integration = _integration(api)
    assert (integration.messages_per_second, integration.requests_per_second) == expected


def test_the_file_says_otherwise() -> None:
    integration = _integration(messages_per_second=80, requests_per_second=0.5)
    assert (integration.messages_per_second, integration.requests_per_second) == (80, 0.5)


def test_null_is_no_limit() -> None:
    integration = _integration(messages_per_second=None, requests_per_second=None)
    assert (integration.messages_per_second, integration.requests_per_second) == (None, None)


@pytest.mark.parametrize(
    ("tier", "people"),
    [("250", 250), ("2K", 2_000), ("100K", 100_000), (1_500, 1_500), ("unlimited", None), (None, None)],
)
def test_a_tier_is_a_level_of_whatsapp_or_a_number(tier: object, people: int | None) -> None:
    assert _integration(tier=tier).people_per_day == people
    assert _integration().people_per_day is None


@pytest.mark.parametrize(
    ("limits", "field"),
    [
        ({"messages_per_second": 0}, "limits.messages_per_second"),
        ({"messages_per_second": 1001}, "limits.messages_per_second"),
        ({"messages_per_second": "80"}, "limits.messages_per_second"),
        ({"requests_per_second": -1}, "limits.requests_per_second"),
        ({"per_second": 1}, "limits.per_second"),
        ({"tier": 0}, "limits.tier"),
        ({"tier": "3K"}, "limits.tier"),
        ({"tier": 2.5}, "limits.tier"),
        ({"tier": "2K", "portfolio": ""}, "limits.portfolio"),
        ({"portfolio": "P"}, "limits.tier"),
    ],
)
def test_nonsense_is_refused_by_its_field(limits: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        _integration(**limits)
    assert [problem.field for problem in refused.value.problems] == [field]
