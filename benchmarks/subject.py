"""One bot in a process of its own, fed until it has handled everything; prints what came of it as JSON.

`python -m benchmarks.subject <case as JSON>`
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
import time
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from telegram import Update
from telegram.ext import Application, ApplicationBuilder, CallbackContext, MessageReactionHandler

from benchmarks.sampling import Sampler
from benchmarks.telegram import CHATS
from bot import logs
from bot.run import Running, running, settle_memory
from bot.settings import Settings
from storage.database import Database
from storage.tables.access import Permissions

TOKEN = "1000000001:BENCHMARK-TOKEN"  # noqa: S105 - of a bot that nobody has
# About half of what an update takes, so that whoever waits looks seldom, and often only at the very end.
LOOK_AGAIN_S = 100e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is to run: which bot, against which server, and how many updates it will get."""

    bot: Literal["bare", "polar"]
    api: str
    updates: int
    messages: int = 0
    database: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    """Of the bot, beyond its defaults."""
    sampled: bool = False


@dataclass(slots=True, kw_only=True)
class Result:
    """When the last update was handled (monotonic nanoseconds), and the memory in KiB by then and at most."""

    finished_ns: int
    resident_kib: int = 0
    peak_kib: int = 0
    profile: dict[str, Any] | None = None


class Miscounted(Exception):
    """The bot did not record exactly what it was given."""


async def run_bare(case: Case) -> Result:
    """An Application as PTB's own examples build it; its handler only counts."""
    handled = 0
    finished: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def count(update: Update, context: Any) -> None:
        nonlocal handled
        handled += 1
        if handled == case.updates:
            finished.set_result(time.monotonic_ns())

    application = _build_bare(case.api)
    application.add_handler(MessageReactionHandler(count))
    updater = application.updater
    assert updater is not None
    async with application:
        await application.start()
        await updater.start_polling(allowed_updates=[Update.MESSAGE_REACTION])
        result = Result(finished_ns=await finished)
        _note_memory(result)
        await updater.stop()
        await application.stop()
    return result


def _build_bare(api: str) -> Application[Any, CallbackContext[Any, Any, Any, Any], Any, Any, Any, Any]:
    return ApplicationBuilder().token(TOKEN).base_url(f"{api}/bot").build()


async def run_polar(case: Case) -> Result:
    """The bot as `polar run` starts it, with its log and its defaults."""
    logs.set_up("console")
    values = {
        "telegram_bot_token": TOKEN,
        "telegram_api_url": case.api,
        "database": case.database,
        "access": "open",
        "responder": "none",
        **case.settings,
    }
    aliased = {("TELEGRAM_BOT_TOKEN" if name == "telegram_bot_token" else name): v for name, v in values.items()}
    settings = Settings(_env_file=None, **aliased)  # type: ignore[call-arg]
    if settings.access == "pairing":
        await _let_in(settings.database_path)
    sampler = Sampler() if case.sampled else None
    context: AbstractContextManager[Any] = sampler or nullcontext()
    async with running(settings) as bot:
        settle_memory()
        with context:
            result = Result(finished_ns=await _until_done(bot, case.updates))
        _note_memory(result)
        if sampler is not None:
            result.profile = asdict(sampler.result(case.updates))
    _check(settings.database_path, case)
    return result


async def _until_done(bot: Running, updates: int) -> int:
    """When nothing is left to receive and nothing is unfinished, asked by reading what is committed."""
    while True:
        row = await bot.app.database.fetch_one(
            "SELECT (SELECT coalesce(max(sequence), 0) FROM polar_updates), (SELECT count(*) FROM polar_updates "
            "INDEXED BY polar_updates_pending WHERE status = 'pending')"
        )
        assert row is not None
        left = updates - row[0] + row[1]
        if left == 0:
            return time.monotonic_ns()
        if bot.finished.done():
            bot.finished.result()
        await asyncio.sleep(min(0.5, max(0.002, left * LOOK_AGAIN_S)))


async def _let_in(path: Path) -> None:
    """Make everyone who will react a member."""
    database = await Database.open(path, now_ms=0)
    await database.commit(*(Permissions.grant(str(n), "member", granted_by="", now_ms=0) for n in range(1, CHATS + 1)))
    await database.close()


def _check(path: Path, case: Case) -> None:
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute(
            "SELECT (SELECT count(*) FROM polar_feedback_events), (SELECT count(*) FROM polar_messages), "
            "(SELECT count(*) FROM polar_updates WHERE status = 'done'), (SELECT count(*) FROM polar_updates)"
        ).fetchone()
    expected = (case.updates - case.messages, case.messages, case.updates, case.updates)
    if found != expected:
        raise Miscounted(f"events, messages, updates done and updates: expected {expected}, found {found}")


def _note_memory(result: Result) -> None:
    status = dict(
        line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("Vm")
    )
    result.resident_kib = int(status["VmRSS"].split()[0])
    result.peak_kib = int(status["VmHWM"].split()[0])


def main() -> None:
    """Run the case that the argument describes."""
    case = Case(**json.loads(sys.argv[1]))
    result = asyncio.run(run_bare(case) if case.bot == "bare" else run_polar(case))
    print(json.dumps(asdict(result)))


if __name__ == "__main__":
    main()
