"""One simulator for the room, its desk cleaned before each test."""

from collections.abc import Iterator

import pytest

from tests.simulator.desk import CART, Desk, open_desk
from tests.simulator.shop import Shop, open_shop


@pytest.fixture(scope="session")
def running_desk() -> Iterator[Desk]:
    with open_desk("--chaos", "off") as desk:
        yield desk


@pytest.fixture
def desk(running_desk: Desk) -> Desk:
    running_desk.reset()
    running_desk.sim("templates", CART)
    return running_desk


@pytest.fixture
def shop(desk: Desk) -> Iterator[Shop]:
    """Hears both APIs' callbacks."""
    with open_shop() as shop:
        desk.sim("webhooks", {"url": f"{shop.url}/conversation"})
        desk.sim("legacy", {"callback_url": f"{shop.url}/legacy"})
        yield shop
