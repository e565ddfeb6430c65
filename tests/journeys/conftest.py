"""`pytest tests/journeys --update` rewrites what the cases expect; the diff is the review."""

from contextlib import suppress

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    with suppress(ValueError):  # another folder of cases has declared it already
        parser.addoption("--update", action="store_true", default=False, help="rewrite the expected parts of cases")


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    """Shall the cases be rewritten? False, too, when the whole suite runs: the option belongs to this folder."""
    return bool(request.config.getoption("--update", default=False))
