"""What the running server tells its operator: log lines and metrics."""

import logging
import sys
from contextlib import suppress
from typing import Literal

import structlog
from prometheus_client import Counter, Gauge

LogFormat = Literal["console", "json"]

CALLBACKS = Counter("parley_callbacks_total", "Callbacks received, by what they were.", ["outcome"])
UNKNOWN_ITEMS = Counter("parley_callback_items_unknown_total", "Items of callbacks whose shape we do not know.")
SPOOLED = Counter("parley_callbacks_spooled_total", "Callbacks written to disk because the database was away.")
REPLAYED = Counter(
    "parley_callbacks_replayed_total", "Callbacks out of the spool, by what became of them.", ["outcome"]
)
SPOOL_BYTES = Gauge("parley_callback_spool_bytes", "Size of the spool of the data folder.")
SPOOL_RECORDS = Gauge("parley_callback_spool_records", "Callbacks in the spool of the data folder.")
SPOOL_AGE = Gauge("parley_callback_spool_age_seconds", "Since the oldest segment of the spool was begun; 0 when empty.")
SENDS = Counter("parley_sends_total", "Calls to the provider, by what they came to.", ["outcome"])
REFUSALS = Counter("parley_refusals_total", "Messages that our own policy refused, by code.", ["code"])
BUDGET_WARNINGS = Counter("parley_budget_warnings_total", "Budgets that were nearly gone, or gone.", ["level"])


class _Logger(structlog.PrintLogger):
    """A line that cannot be written is lost: nobody reads the log any more, or its disk is full. Work goes on."""

    def msg(self, message: str) -> None:
        """By whatever level."""
        with suppress(OSError):
            super().msg(message)

    debug = info = warning = error = critical = msg


def set_up_logging(form: LogFormat, level: str = "INFO") -> None:
    """Log lines go to stderr: an answer on stdout stays clean."""
    renderer = structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=lambda *_: _Logger(sys.stderr),
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
