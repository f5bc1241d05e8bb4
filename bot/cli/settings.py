"""The settings, read when a command asks for them: what declares them takes its time, and a help needs none of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.settings import Settings


def load() -> Settings:
    """Read the settings; raises SettingsError with a line for each that is wrong."""
    from bot import settings

    return settings.load()


def strangers() -> Iterator[str]:
    """A line for each name of ours that no setting has, and for each that stands twice in `.env`."""
    from bot import settings

    return settings.strangers()
