"""Reading and writing rows beside a bot that runs: it looks at them within seconds."""

from __future__ import annotations

from contextlib import AbstractContextManager

from bot.cli import settings
from bot.clock import system_clock
from storage.beside import Beside
from storage.engines import beside


def database() -> AbstractContextManager[Beside]:
    """The database of the settings; raises DatabaseUnusable unless it is free and of this version."""
    return beside(settings.load().location)


def now_ms() -> int:
    """The bot's time: shifted as the settings shift it."""
    return system_clock(settings.load().clock_offset_seconds)()
