"""The process of `polar run`, from its settings to its end."""

from __future__ import annotations

import asyncio
import logging
import os
import signal

import typer

from bot import logs, reports, settings
from bot.http.proxies import proxy_for
from bot.redaction import Redaction
from bot.run import running, settle_process
from bot.watchdog import ServiceManager

log = logging.getLogger("polar")


def run() -> None:
    """Read the settings, and be the bot until it is asked to stop."""
    loaded = settings.load()
    proxy = proxy_for(loaded.telegram_api_url)
    hidden = (*loaded.secrets, *(() if proxy is None else (proxy.password,)))
    logs.set_up(loaded.log_format, *hidden, level=loaded.log_level)
    for line in (*settings.strangers(), *settings.exposed()):
        log.warning(line)
    with reports.sent_to(loaded.sentry_dsn.get_secret_value(), Redaction(hidden)):
        asyncio.run(until_asked_to_stop(loaded, ServiceManager.named_in(os.environ)))


async def until_asked_to_stop(loaded: settings.Settings, service: ServiceManager | None = None) -> None:
    """The bot from start to end; raises what `running` raises, and what it must end for."""
    task = asyncio.create_task(_run(loaded, service), name="polar run")
    loop = asyncio.get_running_loop()
    asked = False

    def stop() -> None:
        nonlocal asked
        # A second signal must not cut short what the first one began to finish.
        if not asked:
            asked = True
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # A terminal that closes asks to stop, unless it was told beforehand that this is to outlive it, as nohup does.
        if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, stop)
    try:
        await task
    except asyncio.CancelledError:
        if not asked:
            raise


async def _run(loaded: settings.Settings, service: ServiceManager | None) -> None:
    async with running(loaded, announce=_announce, service=service) as bot:
        settle_process()
        await bot.finished


def _announce(line: str) -> None:
    typer.echo(f"polar: {line}", err=True)
