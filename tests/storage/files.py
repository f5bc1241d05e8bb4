"""Looking at database files the way a second program does, and running such programs."""

from __future__ import annotations

import hashlib
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

NOW_MS = 1_795_000_000_000
DAY_MS = 24 * 3_600_000
CHECKOUT = Path(__file__).resolve().parents[2]


@contextmanager
def plain(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection of the standard library, in autocommit mode, as any other program would open one."""
    with closing(sqlite3.connect(path, isolation_level=None, timeout=10)) as connection:
        yield connection


def rows(path: Path, sql: str, *params: Any) -> list[tuple[Any, ...]]:
    """What another program reads."""
    with plain(path) as connection:
        return connection.execute(sql, params).fetchall()


def can_be_written(path: Path) -> bool:
    """Whether another program may write now: nobody has a transaction open."""
    with plain(path) as connection:
        connection.execute("PRAGMA busy_timeout = 0")
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        connection.execute("ROLLBACK")
        return True


def digest(path: Path) -> str:
    """The SHA-256 of a file that nobody has open."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def run(code: str, *arguments: object, prefix: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """Run Python code of ours in a process of its own and wait for its end."""
    command = [*prefix, sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=False)


@contextmanager
def running(code: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Python code of ours in a process of its own, which has printed its first line; killed at the end."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    process = subprocess.Popen(command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().strip() == "ready"
            yield process
        finally:
            process.kill()


OPEN_AND_CLOSE = """
import asyncio, pathlib, sys
from storage.database import Database
from storage.errors import StorageError

async def main():
    try:
        database = await Database.open(pathlib.Path(sys.argv[1]), now_ms=1)
    except StorageError as error:
        print(type(error).__name__, error, sep=": ")
    else:
        await database.close()
        print("opened")

asyncio.run(main())
"""
HOLD = """
import asyncio, pathlib, sys
from storage.database import Database
from storage.statement import Statement

async def main():
    database = await Database.open(pathlib.Path(sys.argv[1]), now_ms=1)
    await database.commit(Statement("INSERT INTO polar_properties VALUES ('holder', 'was here')"))
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.read)

asyncio.run(main())
"""
LOCK = """
import sqlite3, sys

connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute(sys.argv[2])
print("ready", flush=True)
sys.stdin.read()
"""


@contextmanager
def locked(path: Path, begin: str = "BEGIN IMMEDIATE") -> Iterator[None]:
    """Another program holds the lock of the file meanwhile; it is killed at the end."""
    with running(LOCK, path, begin):
        yield
