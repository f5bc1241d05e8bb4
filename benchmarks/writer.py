"""What a commit costs, by design of the writer: one thread hop a group, or aiosqlite's public API.

Committers run side by side; each waits for its own unit before it hands over the next. A unit is what a reaction
makes: finish the update, append to the ledger, append to the audit. `synchronous=FULL`, the same grouping everywhere.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from itertools import groupby
from pathlib import Path
from statistics import median
from typing import Annotated, Any
from uuid import uuid4

import aiosqlite
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.telegram import CHATS, SENT_AT
from storage.database import Database
from storage.errors import ExpectationFailed
from storage.sqlite import opening
from storage.statement import Statement
from storage.tables.audit import AuditTrail
from storage.tables.feedback import FeedbackLedger
from storage.tables.updates import Received, Updates
from storage.waiting import MAX_UNITS

CHECKOUT = Path(__file__).resolve().parent.parent
COMMITTERS = (1, 16, 64, 256)
NOW_MS = SENT_AT * 1000
THREAD, STATEMENTS, KINDS = (
    "sqlite3 on a thread, one hop a group",
    "aiosqlite, a hop a statement",
    "aiosqlite, executemany a kind (no order, no expectations)",
)

Unit = tuple[Statement, ...]
Commit = Callable[[Unit], Awaitable[object]]
Design = Callable[[Path], AbstractAsyncContextManager[Commit]]


@asynccontextmanager
async def on_a_thread(path: Path) -> AsyncIterator[Commit]:
    """The bot's own database."""
    database = await Database.open(path, now_ms=NOW_MS)
    try:
        yield lambda unit: database.commit(*unit)
    finally:
        await database.close()


class Grouping:
    """The same group commit over a connection of aiosqlite."""

    def __init__(self, connection: aiosqlite.Connection, run: Callable[[list[Unit]], Awaitable[None]]) -> None:
        self._connection = connection
        self._run = run
        self._waiting: asyncio.Queue[tuple[Unit, asyncio.Future[None]]] = asyncio.Queue()

    async def commit(self, unit: Unit) -> None:
        """Durable when it returns."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.put_nowait((unit, done))
        await done

    async def write(self) -> None:
        """Commit whatever waits, forever."""
        while True:
            group = [await self._waiting.get()]
            while len(group) < MAX_UNITS and not self._waiting.empty():
                group.append(self._waiting.get_nowait())
            await self._connection.execute("BEGIN IMMEDIATE")
            await self._run([unit for unit, _ in group])
            await self._connection.execute("COMMIT")
            for _, done in group:
                done.set_result(None)


@asynccontextmanager
async def _grouping(path: Path, *, by_kind: bool) -> AsyncIterator[Commit]:
    async with aiosqlite.connect(path, isolation_level=None) as connection:
        await connection.execute("PRAGMA synchronous = FULL")
        await connection.execute("PRAGMA foreign_keys = ON")

        async def run_statements(units: list[Unit]) -> None:
            for unit in units:
                for statement in unit:
                    cursor = await connection.execute(statement.sql, statement.params)
                    if statement.expect is not None and cursor.rowcount != statement.expect:
                        raise ExpectationFailed(statement.sql, statement.expect, cursor.rowcount)

        async def run_kinds(units: list[Unit]) -> None:
            statements = sorted((s for unit in units for s in unit), key=lambda s: s.sql)
            for sql, same in groupby(statements, key=lambda s: s.sql):
                await connection.executemany(sql, [s.params for s in same])

        grouping = Grouping(connection, run_kinds if by_kind else run_statements)
        writing = asyncio.create_task(grouping.write())
        try:
            yield grouping.commit
        finally:
            writing.cancel()


def by_statement(path: Path) -> AbstractAsyncContextManager[Commit]:
    """Order and expectations kept, as the bot needs them."""
    return _grouping(path, by_kind=False)


def by_kind(path: Path) -> AbstractAsyncContextManager[Commit]:
    """What aiosqlite could do at best; the bot could not use it."""
    return _grouping(path, by_kind=True)


DESIGNS: dict[str, Design] = {THREAD: on_a_thread, STATEMENTS: by_statement, KINDS: by_kind}


def prepare(path: Path, count: int) -> None:
    """A database with so many unfinished updates."""
    connection, _ = opening.prepare(path, NOW_MS)
    with closing(connection):
        connection.execute("BEGIN")
        for number in range(1, count + 1):
            chat = number % CHATS + 1
            received = Received(
                update_id=number,
                kind="message_reaction",
                lane=f"{chat}::control",
                session_id=f"telegram:chat:{chat}",
                telegram_message_id=None,
                body=b"x" * 430,
            )
            statement = Updates.add(received, now_ms=NOW_MS)
            connection.execute(statement.sql, statement.params)
        connection.execute("COMMIT")


def make_unit(number: int) -> Unit:
    """The statements of the turn of update `number`."""
    chat = number % CHATS + 1
    session, user = f"telegram:chat:{chat}", str(chat)
    return (
        Updates.finish(number, number, now_ms=NOW_MS),
        FeedbackLedger.append_on_message(
            event_id=str(uuid4()),
            event_type="reaction_added",
            session_id=session,
            telegram_message_id=number,
            chat_id=chat,
            emoji="👍",
            polarity="positive",
            payload={"actor": user, "via": "reaction", "telegramMessageId": number, "updateId": number},
            now_ms=NOW_MS,
        ),
        AuditTrail.append(
            turn_id=f"update:{number}:{NOW_MS}",
            attempt=1,
            kind="reaction",
            session_id=session,
            user_id=user,
            outcome="recorded",
            reason=None,
            duration_ms=1,
            now_ms=NOW_MS,
        ),
    )


async def measure(design: Design, path: Path, committers: int, count: int) -> float:
    """Units a second."""
    units = [make_unit(number) for number in range(1, count + 1)]

    async def commit_share(commit: Commit, first: int) -> None:
        for unit in units[first::committers]:
            await commit(unit)

    async with design(path) as commit:
        started = time.perf_counter()
        await asyncio.gather(*(commit_share(commit, first) for first in range(committers)))
        return count / (time.perf_counter() - started)


def _run(design: Design, folder: Path, committers: int, count: int) -> float:
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        path = Path(temporary) / "writer.db"
        prepare(path, count)
        speed = asyncio.run(measure(design, path, committers, count))
        with closing(sqlite3.connect(path)) as connection:
            found = connection.execute("SELECT count(*) FROM polar_updates WHERE status = 'done'").fetchone()[0]
        assert found == count, f"expected {count} finished updates, found {found}"
    return speed


def compare(folder: Path, rounds: int, count: int) -> dict[int, dict[str, list[float]]]:
    """Units a second by committers and design, the designs in turn within a round."""
    found: dict[int, dict[str, list[float]]] = {n: {name: [] for name in DESIGNS} for n in COMMITTERS}
    for number in range(rounds):
        for committers in COMMITTERS:
            # A lone committer waits for the disk each time; fewer units tell as much.
            units = count if committers > 1 else max(1, count // 5)
            for name in DESIGNS if number % 2 == 0 else reversed(DESIGNS):
                found[committers][name].append(_run(DESIGNS[name], folder, committers, units))
    return found


def show(found: dict[int, dict[str, list[float]]]) -> None:
    """Medians, and what they are of the first design's."""
    table = Table(title="units of three statements a second, FULL, medians")
    table.add_column("committers", justify="right")
    table.add_column("design")
    for heading in ("units/s", "min", "max", "ratio"):
        table.add_column(heading, justify="right")
    for committers, designs in found.items():
        for name, speeds in designs.items():
            ratio = median(own / thread for own, thread in zip(speeds, designs[THREAD], strict=True))
            shown = (f"{speed:,.0f}" for speed in (median(speeds), min(speeds), max(speeds)))
            table.add_row(str(committers), name, *shown, f"{ratio:.2f}")
        table.add_section()
    Console().print(table)


def main(
    units: Annotated[int, typer.Option(min=1000, help="Units a measurement.")] = 8_000,
    rounds: Annotated[int, typer.Option(min=1, help="How often each design runs.")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    folder: Annotated[Path, typer.Option(help="Where databases are made; on a disk.")] = CHECKOUT / ".bench",
) -> None:
    """Compare designs of the writer."""
    folder.mkdir(parents=True, exist_ok=True)
    found: dict[int, dict[str, list[Any]]] = compare(folder, rounds, units)
    if as_json:
        print(json.dumps(found))
    else:
        show(found)


if __name__ == "__main__":
    typer.run(main)
