"""The settings, read when a command asks for them: what declares them takes its time, and a help needs none of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.settings import Settings


def load() -> Settings:
    """Read the settings; raises SettingsError with a line for each that is wrong."""
    from bot import settings

    return settings.load()
