"""The errors of the bot's process; the docstring of each class is its default message."""

from __future__ import annotations


class BotError(Exception):
    """The bot failed."""

    def __str__(self) -> str:
        return super().__str__() or (self.__doc__ or "").strip()


class CannotRun(BotError):
    """The bot cannot run; the message says what to do."""


class SettingsError(BotError):
    """A setting is wrong; the message names it and says what is allowed."""
