"""`python -m benchmarks.peers.on_ptb <task as JSON>`: a bot as the examples of python-telegram-bot build one."""

from __future__ import annotations

from typing import Any

import aiosqlite
from telegram import Update
from telegram.ext import Application, ApplicationBuilder, MessageHandler, MessageReactionHandler, filters

from benchmarks.peers.task import ANSWER, TOKEN, Count, Task, given

CREATE = "CREATE TABLE updates (update_id INTEGER PRIMARY KEY, body TEXT NOT NULL)"
DURABLE = "PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL"


class Handler:
    """Keeps an update where it is asked to, answers where it is asked to, and counts."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._count = Count(task.updates)
        self._database: aiosqlite.Connection | None = None

    async def open(self, application: Application[Any, Any, Any, Any, Any, Any]) -> None:
        """Open the database, as durable as Polar's."""
        if self._task.database:
            self._database = await aiosqlite.connect(self._task.database)
            for statement in (*DURABLE, CREATE):
                await self._database.execute(statement)

    async def close(self, application: Application[Any, Any, Any, Any, Any, Any]) -> None:
        """Close it."""
        if self._database is not None:
            await self._database.close()

    async def handle(self, update: Update, context: Any) -> None:
        """One update."""
        if self._database is not None:
            await self._database.execute("INSERT INTO updates VALUES (?, ?)", (update.update_id, update.to_json()))
            await self._database.commit()
        if self._task.is_answering and update.message is not None:
            await update.message.reply_text(ANSWER)
        self._count.one()


def main() -> None:
    """Run until asked to stop."""
    task = given()
    handler = Handler(task)
    builder = ApplicationBuilder().token(TOKEN).base_url(f"{task.api}/bot")
    builder = builder.post_init(handler.open).post_shutdown(handler.close)
    if task.at_once > 1:
        builder = builder.concurrent_updates(task.at_once)
    application = builder.build()
    application.add_handler(MessageReactionHandler(handler.handle))
    application.add_handler(MessageHandler(filters.TEXT, handler.handle))
    application.run_polling(allowed_updates=[Update.MESSAGE, Update.MESSAGE_REACTION])


if __name__ == "__main__":
    main()
