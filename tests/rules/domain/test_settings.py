"""A project's settings as a file: what may stand there, and what is told of the rest."""

from typing import Any

import msgspec
import pytest

from parley.domain.errors import InvalidInputError
from parley.domain.settings import Settings, Then, parse_settings


def _parse(**fields: Any) -> Settings:
    return parse_settings(msgspec.json.encode({"kind": "settings", **fields}))


def test_a_file_that_says_nothing_holds_and_forgets_in_time() -> None:
    settings = _parse()
    assert settings == Settings()
    assert settings.uncertain.then is Then.HOLD


@pytest.mark.parametrize("then", list(Then))
def test_every_rule_can_be_chosen(then: Then) -> None:
    assert _parse(uncertain={"then": then.value}).uncertain.then is then


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"name": "other"}, "name"),
        ({"surprise": 1}, "surprise"),
        ({"uncertain": {"then": "guess"}}, "uncertain.then"),
        ({"uncertain": {"then": "resend", "after_hours": 47}}, "uncertain.after_hours"),
        ({"uncertain": {"then": "give_up", "after_hours": 0}}, "uncertain.after_hours"),
        ({"uncertain": {"after_hours": 1.5}}, "uncertain.after_hours"),
        ({"uncertain": "resend"}, "uncertain"),
        ({"retention": {"callbacks_days": 2}}, "retention.callbacks_days"),
        ({"retention": {"early_reports_days": 10**30}}, "retention.early_reports_days"),
        ({"retention": None}, "retention"),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, Any], place: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        _parse(**fields)
    assert place in str(caught.value.problems[0])
