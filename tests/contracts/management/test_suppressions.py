"""`/api/v1`: the suppression list over HTTP, and that it outlives an erasure."""

from typing import Any

import pytest

from parley.access import Role
from parley.domain.suppression import Reason, Scope, Suppression
from parley.services.anonymize import anonymize
from parley.services.people import people
from parley.store.database import Database
from parley.store.suppressions import NewSuppression, suppress
from tests.contracts.management.test_definitions import as_role
from tests.contracts.management.test_definitions import call as call_under
from tests.support.api import Answer, ProjectApi
from tests.support.builders import NOW, Cast, add_customer

ALICE = "+421 901 000 001"


async def call(api: ProjectApi, method: str, path: str, body: Any = None) -> Answer:
    return await call_under(api, method, path, body, under="/suppressions")


async def test_an_address_goes_on_the_list_and_off_it(api: ProjectApi, cast: Cast, database: Database) -> None:
    added = await call(api, "POST", "/", {"address": ALICE, "scope": "marketing", "note": "complained"})
    assert (added.status, added.body["data"]["address"]) == (201, "421901000001")
    (line,) = (await call(api, "GET", "/?address=00421901000001")).body["data"]["suppressions"]
    assert (line["reason"], line["scope"], line["note"]) == ("operator", "marketing", "complained")
    async with database.connection() as connection:
        listed = {ident: one.suppressions for ident, one in (await people(connection, [cast.alice, cast.bob])).items()}
    assert [one.reason for one in listed[cast.alice]] == ["operator"]
    assert listed[cast.bob] == ()
    assert (await call(api, "DELETE", "/421901000001")).body["data"] == {"removed": 1}
    assert (await call(api, "DELETE", "/421901000001")).body["data"] == {"removed": 0}


async def test_the_list_is_read_page_by_page(api: ProjectApi) -> None:
    for number in range(5):
        await call(api, "POST", "/", {"address": f"+42190100010{number}"})
    seen, after = [], ""
    while after is not None:
        page = (await call(api, "GET", f"/?size=2{after and f'&after={after}'}")).body["data"]
        seen += [line["address"] for line in page["suppressions"]]
        after = page["next"]
    assert sorted(seen) == [f"42190100010{number}" for number in range(5)]


async def test_it_outlives_the_erasure_of_its_customer(api: ProjectApi, cast: Cast, database: Database) -> None:
    await call(api, "POST", "/", {"address": ALICE, "note": "complained"})
    await anonymize(database, api.project.project, [cast.alice], NOW)
    (line,) = (await call(api, "GET", "/")).body["data"]["suppressions"]
    assert (line["address"], line["note"]) == (None, None)
    again = await add_customer(database, api.project, "alice-again", {"phone": ALICE})
    async with database.connection() as connection:
        (person,) = (await people(connection, [again])).values()
    assert [one.reason for one in person.suppressions] == ["operator"]


async def test_every_form_of_a_number_is_meant(api: ProjectApi, database: Database) -> None:
    await call(api, "POST", "/", {"address": "+55 11 91234-5678"})
    old_form = await add_customer(database, api.project, "ana", {"phone": "+551191234-5678"})
    async with database.connection() as connection:
        (person,) = (await people(connection, [old_form])).values()
    assert len(person.suppressions) == 1


async def test_a_stop_is_not_taken_off_by_hand(api: ProjectApi, cast: Cast, database: Database) -> None:
    said = NewSuppression("421901000001", Suppression(Reason.STOP, Scope.ALL, NOW), "alice")
    async with database.transaction() as connection:
        await suppress(connection, api.project.project_id, [said])
    answer = await call(api, "DELETE", "/421901000001")
    assert answer.status == 409
    assert "parley consent grant" in answer.text


@pytest.mark.parametrize(
    "body",
    [{}, {"address": "0901"}, {"address": ALICE, "scope": "some"}, {"address": ALICE, "note": "x" * 2000}, b"{", []],
)
async def test_what_cannot_be_used_is_refused(api: ProjectApi, body: Any) -> None:
    assert (await call(api, "POST", "/", body)).status == 400
    assert (await call(api, "GET", "/")).body["data"]["suppressions"] == []


@pytest.mark.parametrize("query", ["size=0", "size=x", "after=zz", "address=0901"])
async def test_an_odd_question_is_refused(api: ProjectApi, query: str) -> None:
    assert (await call(api, "GET", f"/?{query}")).status == 400


async def test_a_viewer_reads_and_does_not_write(api: ProjectApi, database: Database) -> None:
    viewer = await as_role(api, database, Role.VIEWER)
    assert (await call(viewer, "GET", "/")).status == 200
    assert (await call(viewer, "POST", "/", {"address": ALICE})).status == 403
    assert (await call(viewer, "DELETE", "/421901000001")).status == 403
