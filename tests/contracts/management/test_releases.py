"""`/api/v1`: what was stopped is released over HTTP, by whoever may change it."""

import pytest

from parley.access import Role
from parley.store.database import Database
from parley.store.stops import Stop, put_stop, stops_of
from tests.contracts.management.test_definitions import INTEGRATION, as_role, call
from tests.support.api import Answer, ProjectApi
from tests.support.builders import NOW

TEMPLATE = {
    "kind": "template",
    "name": "sale",
    "language": "en",
    "category": "PAYMENT_UPDATE",
    "body": {"text": "Your payment has arrived. Thank you for your order."},
}
SENDER, SALE = "/senders/shop-whatsapp/release", "/templates/sale.en/release"


@pytest.fixture
async def stopped(api: ProjectApi, database: Database) -> ProjectApi:
    await call(api, "PUT", "/integration/shop-whatsapp", INTEGRATION)
    await call(api, "PUT", "/template/sale.en", TEMPLATE)
    async with database.transaction() as connection:
        for template in ("", "sale.en"):
            stop = Stop("shop-whatsapp", "billing", "Pay first.", template)
            assert await put_stop(connection, api.project.project_id, stop, NOW, NOW)
    return api


async def _release(api: ProjectApi, path: str) -> Answer:
    return await call(api, "POST", path, under="")


@pytest.mark.parametrize("path", [SENDER, SALE])
async def test_it_is_released_once(stopped: ProjectApi, database: Database, path: str) -> None:
    assert (await _release(stopped, path)).body == {"success": True, "data": {"released": True}}
    assert (await _release(stopped, path)).body == {"success": True, "data": {"released": False}}
    async with database.connection() as connection:
        assert len(await stops_of(connection, stopped.project.project_id)) == 1  # the other stands


@pytest.mark.parametrize("path", ["/senders/other/release", "/templates/other.en/release", "/templates/%00/release"])
async def test_what_there_is_not_is_told(stopped: ProjectApi, path: str) -> None:
    answer = await _release(stopped, path)
    assert answer.status == 404
    assert "it has" in answer.text


async def test_an_editor_releases_templates_and_no_senders(stopped: ProjectApi, database: Database) -> None:
    editor, viewer = await as_role(stopped, database, Role.EDITOR), await as_role(stopped, database, Role.VIEWER)
    assert (await _release(editor, SENDER)).status == 403
    assert (await _release(viewer, SALE)).status == 403
    assert (await _release(editor, SALE)).status == 200
