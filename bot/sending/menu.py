"""The commands in Telegram's own menu: those for everybody, and more for those by whom the bot is run."""

from __future__ import annotations

import asyncio
import logging

from telegram import Bot, BotCommand, BotCommandScopeChat
from telegram.error import BadRequest, Forbidden, TelegramError

from bot.clock import jittered
from middleware.commands import Registry
from middleware.turn import Level
from storage.tables.access import Permissions

log = logging.getLogger("polar.menu")

Levels = dict[int, Level]
"""Levels above member, by user id."""


class Menu:
    """Publishes what each may use. It can wait: the bot answers meanwhile, and it tries until it succeeds."""

    def __init__(self, bot: Bot, registry: Registry, access: Permissions, listed: Levels) -> None:
        self._bot = bot
        self._registry = registry
        self._access = access
        self._listed = listed
        self._published: Levels = {}
        self._changed = asyncio.Event()
        access.watch(self._changed.set)

    async def run(self) -> None:
        """Publish, and again when the bot gets an owner; forever."""
        await self._insist(None, Level.MEMBER)
        while True:
            self._changed.clear()
            for user_id, level in (await self._levels()).items():
                if self._published.get(user_id) != level:
                    await self._insist(user_id, level)
                    self._published[user_id] = level
            await self._changed.wait()

    async def _levels(self) -> Levels:
        owner = await self._access.owner()
        return self._listed | ({int(owner): Level.OWNER} if owner is not None and owner.isdecimal() else {})

    async def _insist(self, user_id: int | None, level: Level) -> None:
        tries = 0
        while True:
            try:
                await self._publish(user_id, level)
            except (BadRequest, Forbidden) as error:  # such as for somebody who never wrote to us
                log.info("the menu of %s: %s", user_id or "everybody", error)
                return
            except TelegramError as error:
                tries += 1
                log.warning("the menu of %s: %s", user_id or "everybody", error)
                await asyncio.sleep(jittered(1, tries))
            else:
                return

    async def _publish(self, user_id: int | None, level: Level) -> None:
        commands = [BotCommand(command.name, command.summary) for command in self._registry if command.level <= level]
        scope = None if user_id is None else BotCommandScopeChat(user_id)
        await self._bot.set_my_commands(commands, scope=scope)
