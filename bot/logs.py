"""The log on standard error: a line a turn, never a token, never a person's text.

The standard library takes lines in, those of libraries too, and asks first whether one is shown at all; structlog makes
them. What is logged while a turn is made bears its id. Of a failure is shown what bot/tracebacks.py lets pass.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

import structlog
from structlog.dev import Column, ConsoleRenderer
from structlog.processors import ExceptionRenderer, JSONRenderer
from structlog.stdlib import ExtraAdder
from structlog.typing import EventDict, ExcInfo

from bot.redaction import Redaction
from bot.tracebacks import text_of
from middleware.trace import TRACE

LogForm = Literal["console", "json"]


class Lines(logging.Formatter):
    """Makes an event of a record, has structlog make a line of that, and takes secrets out of it."""

    def __init__(self, form: LogForm, redact: Redaction, *, is_debugging: bool = False) -> None:
        super().__init__(datefmt="%H:%M:%S")
        self._redact = redact
        self._is_debugging = is_debugging
        """True if whoever reads it shall see what an error says, though that may be a person's words."""
        self._time: Callable[[logging.LogRecord], str] = _instant if form == "json" else self._clock_time
        self._render: Callable[[Any, str, EventDict], str | bytes] = (
            JSONRenderer(ensure_ascii=False, default=str) if form == "json" else _console()
        )
        self._processors = (ExtraAdder(), ExceptionRenderer(self._traceback))

    def format(self, record: logging.LogRecord) -> str:
        """A line; with a failure, several on the console."""
        level = record.levelname.lower()
        event: EventDict = {
            "at": self._time(record),
            "level": level,
            "logger": record.name,
            "message": self._message(record),
            "_record": record,
            "exc_info": record.exc_info,
        }
        if trace := TRACE.get():
            event["trace"] = trace
        for process in self._processors:
            process(record, level, event)  # type: ignore[arg-type]
        del event["_record"]
        return self._redact(str(self._render(None, level, event)))

    def _message(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        # Below its first line asyncio says what the error says.
        return message.partition("\n")[0] if record.name == "asyncio" and not self._is_debugging else message

    def _clock_time(self, record: logging.LogRecord) -> str:
        return self.formatTime(record, self.datefmt)

    def _traceback(self, exc_info: ExcInfo) -> str:
        return text_of(exc_info[1], is_whole=self._is_debugging)


def _instant(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def _console() -> ConsoleRenderer:
    """Time, level, logger and message, then what else there is, by name."""
    return ConsoleRenderer(
        sort_keys=False,
        columns=[
            Column("at", lambda key, value: str(value)),
            Column("level", lambda key, value: f"{str(value).upper():7}"),
            Column("logger", lambda key, value: f"{value}:"),
            Column("message", lambda key, value: str(value)),
            Column("", _pair),
        ],
    )


def _pair(key: str, value: object) -> str:
    text = str(value)
    return f"{key}={text}" if text.isprintable() and " " not in text else f"{key}={text!r}"


class Gathering(logging.StreamHandler[TextIO]):
    """Writes what one turn of the event loop logs at once; a warning, or what is logged outside, immediately."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)
        self._lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Formats now, writes soon."""
        try:
            self._lines.append(self.format(record))
        except Exception:  # noqa: BLE001 - as every handler does: a log line must not end what it tells of
            self.handleError(record)
            return
        if record.levelno >= logging.WARNING:
            self.flush()
        elif len(self._lines) == 1:
            try:
                asyncio.get_running_loop().call_soon(self.flush)
            except RuntimeError:
                self.flush()

    def flush(self) -> None:
        """Write what has gathered; it is lost where a disk is full, or a pipe has no reader any more."""
        lines, self._lines = self._lines, []
        # Raised, it would end the event loop: its own complaint is a line of this log, too.
        with suppress(OSError):
            if lines:
                self.stream.write("\n".join(lines) + self.terminator)
            super().flush()


def set_up(form: LogForm, *secrets: str, level: str = "info") -> None:
    """Log to standard error in the given form, without these secrets; of ours from this level on.

    What libraries have for those who debug them, statements with their values above all, is never logged. What is
    logged through structlog itself, as by a middleware of somebody's own, goes the same way.
    """
    # What no format of ours shows need not be found out for every record.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    handler = Gathering()
    handler.setFormatter(Lines(form, Redaction(secrets), is_debugging=level == "debug"))
    least = getattr(logging, level.upper())
    handler.setLevel(least)
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("polar").setLevel(least)
    # The HTTP clients log every request's URL; PTB logs what we log ourselves, with tracebacks.
    for client in ("httpx", "httpx2", "openai"):
        logging.getLogger(client).setLevel(logging.WARNING)
    logging.getLogger("telegram").setLevel(logging.ERROR)
    logging.getLogger("telegram.ext.Updater").setLevel(logging.CRITICAL)
    logging.getLogger("telegram.ext").setLevel(logging.CRITICAL)
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, structlog.stdlib.render_to_log_kwargs],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
