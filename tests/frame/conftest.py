"""A server, and projects of a test's own in its data folder."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.frame.processes import ROOT, created, end, parley, serving

TOKEN = "a-very-secret-bearer-token"
INTEGRATION = {
    "kind": "integration",
    "name": "shop-whatsapp",
    "api": "sinch_legacy",
    "account": {"account": "shop-bot", "bearer_token": {"$env": "SHOP_TOKEN"}},
}


class Running(msgspec.Struct, frozen=True):
    """The server beside which the commands run."""

    data_dir: Path
    address: str
    log: Path


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    folder = tmp_path_factory.mktemp("commands")
    log = folder / "server.log"
    async with serving(folder / "data", "--workers", "0", log=log) as (process, address):
        yield Running(folder / "data", address, log)
        assert await end(process) == 0


@pytest.fixture
def data_dir(server: Running) -> Path:
    return server.data_dir


@pytest.fixture
async def keys(data_dir: Path) -> dict[str, Any]:
    """A project of the test's own, as `parley project create --json` tells it."""
    return created(await parley("project", "create", "Shop", "--json", "--data-dir", str(data_dir)))


@pytest.fixture
def token(keys: dict[str, Any]) -> str:
    return str(keys["project_token"])


@pytest.fixture
def definitions(tmp_path: Path) -> Path:
    for path in (ROOT / "examples").glob("*.json"):
        (tmp_path / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "account.json").write_text(json.dumps(INTEGRATION), encoding="utf-8")
    return tmp_path
