"""The log on standard error: a line a turn, never a token, never a person's text.

The standard library takes lines in, those of libraries too, and asks first whether one is shown at all; structlog tells
what else somebody has said with one. What is logged while a turn is made bears its id. Of a failure is shown what
bot/tracebacks.py lets pass.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Literal, TextIO

import structlog
from structlog.processors import JSONRenderer
from structlog.stdlib import ExtraAdder
from structlog.typing import EventDict

from bot.redaction import Redaction
from bot.tracebacks import text_of
from middleware.trace import TRACE

LogForm = Literal["console", "json"]
_UNNAMED = ("at", "level", "logger", "message", "exception")


class Lines(logging.Formatter):
    """Makes an event of a record, a line of that, and takes secrets out of it."""

    def __init__(self, form: LogForm, redact: Redaction, *, is_debugging: bool = False) -> None:
        super().__init__()
        self._redact = redact
        self._is_debugging = is_debugging
        """True if whoever reads it shall see what an error says, though that may be a person's words."""
        self._time: Callable[[float], str] = _instant if form == "json" else _clock_time
        self._render: Callable[[Any, str, EventDict], str | bytes] = (
            JSONRenderer(ensure_ascii=False, default=str) if form == "json" else _console
        )
        self._add_extra = ExtraAdder()

    def format(self, record: logging.LogRecord) -> str:
        """A line; with a failure, several on the console."""
        level = record.levelname.lower()
        event: EventDict = {
            "at": self._time(record.created),
            "level": level,
            "logger": record.name,
            "message": self._message(record),
            "_record": record,
        }
        if trace := TRACE.get():
            event["trace"] = trace
        self._add_extra(record, level, event)  # type: ignore[arg-type]
        del event["_record"]
        if record.exc_info and (error := record.exc_info[1]) is not None:
            event["exception"] = text_of(error, is_whole=self._is_debugging)
        return self._redact(str(self._render(None, level, event)))

    def _message(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        # Below its first line asyncio says what the error says.
        return message.partition("\n")[0] if record.name == "asyncio" and not self._is_debugging else message


def _instant(created_s: float) -> str:
    return datetime.fromtimestamp(created_s, UTC).isoformat(timespec="milliseconds")


def _clock_time(created_s: float) -> str:
    return _clock_of(int(created_s))


@lru_cache(maxsize=1)
def _clock_of(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).astimezone().strftime("%H:%M:%S")


def _console(_logger: Any, _name: str, event: EventDict) -> str:
    """Time, level, logger and message, then what else there is, by name; below it a failure."""
    head = f"{event['at']} {str(event['level']).upper():7} {event['logger']}: {event['message']}"
    line = " ".join([head, *(_pair(name, value) for name, value in event.items() if name not in _UNNAMED)])
    return f"{line}\n{event['exception']}" if "exception" in event else line


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
