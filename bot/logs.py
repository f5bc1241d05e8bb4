"""The log on standard error: one line a turn, never a token, never a person's text."""

from __future__ import annotations

import json
import logging
import re
from typing import Literal

# A bot token wherever it may turn up, in a URL above all.
_TOKEN = re.compile(r"\b\d{6,}:[A-Za-z0-9_-]{8,}")


class _Redacting(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return _TOKEN.sub("<token>", super().format(record))


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": self.formatTime(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return _TOKEN.sub("<token>", json.dumps(line, ensure_ascii=False))


def set_up(form: Literal["console", "json"]) -> None:
    """Log to standard error in the given form."""
    handler = logging.StreamHandler()
    console = _Redacting("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%H:%M:%S")
    handler.setFormatter(_Json() if form == "json" else console)
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    # httpx logs every request's URL; PTB logs what we log ourselves, with tracebacks.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("telegram").setLevel(logging.ERROR)
    logging.getLogger("telegram.ext.Updater").setLevel(logging.CRITICAL)
    logging.getLogger("telegram.ext").setLevel(logging.CRITICAL)
