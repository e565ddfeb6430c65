"""What an address or a query of `/api/v1` cannot be is told as it was written, with what it can be."""

import pytest

from parley.domain.message import State
from tests.contracts.management.test_definitions import call
from tests.support.api import ProjectApi

ALICE = "/messages?customer=registered=alice"
STATES = ", ".join(State)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (f"{ALICE}&state=bogus", f"state: must be one of {STATES}; it is 'bogus'."),
        (f"{ALICE}&state=queued&state=bogus", f"state: must be one of {STATES}; it is 'bogus'."),
        (f"{ALICE}&size=many", "size: must be a whole number; it is 'many'."),
        (f"{ALICE}&size=0", "size: must be at least 1."),
        (f"{ALICE}&size=5000", "size: must be at most 1000."),
        (f"{ALICE}&since=lately", "since: The time 'lately' is neither UNIX seconds nor ISO 8601."),
        ("/costs?by=week", "by: must be one of day, market, category, scenario; it is 'week'."),
        ("/costs?until=2026-02-31", "until: must be a date like 2026-11-23; it is '2026-02-31'."),
        (f"/costs?until={'9' * 1000}", f"until: must be a date like 2026-11-23; it is '{'9' * 40}'."),
        ("/consents/uploads?failed=perhaps", "failed: must be true or false; it is 'perhaps'."),
    ],
)
async def test_a_value_that_cannot_be_is_told_with_what_can(api: ProjectApi, asked: str, sentence: str) -> None:
    answer = await call(api, "GET", asked, under="")
    assert (answer.status, answer.body) == (400, {"success": False, "errors": [sentence]})


@pytest.mark.parametrize(
    ("method", "address", "there"),
    [
        ("POST", "/campaigns/sale/stop", "cancel, launch, pause, resume"),
        ("POST", "/campaigns/sale/PAUSE", "cancel, launch, pause, resume"),
        ("POST", "/templates/cart_reminder.en/approve", "override, release, status, submit"),
        ("GET", "/templates/cart_reminder.en/release_notes", "file, history"),
        ("POST", "/senders/shop-whatsapp/stop", "release"),
    ],
)
async def test_an_action_that_does_not_exist_is_told_with_those_that_do(
    api: ProjectApi, method: str, address: str, there: str
) -> None:
    answer = await call(api, method, address, under="")
    told = f"There is nothing at this address; there is {there}."
    assert (answer.status, answer.body) == (404, {"success": False, "errors": [told]})


async def test_a_kind_of_definition_that_does_not_exist_is_told_with_those_that_do(api: ProjectApi) -> None:
    answer = await call(api, "GET", "/definitions/senario/cart", under="")
    (sentence,) = answer.body["errors"]
    assert answer.status == 404
    assert sentence.startswith("kind: must be one of auto_response, campaign, ")
    assert sentence.endswith("; it is 'senario'.")


async def test_an_address_without_neighbours_is_told_alone(api: ProjectApi) -> None:
    answer = await call(api, "GET", "/no/such/thing/at/all", under="")
    assert (answer.status, answer.body["errors"]) == (404, ["There is nothing at this address."])
