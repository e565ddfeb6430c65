"""A data folder for one bench, with its own embedded PostgreSQL."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STOP_SECONDS = 30.0
LOOK_SECONDS = 0.05


@contextmanager
def data_folder() -> Iterator[Path]:
    """Removed at the end, but only once the database in it has stopped: its guard stops it after the last user."""
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as name:
        folder = Path(name)
        yield folder
        _wait_for_the_end(folder / "postgres" / "postmaster.pid")


def _wait_for_the_end(sign_of_life: Path) -> None:
    deadline = time.monotonic() + STOP_SECONDS
    while sign_of_life.exists():
        assert time.monotonic() < deadline, f"the database behind {sign_of_life} did not stop"
        time.sleep(LOOK_SECONDS)
