"""The one `telegram.ext.Application`: who calls the Bot API, and through what."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from telegram.error import BadRequest, TelegramError
from telegram.ext import ApplicationBuilder
from telegram.request import BaseRequest

from bot.http import choose
from bot.http.bot_api import OnRefusal
from bot.receiving.dispatch import PTB
from bot.receiving.journal import Journal
from bot.receiving.polling import JournalTransport
from bot.sending.answers import OverheardTransport
from bot.settings import Settings

READ_S = 20.0
"""The time for which an answer to a call is waited for."""
ADMINISTRATORS_S = 5.0
"""The time that a command waits for Telegram to say who administers its group."""
POLL_POOL = 4
"""Connections for getUpdates: one that wedged must not be the only one."""


@dataclass(frozen=True, slots=True)
class Telegram:
    """The application, and the transports below it, which it closes only if it was ever initialized."""

    application: PTB
    polling: JournalTransport
    transports: tuple[BaseRequest, ...]

    async def close(self) -> None:
        """End the application if it runs, and close every connection."""
        if self.application.running:
            await self.application.stop()
        await self.application.shutdown()
        for transport in self.transports:
            await transport.shutdown()

    async def describe_emoji(self, custom_emoji_id: str) -> str | None:
        """The standard emoji that a custom one stands for, '' for none; None where Telegram does not tell now."""
        try:
            stickers = await self.application.bot.get_custom_emoji_stickers([custom_emoji_id])
        except BadRequest:  # there is no such emoji
            return ""
        except TelegramError:
            return None
        return stickers[0].emoji or "" if stickers else ""

    async def administrators_of(self, chat_id: int) -> frozenset[str] | None:
        """The user ids of a group's administrators; None where Telegram does not tell now."""
        try:
            async with asyncio.timeout(ADMINISTRATORS_S):
                members = await self.application.bot.get_chat_administrators(chat_id)
        except (TelegramError, TimeoutError):
            return None
        return frozenset(str(member.user.id) for member in members)


def build(settings: Settings, journal: Journal, refused: OnRefusal, check_held: Callable[[], None]) -> Telegram:
    """Polls through the journal; `refused` is called when Telegram refuses the token. Raises SettingsError.

    `check_held` is asked before each call, and raises DatabaseLost once another process may be the bot.
    """
    url = settings.telegram_api_url
    transport = choose(settings.transport, url, refused)
    polls = transport(connection_pool_size=POLL_POOL, read_timeout=10, pool_timeout=1)
    calls = transport(connection_pool_size=128, read_timeout=READ_S, pool_timeout=20)
    polling = JournalTransport(polls, journal.keep, journal.note_conflict)
    application: PTB = (
        ApplicationBuilder()
        .token(settings.telegram_bot_token.get_secret_value())
        .base_url(f"{url}/bot")
        .base_file_url(f"{url}/file/bot")
        .request(OverheardTransport(calls, check_held))
        .get_updates_request(polling)
        .job_queue(None)
        .build()
    )
    return Telegram(application, polling, (polls, calls))
