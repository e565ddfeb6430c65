"""The browser for tests itself, on a machine that has none."""

import platform
from pathlib import Path

import pytest

from tests.e2e.browser import BrowserUnavailableError, find_chromium, launch

CARRIED = (platform.system(), platform.machine()) == ("Linux", "x86_64")


async def test_it_carries_a_browser_to_a_machine_without_one() -> None:
    if not CARRIED:
        with pytest.raises(BrowserUnavailableError):
            find_chromium(search_path="")
        return
    async with launch(find_chromium(search_path="")) as browser:
        page = await browser.new_page()
        await page.set_content("<p>שלום</p>")
        assert await page.inner_text("p") == "שלום"


def test_it_passes_over_a_command_that_only_says_where_to_get_the_real_one(tmp_path: Path) -> None:
    stub = tmp_path / "chromium-browser"
    stub.write_text("#!/bin/sh\nexit 1\n")
    stub.chmod(0o755)
    working = tmp_path / "google-chrome"
    working.write_text("#!/bin/sh\nexit 0\n")
    working.chmod(0o755)
    assert find_chromium(search_path=str(tmp_path)).executable == working
