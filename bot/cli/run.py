"""`polar run`: the bot, until it is asked to stop."""

from __future__ import annotations

import asyncio
import signal

import typer

from bot import logs, settings
from bot.run import running, settle_memory


def run() -> None:
    """Run the bot, by polling or webhook, until SIGINT or SIGTERM."""
    loaded = settings.load()
    secrets = (loaded.telegram_bot_token, loaded.webhook_secret, loaded.openai_api_key)
    logs.set_up(loaded.log_format, *(secret.get_secret_value() for secret in secrets))
    asyncio.run(until_asked_to_stop(loaded))


async def until_asked_to_stop(loaded: settings.Settings) -> None:
    """The bot from start to end; raises what `running` raises."""
    task = asyncio.create_task(_run(loaded), name="polar run")
    loop = asyncio.get_running_loop()
    asked = False

    def stop() -> None:
        nonlocal asked
        # A second signal must not cut short what the first one began to finish.
        if not asked:
            asked = True
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    try:
        await task
    except asyncio.CancelledError:
        if not asked:
            raise


async def _run(loaded: settings.Settings) -> None:
    async with running(loaded, announce=lambda line: typer.echo(f"polar: {line}", err=True)) as bot:
        settle_memory()
        await bot.finished
