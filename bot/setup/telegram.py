"""Whose token it is."""

from __future__ import annotations

import asyncio
import re
from typing import Literal

from telegram import Bot
from telegram.error import InvalidToken, TelegramError

from bot.errors import BotError
from bot.http import choose

LIMIT_S = 20.0
"""How long Telegram may take to say it."""
_TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]+")


class NoToken(BotError):
    """That is not a token: @BotFather gives one like 123456:ABC-DEF1234ghIkl."""


class TokenRefused(BotError):
    """Telegram refuses this token; @BotFather shows the valid one by /token."""


class TelegramSilent(BotError):
    """Telegram cannot be reached; the message says where, and how that ended."""


async def username_of(token: str, *, url: str, transport: Literal["aiohttp", "httpx"]) -> str:
    """The username of the bot that a token belongs to. Raises one of the errors above, or SettingsError."""
    if not _TOKEN.fullmatch(token):
        raise NoToken
    make = choose(transport, url, lambda: None)
    calls, polls = (make(connection_pool_size=1, read_timeout=LIMIT_S, pool_timeout=1) for _ in range(2))
    bot = Bot(token, base_url=f"{url}/bot", request=calls, get_updates_request=polls)
    try:
        async with asyncio.timeout(LIMIT_S), bot:
            return bot.username
    except InvalidToken:  # whose text holds the token
        raise TokenRefused from None
    except TimeoutError:
        raise TelegramSilent(f"{url} does not answer") from None
    except TelegramError as error:
        raise TelegramSilent(f"{url} cannot be reached ({error})") from None
    except (TypeError, ValueError, KeyError, AttributeError):
        raise TelegramSilent(f"what answers at {url} is no Bot API") from None
