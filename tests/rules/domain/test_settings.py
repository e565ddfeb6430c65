"""A project's settings as a file: what may stand there, and what is told of the rest."""

from typing import Any

import msgspec
import pytest

from parley.domain.errors import InvalidInputError
from parley.domain.settings import Settings, Then, parse_settings


def _parse(**fields: Any) -> Settings:
    return parse_settings(msgspec.json.encode({"kind": "settings"} | fields))


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
        ({"time_zone": {"project": "CET+1"}}, "time_zone.project"),
        ({"time_zone": {"project": "Europe"}}, "time_zone.project"),
        ({"time_zone": {"project": "../../etc/passwd"}}, "time_zone.project"),
        ({"time_zone": {"attribute": ""}}, "time_zone.attribute"),
        ({"quiet_hours": {"spans": []}}, "quiet_hours.spans"),
        ({"quiet_hours": {"spans": [{"from": "24:00", "to": "08:00"}]}}, "quiet_hours.spans[0].from"),
        ({"quiet_hours": {"spans": [{"from": "9pm", "to": "08:00"}]}}, "quiet_hours.spans[0].from"),
        ({"quiet_hours": {"spans": [{"from": "21:00"}]}}, "quiet_hours.spans[0]"),
        ({"quiet_hours": {"spans": [{"from": "21:00", "to": "08:00", "days": []}]}}, "quiet_hours.spans[0].days"),
        ({"quiet_hours": {"spans": [{"from": "21:00", "to": "08:00", "days": ["Mo"]}]}}, "quiet_hours.spans[0].days"),
        ({"quiet_hours": {"spans": [{"from": "00:00", "to": "00:00"}]}}, "quiet_hours.spans"),
        ({"quiet_hours": {"spans": [{"from": "08:00", "to": "20:00"}, {"from": "19:00", "to": "08:00"}]}}, "spans"),
        ({"quiet_hours": {"spans": [{"from": "21:00", "to": "08:00"}], "except": {"replies": True}}}, "except"),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, Any], place: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        _parse(**fields)
    assert place in str(caught.value.problems[0])


@pytest.mark.parametrize(
    ("fields", "places"),
    [
        ({"surprise": 1, "other": 2, "rules": "none"}, ["surprise", "other", "rules"]),
        ({"uncertain": {"then": "guess", "after_hours": 0}}, ["uncertain.then", "uncertain.after_hours"]),
        (
            {"quiet_hours": {"spans": [{"from": "9pm"}]}, "retention": None},
            ["retention", "quiet_hours.spans[0].from", "quiet_hours.spans[0].to"],
        ),
        (
            {"uncertain": {"then": "resend", "after_hours": 1}, "time_zone": {"project": "CET+1"}},
            ["uncertain.after_hours", "time_zone.project"],
        ),
        ({"kind": 5, "rules": "none"}, ["kind", "rules"]),
        ({"retention": None, "rules": "none"}, ["retention", "rules"]),
    ],
)
def test_all_that_is_wrong_is_told_at_once(fields: dict[str, Any], places: list[str]) -> None:
    with pytest.raises(InvalidInputError) as caught:
        _parse(**fields)
    assert sorted(one.field for one in caught.value.problems) == sorted(places)


def test_quiet_hours_may_leave_a_minute_of_the_week() -> None:
    weekday = {
        "from": "00:00",
        "to": "00:00",
        "days": ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday"],
    }
    spans = [weekday, {"from": "00:00", "to": "23:59", "days": ["sunday"]}]
    assert _parse(quiet_hours={"spans": spans}).quiet_hours is not None
