"""`parley worker`: one more process that sends messages and moves journeys."""

from typing import Annotated

from cyclopts import App, Parameter

from parley.cli.event_loop import run_to_end
from parley.cli.options import DataDir
from parley.cli.working import work
from parley.config import read_config
from parley.telemetry import LogFormat, set_up_logging

app = App(name="worker", help="Send messages and move journeys; any number may run, on any number of machines.")


@app.default
def worker(
    *,
    data_dir: DataDir = None,
    log_format: LogFormat = "console",
    until_stdin_closes: Annotated[bool, Parameter(show=False)] = False,
) -> None:
    """Until SIGTERM or Ctrl-C, which finish what is in flight."""
    set_up_logging(log_format)
    run_to_end(work(read_config(data_dir), until_stdin_closes=until_stdin_closes))
