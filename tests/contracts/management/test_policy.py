"""`POST /api/v1/projects/TOKEN/policy/try`: lines of JSON, the last is the whole."""

import json
from pathlib import Path
from typing import Any

import pytest

from parley.access import Role
from parley.store.database import Database
from tests.contracts.management.test_definitions import as_role, call
from tests.support.api import ProjectApi
from tests.support.builders import add_cast

PATH, TEMPLATE = "/policy/try", {"template": "order_shipped"}
SHIPPED = (Path(__file__).parents[3] / "examples" / "order-shipped.template.json").read_bytes()


async def test_it_counts_what_would_be_refused(api: ProjectApi, database: Database) -> None:
    await add_cast(database, api.project)
    await call(api, "PUT", "/template/order_shipped.en", SHIPPED)
    answer = await call(api, "POST", PATH, TEMPLATE, under="")
    assert answer.status == 200, answer.text
    last = json.loads(answer.text.splitlines()[-1])
    assert (last["looked_at"], last["in_audience"], last["refused"]) == (3, 3, 3)
    assert last["reasons"][0]["code"] == "no_sender"
    assert last["reasons"][0]["examples"][0]["sentence"].startswith("The project has no WhatsApp integration")


async def test_a_template_that_does_not_exist_is_told_at_once_with_the_nearest(api: ProjectApi) -> None:
    await call(api, "PUT", "/template/order_shipped.en", SHIPPED)
    answer = await call(api, "POST", PATH, {"template": "order_shiped"}, under="")
    told = ["template: there is no template order_shiped; did you mean order_shipped?"]
    assert (answer.status, answer.body["errors"]) == (400, told)


@pytest.mark.parametrize("wish", [{}, {"campaign": "none"}, {"surprise": 1}, [], {"template": "a", "condition": []}])
async def test_what_cannot_be_tried_is_told(api: ProjectApi, wish: Any) -> None:
    answer = await call(api, "POST", PATH, wish, under="")
    assert answer.status == 400
    assert answer.body["success"] is False


async def test_it_is_for_whoever_may_send(api: ProjectApi, database: Database) -> None:
    viewer = await as_role(api, database, Role.VIEWER)
    assert (await call(viewer, "POST", PATH, TEMPLATE, under="")).status == 403
