"""The engine of a database, chosen by where it is: the one place that knows of all of them. For care: storage/care.py.

A file is SQLite's. What a server needs is imported only where one is named.
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from contextlib import AbstractContextManager
from importlib.util import find_spec
from pathlib import Path

from storage.attendance import Attendance, StandBy
from storage.beside import Beside
from storage.engine import DatabaseSnapshot, Engine
from storage.errors import DatabaseUnusable
from storage.location import Location, ServerUrl
from storage.readers import Readers
from storage.sqlite import opening, reading
from storage.sqlite.beside import beside as beside_file
from storage.sqlite.engine import SqliteEngine


async def open_engine(location: Location, *, now_ms: int, question_s: float, stand_by: StandBy | None = None) -> Engine:
    """The database as the bot's process has it; `Database.open` is what calls this."""
    if isinstance(location, Path):
        return await SqliteEngine.open(location, now_ms=now_ms, question_s=question_s)
    check_driver(location)
    from storage.postgres.engine import PostgresEngine

    return await PostgresEngine.open(location, now_ms=now_ms, question_s=question_s, stand_by=stand_by)


async def connect_readers(location: Location) -> Readers:
    """The database of another process, for reading; raises DatabaseUnusable unless it is of this version."""
    if isinstance(location, Path):
        return await reading.connect(location)
    check_driver(location)
    from storage.postgres import opening as opening_of_server
    from storage.postgres.readers import PostgresReaders

    await asyncio.to_thread(opening_of_server.identify, location)
    return await PostgresReaders.connect(location)


def beside(location: Location) -> AbstractContextManager[Beside]:
    """For reading and writing beside a bot; raises DatabaseUnusable unless it is free and of this version."""
    if isinstance(location, Path):
        return beside_file(location)
    check_driver(location)
    from storage.postgres.beside import beside as beside_server

    return beside_server(location)


def snapshot(location: Location) -> AbstractContextManager[DatabaseSnapshot]:
    """All that is read within sees one instant; raises DatabaseUnusable, also for what fails while reading."""
    if isinstance(location, Path):
        return reading.snapshot(location)
    check_driver(location)
    from storage.postgres.snapshot import snapshot as snapshot_of_server

    return snapshot_of_server(location)


def identity(location: Location) -> Hashable:
    """Which database is there now: another one, or none of this version, may have taken its place.

    Raises DatabaseUnusable unless it can be read and is of this version. It blocks.
    """
    if isinstance(location, Path):
        return opening.identify(location)
    check_driver(location)
    from storage.postgres import opening as opening_of_server

    return opening_of_server.identify(location)


def attendance(location: Location) -> Attendance | None:
    """Who works on it, where others can take over; None for a file, and where it cannot be seen. It blocks."""
    if isinstance(location, Path) or find_spec("psycopg") is None:
        return None
    from storage.postgres.attendance import attendance as attendance_of_server

    return attendance_of_server(location)


def check_driver(location: ServerUrl) -> None:
    """Raise DatabaseUnusable where what a server needs is not there."""
    if find_spec("psycopg") is None:
        raise DatabaseUnusable(
            f"{location} is on a PostgreSQL server, and what speaks with one is not installed; "
            "install polar[postgres], or name a file in POLAR_DATABASE"
        )
