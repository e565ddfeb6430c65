"""`parley simulator`: a Sinch on your desk."""

import os
import sys
from typing import Annotated

from cyclopts import App, Parameter

app = App(
    name="simulator", help="Start a local Sinch: both APIs, callbacks, and a page to play the customer.", help_flags=()
)


@app.default
def simulator(*words: Annotated[str, Parameter(allow_leading_hyphen=True)]) -> None:
    """Becomes the simulator, with all its options: `parley simulator --help` lists them. Runs until it is stopped."""
    os.execv(sys.executable, [sys.executable, "-m", "parley_simulator", *words])  # noqa: S606  our own module
