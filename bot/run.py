"""Starting, running and stopping the bot."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Protocol

from telegram.error import InvalidToken, NetworkError, RetryAfter

from bot import home, responders
from bot.app import App
from bot.beat import LifeSigns
from bot.clock import jittered, new_token, system_clock
from bot.doctor import on_server
from bot.errors import CannotRun
from bot.named import load_named
from bot.receiving.polling import Polling
from bot.settings import Settings
from bot.standby import Standby
from bot.supervised import Supervisor, end
from bot.watchdog import READY, STOPPING, ServiceManager
from middleware import texts
from middleware.turn import Clock
from storage import engines
from storage.database import Database
from storage.tables.budgets import Budgets
from storage.tables.model_calls import ModelCalls
from storage.tables.properties import BOT_ID, Properties

log = logging.getLogger("polar")


REFUSED = "Telegram refuses the token in TELEGRAM_BOT_TOKEN (401); ask @BotFather for a valid one"
SWITCH_S = 50e-6
"""The time that a thread waits for the interpreter before it asks for it."""
UNREADABLE = (TypeError, ValueError, KeyError, AttributeError)
"""The errors of python-telegram-bot where an answer has another form than it knows."""
OPEN_PURSE = (
    "POLAR_ACCESS is open, {model} costs money, and no global budget blocks: set one, as by "
    "`polar budget set global 5 --every 24h`, or allow it by POLAR_OPEN_WITHOUT_BUDGET=true"
)
MISSING = "TELEGRAM_BOT_TOKEN is missing: polar init asks for it; or try Polar without one: {demo}"


class Receiver(Protocol):
    """The receiver of updates: polling, or a webhook."""

    async def start(self, supervisor: Supervisor) -> None:
        """Return when they can come in; what goes on from then is the supervisor's."""

    async def stop(self, timeout_s: float) -> None:
        """Let no more in, within so many seconds; what was not acknowledged comes again."""


class Running:
    """A bot that can receive; `finished` ends when it must stop by itself, with the reason as its exception."""

    def __init__(self, app: App) -> None:
        self.app = app

    @property
    def finished(self) -> asyncio.Future[None]:
        """Whoever waits for it may be cancelled; the reason stays."""
        return asyncio.shield(self.app.supervisor.failure)


@asynccontextmanager
async def running(
    settings: Settings,
    *,
    clock: Clock | None = None,
    announce: Callable[[str], None] = lambda line: None,
    service: ServiceManager | None = None,
) -> AsyncIterator[Running]:
    """The bot from its start to its end. Raises CannotRun, DatabaseUnusable or SettingsError at the start.

    Where another process is the bot, on a server's database, this one stands by before it starts.
    """
    if not settings.telegram_bot_token.get_secret_value():
        raise CannotRun(MISSING.format(demo=home.find().demo))
    if settings.webhook_url and not settings.webhook_secret.get_secret_value():
        raise CannotRun("POLAR_WEBHOOK_SECRET is missing: without it anybody could send updates to the webhook")
    responders.load(settings)
    for name in settings.middleware:
        load_named("POLAR_MIDDLEWARE", name)
    clock = clock or system_clock(settings.clock_offset_seconds)
    service = service or ServiceManager()
    standby = Standby(announce, service)
    try:
        async with (
            _open(settings, clock, standby) as database,
            _bot(settings, database, clock, announce, service) as bot,
        ):
            yield bot
    finally:
        standby.end()


@asynccontextmanager
async def _open(settings: Settings, clock: Clock, standby: Standby) -> AsyncIterator[Database]:
    database = await Database.open(
        settings.location, now_ms=clock(), question_s=settings.question_seconds, stand_by=standby
    )
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def _bot(
    settings: Settings, database: Database, clock: Clock, announce: Callable[[str], None], service: ServiceManager
) -> AsyncIterator[Running]:
    texts.use(settings.language)
    supervisor = Supervisor()
    app = App(settings, database, clock, supervisor, lambda: supervisor.fail(CannotRun(REFUSED)))
    try:
        async with _started(app, announce, service):
            yield Running(app)
    except InvalidToken:  # whose text holds the token
        raise CannotRun(REFUSED) from None


@asynccontextmanager
async def _started(app: App, announce: Callable[[str], None], service: ServiceManager) -> AsyncIterator[None]:
    receiver, beat = _receiver(app), LifeSigns(app.database, app.clock)
    try:
        app.supervisor.keep(app.database.until_lost(), name="the database")
        await _check_budget(app)
        await app.supervisor.meanwhile(_initialize(app))
        await _check_identity(app)
        await _prepare(app)
        await beat.begin()
        _keep(app, beat, service)
        await _warn_of_loss(app.settings)
        await _offer_ownership(app, announce)
        announce(f"the database is {app.database.label}, the process id {os.getpid()}")
        await app.telegram.application.start()
        await app.supervisor.meanwhile(receiver.start(app.supervisor))
        announce(f"ready as @{app.bot.username}")
        service.tell(READY)
        yield
    finally:
        service.tell(STOPPING)
        await _stop(app, receiver, beat)


def _receiver(app: App) -> Receiver:
    settings = app.settings
    if not settings.webhook_url:
        updater = app.telegram.application.updater
        assert updater is not None
        return Polling(updater, app.telegram.polling)
    # Here, because a server takes its time to import, and whoever polls needs none.
    from bot.receiving.webhook import Webhook

    secret = settings.webhook_secret.get_secret_value()
    return Webhook(
        app.bot, listen=settings.webhook_listen, url=settings.webhook_url, secret=secret, keep=app.journal.keep
    )


def _keep(app: App, beat: LifeSigns, service: ServiceManager) -> None:
    """Begin what runs as long as the bot: the end of any of these is the end of the process."""
    keep = app.supervisor.keep
    keep(app.processor.run(), name="the processor")
    keep(app.pacing.run(), name="the pacing of calls")
    keep(app.sender.run(), name="the sender")
    keep(app.runner.run(), name="the runner")
    keep(app.menu.run(), name="the menu")
    keep(app.pruner.run(), name="the pruning")
    keep(app.sweeper.run(), name="the sweeping")
    keep(app.indexer.run(), name="the indexing")
    keep(app.harm.run(), name="the watch for harm")
    keep(beat.run(), name="the beat")
    if app.status is not None:
        keep(app.status.run(), name="the status reactions")
    if service.patience_s:
        keep(service.run(), name="the watchdog")


async def _prepare(app: App) -> None:
    """Read and settle what an earlier process left, before the first update."""
    await app.database.commit(*Budgets.charge_left(now_ms=app.clock()), ModelCalls.interrupt_left())
    if app.status is not None:
        await app.status.prepare()
    await app.fingerprints.prepare()
    await app.experiment.prepare()
    await app.wanted.prepare()
    await app.processor.prepare()
    await app.sender.start()
    await app.runner.prepare()


def settle_process() -> None:
    """For a process that is a bot: what was loaded at start stays, and a thread that needs the interpreter gets it.

    Looking through what stays again and again costs a tenth of a reaction's time. A commit is some ten calls into
    SQLite, and behind each the writer's thread has to get the interpreter back, which the loop gives up only when it
    is asked to: by Python's own five milliseconds a commit would last as long as the loop has something to do.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    sys.setswitchinterval(SWITCH_S)


async def _initialize(app: App) -> None:
    """Ask Telegram who we are, however long it takes to reach it."""
    tries = 0
    while True:
        try:
            await app.telegram.application.initialize()
        except (NetworkError, RetryAfter, *UNREADABLE) as error:
            tries += 1
            delay_s = jittered(1, tries)
            reason = "its answer cannot be read" if isinstance(error, UNREADABLE) else str(error)
            url = app.settings.telegram_api_url
            log.warning("%s cannot be reached (%s), next try in %.1f s", url, reason, delay_s)
            await asyncio.sleep(delay_s)
        else:
            return


async def _check_budget(app: App) -> None:
    """Whoever finds a bot that is open to all may spend its owner's money; that is the owner's to allow."""
    settings = app.settings
    if (
        settings.access != "open"
        or settings.open_without_budget
        or not responders.least_usd(settings, now_ms=app.clock())
    ):
        return
    balances = await app.stores.budgets.balances(user_id="", session_id="", now_ms=app.clock())
    if not any(balance.policy.blocks for balance in balances):
        raise CannotRun(OPEN_PURSE.format(model=settings.openai_model))


async def _warn_of_loss(settings: Settings) -> None:
    """Say what the loss of the server's machine would lose, while there is nothing to regret."""
    if isinstance(settings.location, Path):  # of which there is no other copy
        return
    attendance = await asyncio.to_thread(engines.attendance, settings.location)
    if attendance is not None and (found := on_server.check_replicas(attendance)).verdict != "ok":
        log.warning("%s", found.evidence)


async def _check_identity(app: App) -> None:
    known, own = await app.stores.properties.find(BOT_ID), str(app.bot.id)
    if known is None:
        await app.database.commit(Properties.set(BOT_ID, own))
    elif known != own:
        raise CannotRun(
            f"{app.database.label} belongs to the bot with id {known}, but the token is of bot {own}; "
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


async def _stop(app: App, receiver: Receiver, beat: LifeSigns) -> None:
    """Finish what is in hand as long as it can be committed, then close; everything else is in the database.

    The limit holds while a lock is waited for, too: what was handed over and is not committed by then never will be.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + app.settings.shutdown_seconds

    def left_s() -> float:
        return max(0.0, deadline - loop.time())

    finishing = asyncio.create_task(_finish(app, receiver, beat, left_s), name="finishing")
    lost = asyncio.create_task(_lost(app.database), name="the database while finishing")
    await asyncio.wait((finishing, lost), return_when=asyncio.FIRST_COMPLETED)
    first = finishing if finishing.done() else lost
    await end((finishing, lost))
    await app.supervisor.stop()
    await app.telegram.close()
    await app.abilities.aclose()
    await app.database.close(left_s())
    first.result()


async def _lost(database: Database) -> None:
    """Wait until somebody has met that the database is lost, and raise what it is lost by."""
    await database.lost.wait()
    await database.commit()


async def _finish(app: App, receiver: Receiver, beat: LifeSigns, left_s: Callable[[], float]) -> None:
    """Let no more in, end what is in hand and what is being sent; then say that the bot has ended."""
    app.sender.hold()
    await receiver.stop(left_s())
    await asyncio.gather(app.processor.stop(left_s()), app.runner.stop(left_s()), app.sender.stop(left_s()))
    if not app.supervisor.has_failed:
        with suppress(TimeoutError):
            async with asyncio.timeout(left_s()):
                await beat.end()  # also where there is no time to wait for it: what was handed over is committed
