"""The guard of an embedded server: waits until nobody uses it, stops it, ends.

Started by parley.store.embedded as a plain script without site-packages, so that it costs little memory. Arguments: the
data folder, the system user that owns the server (or an empty text), then the command that stops it.
"""

import fcntl
import subprocess
import sys
from pathlib import Path
from typing import IO


def main() -> None:
    """Holds `guard.lock` for its life, so that one guard is enough."""
    folder, user, *stop = sys.argv[1:]
    alone = _open(Path(folder, "guard.lock"))
    try:
        fcntl.flock(alone, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return  # another guard is on duty
    holders = _open(Path(folder, "holders.lock"))
    fcntl.flock(holders, fcntl.LOCK_EX)  # until the last holder is gone, however it went
    if user:
        subprocess.run(stop, user=user, check=False)  # noqa: S603  the command comes from parley.store.embedded
    else:
        subprocess.run(stop, check=False)  # noqa: S603  the command comes from parley.store.embedded
    alone.close()  # before the holders' lock: whoever gets that must not take us for one on duty


def _open(path: Path) -> IO[bytes]:
    return path.open("ab")


if __name__ == "__main__":
    main()
