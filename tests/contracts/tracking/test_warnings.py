"""What is stored as said, but will not do what it seems meant for, is told at the door."""

from typing import Any

import pytest

from tests.support.api import ProjectApi

JANA = {"registered": "jana"}


def consent(**properties: Any) -> dict[str, Any]:
    given = {"action": "accept", "category": "whatsapp", "valid_until": "unlimited"}
    return {"customer_ids": JANA, "event_type": "consent", "properties": given | properties}


async def granted(api: ProjectApi) -> bool:
    asked = {"customer_ids": JANA, "attributes": [{"type": "consent", "category": "whatsapp"}]}
    found: bool = (await api.post("data/customers/attributes", asked)).body["results"][0]["value"]
    return found


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"valid_until": None}, "valid_until"),
        ({"valid_until": "2100-01-01"}, "UNIX"),
        ({"action": "Accept"}, "lower case"),
        ({"category": "WhatsApp"}, "case-sensitive"),
        ({"category": "no permission"}, "no-permission"),
        ({"category": ["whatsapp"]}, "missing"),
    ],
)
async def test_a_consent_that_grants_nothing_is_warned_of(api: ProjectApi, said: dict[str, Any], words: str) -> None:
    answer = await api.post("track/customers/events", consent(**said))
    assert (answer.status, answer.body["success"], answer.body["errors"]) == (200, True, [])
    assert words in answer.body["warnings"][0]
    assert not await granted(api)


@pytest.mark.parametrize("until", ["unlimited", 4102444800, "4102444800"])
async def test_a_consent_that_grants_has_no_warning(api: ProjectApi, until: object) -> None:
    answer = await api.post("track/customers/events", consent(valid_until=until))
    assert answer.body == {"success": True, "errors": []}
    assert await granted(api)


async def test_a_phone_that_cannot_be_used_is_warned_of(api: ProjectApi) -> None:
    good = {"customer_ids": JANA, "properties": {"phone": "00421 901 234 567"}}
    bad = {"customer_ids": JANA, "properties": {"phone": "0901 234 567"}}
    assert (await api.post("track/customers", good)).body == {"success": True, "errors": []}
    commands = [{"name": "customers", "command_id": name, "data": data} for name, data in (("a", good), ("b", bad))]
    first, second = (await api.post("track/batch", {"commands": commands})).body["results"]
    assert first == {"success": True, "command_id": "a"}
    assert (second["success"], second["command_id"]) == (True, "b")
    assert "country is missing" in second["warnings"][0]
