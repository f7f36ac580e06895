"""The log of a process, on standard error: lines for people, or JSON objects for programs.

``time``, ``level``, ``logger``, ``message``, and ``trace`` where the line belongs to one
(``config.tracing``); ``error`` is a traceback. No line names a person, a card or a key.
"""

import datetime
import json
import logging
import sys
from enum import StrEnum
from typing import IO, Annotated, Final

import typer

from config.tracing import TRACE

OURS: Final = ("central", "config", "drivers", "edge", "firmware_bridge", "models")
QUIET: Final = ("aiosqlite", "alembic", "httpx", "uvicorn")
"""One line per request, statement or migration would bury what matters."""
NEVER_DETAILED: Final = ("drivers.bus.raw",)
"""Every byte of a line: card numbers are among them. Who needs it says so by name."""


class LogForm(StrEnum):
    """What a line is."""

    TEXT = "text"
    JSON = "json"


class LogLevel(StrEnum):
    """How much is said. ``debug`` follows every event; of our own loggers alone."""

    INFO = "info"
    DEBUG = "debug"


LogFormOption = Annotated[
    LogForm, typer.Option("--log", envvar="MENSHEN_LOG", help="Lines of text, or of JSON.")
]
LogLevelOption = Annotated[
    LogLevel,
    typer.Option("--log-level", envvar="MENSHEN_LOG_LEVEL", help="debug follows every event."),
]


class _Traced(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        """Note the trace in the task that logs; lines may be formatted elsewhere."""
        if not hasattr(record, "trace"):
            record.trace = TRACE.get()
        return True


class JsonFormatter(logging.Formatter):
    """One object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        at = datetime.datetime.fromtimestamp(record.created, datetime.UTC)
        line: dict[str, object] = {
            "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if trace := getattr(record, "trace", ""):
            line["trace"] = trace
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


class TextFormatter(logging.Formatter):
    """A line for people; its trace stands at the end."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Return the line without a traceback."""
        trace = getattr(record, "trace", "")
        return super().formatMessage(record) + (f" [{trace}]" if trace else "")


class _StandardError(logging.StreamHandler[IO[str]]):
    """Writes to what is standard error at that moment, which a program may change."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> IO[str]:  # type: ignore[override]  # the base class has a variable
        """Where lines go."""
        return sys.stderr


def start_log(
    form: LogForm = LogForm.TEXT,
    level: LogLevel = LogLevel.INFO,
    *,
    stream: IO[str] | None = None,
) -> None:
    """Log from now on; called once, by whoever is the process.

    Args:
        form: Of a line.
        level: How much.
        stream: None is standard error.
    """
    handler = _StandardError() if stream is None else logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter() if form is LogForm.JSON else TextFormatter())
    handler.addFilter(_Traced())
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    if level is LogLevel.DEBUG:
        for name in OURS:
            logging.getLogger(name).setLevel(logging.DEBUG)
        for name in NEVER_DETAILED:
            logging.getLogger(name).setLevel(logging.INFO)
