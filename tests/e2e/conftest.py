"""A browser for the session; a clean simulator and a watched page for each test."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any, cast
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.e2e.browser import find_chromium, launch
from tests.e2e.desk import Desk, Ready, simulator

DESKTOP = {"width": 1280, "height": 800}
PATIENCE_MS = 20_000  # the page looks every second; the machine may be busy with other tests

OpenPage = Callable[..., Awaitable[Page]]


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """One headless browser for the whole run."""
    expect.set_options(timeout=PATIENCE_MS)
    async with launch(find_chromium()) as browser:
        yield browser


@pytest.fixture(scope="session")
async def running_simulator() -> AsyncIterator[Ready]:
    """One simulator for the whole run; take `desk`, which cleans it first."""
    async with simulator() as ready:
        yield ready


@pytest.fixture
async def desk(chromium: Browser, running_simulator: Ready) -> AsyncIterator[Desk]:
    """The simulator with nobody known to it."""
    context = await chromium.new_context()
    clean_desk = Desk(running_simulator, context.request)
    await clean_desk.clean()
    yield clean_desk
    await context.close()


@pytest.fixture
async def open_page(chromium: Browser) -> AsyncIterator[OpenPage]:
    """Opens pages, `await open_page(url, **context options)`; the test fails if a script of theirs breaks or if
    they ask another host for anything.
    """
    complaints: list[str] = []
    async with AsyncExitStack() as stack:

        async def open_one(url: str, **options: Any) -> Page:
            context = await chromium.new_context(**{"viewport": DESKTOP, "locale": "en-GB", **options})
            stack.push_async_callback(context.close)
            context.set_default_timeout(PATIENCE_MS)
            _watch(context, url, complaints)
            page = await context.new_page()
            await page.goto(url)
            return page

        yield cast(OpenPage, open_one)
    assert complaints == []


def _watch(context: BrowserContext, url: str, complaints: list[str]) -> None:
    home = urlsplit(url).netloc
    context.on("weberror", lambda broken: complaints.append(f"a script broke: {broken.error}"))
    context.on("request", lambda asked: complaints.extend(_foreign(asked.url, home)))


def _foreign(url: str, home: str) -> list[str]:
    parts = urlsplit(url)
    is_ours = parts.scheme in {"data", "blob"} or parts.netloc == home
    return [] if is_ours else [f"asked another host: {url}"]
