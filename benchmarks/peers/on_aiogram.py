"""`python -m benchmarks.peers.on_aiogram <task as JSON>`: a bot as the examples of aiogram build one."""

from __future__ import annotations

import asyncio

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import Message, MessageReactionUpdated

from benchmarks.peers.task import ANSWER, TOKEN, Count, given


async def main() -> None:
    """Run until asked to stop."""
    task = given()
    count = Count(task.updates)

    async def on_reaction(reaction: MessageReactionUpdated) -> None:
        count.one()

    async def on_message(message: Message) -> None:
        if task.is_answering:
            await message.answer(ANSWER)
        count.one()

    dispatcher = Dispatcher()
    dispatcher.message_reaction.register(on_reaction)
    dispatcher.message.register(on_message)
    bot = Bot(TOKEN, session=AiohttpSession(api=TelegramAPIServer.from_base(task.api)))
    # Without a limit it takes all that comes into hand at once.
    limit = task.at_once if task.at_once > 1 else None
    await dispatcher.start_polling(bot, allowed_updates=["message", "message_reaction"], tasks_concurrency_limit=limit)


if __name__ == "__main__":
    asyncio.run(main())
