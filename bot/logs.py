"""The log on standard error: one line a turn, never a token, never a person's text."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Literal, TextIO

# A bot token wherever it may turn up, in a URL above all; long enough not to take a turn's id for one.
_TOKEN = re.compile(r"\b\d{6,}:[A-Za-z0-9_-]{30,}")


SHORTEST_SECRET = 8
"""The shortest secret that is taken out: a shorter one guards nothing, and taking it out would harm every line."""


class _Redacting(logging.Formatter):
    """Formats a line, then takes secrets out of it."""

    def __init__(self, form: str | None, date: str | None, secrets: Sequence[str]) -> None:
        super().__init__(form, date)
        self._secrets = [secret for secret in secrets if len(secret) >= SHORTEST_SECRET]

    def format(self, record: logging.LogRecord) -> str:
        line = _TOKEN.sub("<token>", self.line(record))
        for secret in self._secrets:
            line = line.replace(secret, "<secret>")
        return line

    def line(self, record: logging.LogRecord) -> str:
        """The line with all that is in it."""
        return super().format(record)


class _Json(_Redacting):
    def line(self, record: logging.LogRecord) -> str:
        line = {
            "at": self.formatTime(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


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


def set_up(form: Literal["console", "json"], *secrets: str, level: str = "info") -> None:
    """Log to standard error in the given form, without these secrets; of ours from this level on.

    What libraries have for those who debug them, statements with their values above all, is never logged.
    """
    # What no format of ours shows need not be found out for every record.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    handler = Gathering()
    console = _Redacting("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%H:%M:%S", secrets)
    handler.setFormatter(_Json(None, None, secrets) if form == "json" else console)
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
