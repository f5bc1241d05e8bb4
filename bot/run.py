"""Starting, running and stopping the bot."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from telegram.error import BadRequest, InvalidToken, NetworkError, RetryAfter, TelegramError

from bot import home
from bot.app import App
from bot.clock import jittered, new_token, system_clock
from bot.errors import CannotRun
from bot.receiving.envelope import ALLOWED_UPDATES
from bot.receiving.polling import start_polling
from bot.receiving.webhook import CannotListen, listening
from bot.settings import Settings
from bot.supervised import Supervisor
from middleware import texts
from middleware.turn import Clock
from storage.database import Database
from storage.errors import DatabaseLost
from storage.tables.budgets import Budgets
from storage.tables.properties import BOT_ID, Properties

log = logging.getLogger("polar")


REFUSED = "Telegram refuses the token in TELEGRAM_BOT_TOKEN (401); ask @BotFather for a valid one"
MISSING = "TELEGRAM_BOT_TOKEN is missing: put it into .env, or try Polar without one: {demo}"


class Running:
    """A bot that can receive; `finished` ends when it must stop by itself, with the reason as its exception."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.finished = app.supervisor.failure


@asynccontextmanager
async def running(
    settings: Settings, *, clock: Clock | None = None, announce: Callable[[str], None] = lambda line: None
) -> AsyncIterator[Running]:
    """The bot from its start to its end. Raises CannotRun, DatabaseUnusable or SettingsError at the start."""
    if not settings.telegram_bot_token.get_secret_value():
        raise CannotRun(MISSING.format(demo=home.find().demo))
    if settings.webhook_url and not settings.webhook_secret.get_secret_value():
        raise CannotRun("POLAR_WEBHOOK_SECRET is missing: without it anybody could send updates to the webhook")
    clock = clock or system_clock(settings.clock_offset_seconds)
    database = await Database.open(settings.database_path, now_ms=clock())
    try:
        texts.use(settings.language)
        supervisor = Supervisor()
        app = App(settings, database, clock, supervisor, lambda: supervisor.fail(CannotRun(REFUSED)))
        try:
            async with _started(app, announce):
                yield Running(app)
        except InvalidToken:  # whose text holds the token
            raise CannotRun(REFUSED) from None
    finally:
        await database.close()


@asynccontextmanager
async def _started(app: App, announce: Callable[[str], None]) -> AsyncIterator[None]:
    try:
        await _initialize(app)
        await _check_identity(app)
        await _prepare(app)
        keep = app.supervisor.keep
        keep(_until_lost(app.database), name="database")
        keep(app.processor.run(), name="processor")
        keep(app.pacing.run(), name="pacing")
        keep(app.runner.run(), name="runner")
        keep(app.menu.run(), name="menu")
        if app.status is not None:
            keep(app.status.run(), name="status")
        await _offer_ownership(app, announce)
        announce(f"the database is {app.database.path}, the process id {os.getpid()}")
        await app.telegram.application.start()
        async with _receiving(app):
            announce(f"ready as @{app.bot.username}")
            yield
    finally:
        await _stop(app)


async def _prepare(app: App) -> None:
    """What must be read, and settled of an earlier process, before the first update."""
    await app.journal.prepare()
    await app.database.commit(*Budgets.charge_left(now_ms=app.clock()))
    if app.status is not None:
        await app.status.prepare()
    await app.sender.start()
    await app.runner.prepare()


async def _until_lost(database: Database) -> None:
    """Raises DatabaseLost when the file cannot be written any more, whoever met that."""
    await database.lost.wait()
    raise DatabaseLost


def settle_memory() -> None:
    """For a process that is a bot: what was loaded at start stays.

    Looking through it again and again costs a tenth of a reaction's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


async def _initialize(app: App) -> None:
    """Ask Telegram who we are, however long it takes to reach it."""
    tries = 0
    while True:
        try:
            await app.telegram.application.initialize()
        except (NetworkError, RetryAfter) as error:
            tries += 1
            delay_s = jittered(1, tries)
            log.warning("Telegram cannot be reached (%s), next try in %.1f s", error, delay_s)
            await asyncio.sleep(delay_s)
        else:
            return


async def _check_identity(app: App) -> None:
    known, own = await app.stores.properties.find(BOT_ID), str(app.bot.id)
    if known is None:
        await app.database.commit(Properties.set(BOT_ID, own))
    elif known != own:
        raise CannotRun(
            f"{app.database.path} belongs to the bot with id {known}, but the token is of bot {own}; "
            "use that bot's token, or name another file in POLAR_DATABASE"
        )


async def _offer_ownership(app: App, announce: Callable[[str], None]) -> None:
    if app.settings.access != "pairing" or await app.stores.access.owner() is not None:
        return
    code = new_token()
    await app.database.commit(*app.stores.access.offer_owner_code(code, now_ms=app.clock()))
    announce(
        f"nobody owns this bot yet; open this link once to become its owner: "
        f"https://t.me/{app.bot.username}?start={code}"
    )


@asynccontextmanager
async def _receiving(app: App) -> AsyncIterator[None]:
    if not app.settings.webhook_url:
        updater = app.telegram.application.updater
        assert updater is not None
        await start_polling(updater)
        yield
        return
    settings = app.settings
    secret = settings.webhook_secret.get_secret_value()
    try:
        async with listening(
            listen=settings.webhook_listen, url=settings.webhook_url, secret=secret, keep=app.journal.keep
        ):
            await _set_webhook(app, secret)
            yield
    except CannotListen as error:
        raise CannotRun(str(error)) from error


async def _set_webhook(app: App, secret: str) -> None:
    tries = 0
    while True:
        try:
            await app.bot.set_webhook(
                app.settings.webhook_url, secret_token=secret, allowed_updates=list(ALLOWED_UPDATES)
            )
        except BadRequest as error:
            raise CannotRun(f"Telegram refuses POLAR_WEBHOOK_URL: {error}") from error
        except InvalidToken:
            raise
        except TelegramError as error:
            tries += 1
            log.warning("the webhook: %s", error)
            await asyncio.sleep(jittered(1, tries))
        else:
            return


async def _stop(app: App) -> None:
    """Stop receiving, finish what is in hand, then close; everything else is in the database.

    The limit holds while a lock is waited for, too: what was handed over and is not committed by then never will be.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + app.settings.shutdown_seconds

    def left_s() -> float:
        return max(0.0, deadline - loop.time())

    updater = app.telegram.application.updater
    with suppress(TimeoutError, TelegramError):
        async with asyncio.timeout(left_s()):
            if updater is not None and updater.running:
                await updater.stop()
    await asyncio.gather(app.processor.stop(left_s()), app.runner.stop(left_s()))
    await app.sender.stop(left_s())
    if app.status is not None:
        await app.status.stop()
    await app.supervisor.stop()
    await app.telegram.close()
    await app.abilities.aclose()
    await app.database.close(left_s())
