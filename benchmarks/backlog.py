"""`python -m benchmarks.backlog`: how soon control is handled while answers wait, and how long the loop stands still.

A bot with a responder that takes half a minute gets messages as after an outage, in batches as getUpdates gives them;
then somebody else sends /ping and reacts. Once as they come in, and once more after a restart, when all of them wait.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.reactions import serving
from benchmarks.subject import TOKEN
from benchmarks.telegram import BATCH, SENT_AT
from bot.home import ROOT
from bot.receiving.envelope import read
from bot.run import Running, running, settle_memory
from bot.settings import Settings
from middleware.responder import Responder
from middleware.turn import Turn
from storage.tables.updates import Received

CHATS = 2_000
ANSWER_S = 30
STALL_LIMIT_MS, CONTROL_LIMIT_MS = 50, 1_000
LOOK_S, TICK_S = 0.002, 0.001
ASKING = 1_000_000
"""Whose command and reaction are waited for."""


class Slow:
    """A responder that takes half a minute."""

    def __init__(self, fallback: Responder) -> None:
        self.fallback = fallback

    async def respond(self, turn: Turn) -> str:
        """The text, much later."""
        await asyncio.sleep(ANSWER_S)
        return turn.text


def _received(update_id: int, content: dict[str, Any]) -> Received:
    received = read(json.dumps({"update_id": update_id, **content}).encode())
    assert received is not None
    return received


def _from(chat: int) -> dict[str, Any]:
    person = {"id": chat, "first_name": "Alexandra"}
    return {"chat": {**person, "type": "private"}, "from": {**person, "is_bot": False}, "date": SENT_AT}


def _messages(count: int) -> Iterator[Received]:
    for number in range(1, count + 1):
        message = {**_from(number % CHATS + 1), "message_id": number, "text": "What do people write to a bot?"}
        yield _received(number, {"message": message})


def _ping(update_id: int) -> Received:
    command = {"type": "bot_command", "offset": 0, "length": 5}
    message = {**_from(ASKING), "message_id": update_id, "text": "/ping", "entities": [command]}
    return _received(update_id, {"message": message})


def _reaction(update_id: int) -> Received:
    value = {**_from(ASKING), "message_id": 1, "old_reaction": [], "new_reaction": [{"type": "emoji", "emoji": "👍"}]}
    return _received(update_id, {"message_reaction": {**value, "user": value["from"]}})


class Stalls:
    """Notes the longest time for which the event loop did not come round, and was itself at work within one round."""

    def __init__(self) -> None:
        self.longest_ms = 0.0
        self.busiest_ms = 0.0
        """Other programs of the machine have no part in this one."""

    async def watch(self) -> None:
        """Forever."""
        before, worked = time.perf_counter(), time.thread_time()
        while True:
            await asyncio.sleep(TICK_S)
            now, now_worked = time.perf_counter(), time.thread_time()
            self.longest_ms = max(self.longest_ms, (now - before - TICK_S) * 1000)
            self.busiest_ms = max(self.busiest_ms, (now_worked - worked) * 1000)
            before, worked = now, now_worked

    def found(self, when: str) -> dict[str, float]:
        """As figures."""
        return {f"{when}stall_ms": self.longest_ms, f"{when}busy_ms": self.busiest_ms}


@asynccontextmanager
async def _bot(api: str, database: Path) -> AsyncIterator[tuple[Running, Stalls]]:
    values: dict[str, Any] = {
        "TELEGRAM_BOT_TOKEN": TOKEN,
        "telegram_api_url": api,
        "database": database,
        "access": "open",
        "responder": "benchmarks.backlog:Slow",
        "merge_window_ms": 0,
        "rate_limit_per_minute": 100_000,
        "shutdown_seconds": 0,
    }
    aliased = {_alias(name): value for name, value in values.items()}
    settings = Settings(_env_file=None, **aliased)  # type: ignore[call-arg]
    stalls = Stalls()
    settle_memory()
    async with running(settings) as bot:
        watching = asyncio.create_task(stalls.watch())
        try:
            yield bot, stalls
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching


def _alias(name: str) -> str:
    alias = Settings.model_fields[name].validation_alias if name in Settings.model_fields else None
    return alias if isinstance(alias, str) else name


async def _handled_ms(bot: Running, received: Received) -> float:
    """How long it takes from its being kept to its end."""
    began = time.perf_counter()
    await bot.app.journal.keep([received])
    while True:
        row = await bot.app.database.fetch_one(
            "SELECT status FROM polar_updates WHERE updateId = ?", (received.update_id,)
        )
        if row is not None and row[0] != "pending":
            return (time.perf_counter() - began) * 1000
        await asyncio.sleep(LOOK_S)


async def _measure(api: str, database: Path, count: int) -> dict[str, float]:
    found: dict[str, float] = {}
    waiting = list(_messages(count))
    async with _bot(api, database) as (bot, stalls):
        for first in range(0, count, BATCH):
            await bot.app.journal.keep(waiting[first : first + BATCH])
        found |= await _ask(bot, count, "")
        await asyncio.sleep(1)
        found |= stalls.found("")
    async with _bot(api, database) as (bot, stalls):
        found |= await _ask(bot, count + 2, "restarted_")
        await asyncio.sleep(1)
        found |= stalls.found("restarted_")
    return found


async def _ask(bot: Running, last: int, when: str) -> dict[str, float]:
    return {
        f"{when}ping_ms": await _handled_ms(bot, _ping(last + 1)),
        f"{when}reaction_ms": await _handled_ms(bot, _reaction(last + 2)),
    }


def main(
    folder: Annotated[Path, typer.Option(help="Where databases are made; on a disk.")] = ROOT / ".bench",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print how soon control is handled behind 2,000 and 20,000 messages in 2,000 chats, and the longest stall."""
    folder.mkdir(parents=True, exist_ok=True)
    results = {}
    with tempfile.TemporaryDirectory(dir=folder) as place, serving(0, 1, 0) as (port, _):
        for count in (CHATS, 10 * CHATS):
            results[count] = asyncio.run(_measure(f"http://127.0.0.1:{port}", Path(place) / f"{count}.db", count))
    if as_json:
        typer.echo(json.dumps(results))
        return
    table = Table("messages that wait", "", "/ping, ms", "a reaction, ms", "longest stall, ms", "its own work, ms")
    table.title = f"limits: {CONTROL_LIMIT_MS:,} ms for control, {STALL_LIMIT_MS} ms for a stall"
    for count, found in results.items():
        for when, words in (("", "as they come"), ("restarted_", "after a restart")):
            figures = [f"{found[when + name]:,.1f}" for name in ("ping_ms", "reaction_ms", "stall_ms", "busy_ms")]
            table.add_row(f"{count:,}", words, *figures)
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
