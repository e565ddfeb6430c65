"""`parley serve`: the API and its workers in one go."""

from typing import Annotated

from cyclopts import App, Parameter
from cyclopts.validators import Number
from rich.console import Console

from parley.cli.event_loop import run_to_end
from parley.cli.options import DataDir, Port
from parley.cli.serving import serve as run_server
from parley.cli.visible_output import RAW
from parley.config import read_config
from parley.telemetry import LogFormat, set_up_logging

MOST_WORKERS = 64
"""Of one server: each takes some 80 MB and up to 11 connections of the database. More belong on other machines."""

app = App(name="serve", help="Serve the API and run the workers.")


@app.default
def serve(
    *,
    host: str = "127.0.0.1",
    port: Port = 8000,
    workers: Annotated[
        int, Parameter(help="Worker processes; 0 serves the API alone.", validator=Number(gte=0, lte=MOST_WORKERS))
    ] = 1,
    data_dir: DataDir = None,
    log_format: LogFormat = "console",
) -> None:
    """Until SIGTERM or Ctrl-C, which finish what is in flight."""
    set_up_logging(log_format)
    config = read_config(data_dir)
    run_to_end(
        run_server(
            config, (host, port), workers, log_format, tell=Console(file=RAW, highlight=False, soft_wrap=True).print
        )
    )
