"""A new database for each test, opened as the bot opens it: once as a file of SQLite's, once on a PostgreSQL server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from storage.database import Database
from storage.location import Location, ServerUrl
from storage.postgres import connections, readers
from storage.postgres.rows import ServerConnection
from tests.storage.files import NOW_MS
from tests.storage.served import Served


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A server has no index of words: memories there are searched in one way."""
    items[:] = [item for item in items if not {"postgres", "with the index"} <= _parameters(item)]


def _parameters(item: pytest.Item) -> set[str]:
    values = item.callspec.params.values() if isinstance(item, pytest.Function) and hasattr(item, "callspec") else ()
    return {value for value in values if isinstance(value, str)}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database file is, or will be."""
    return tmp_path / "polar-system.db"


@pytest.fixture(params=["sqlite", "postgres"])
def location(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Location:
    """Where the database is: with each engine in turn."""
    if request.param == "sqlite":
        file: Path = request.getfixturevalue("path")
        return file
    monkeypatch.setattr(readers, "READERS", 1)
    return ServerUrl(request.getfixturevalue("emptied"))


@pytest.fixture(scope="session")
def writer(reused: tuple[str, Callable[[], None]]) -> Iterator[ServerConnection]:
    """The one that writes to the server's database, in all tests."""
    with connections.connect_writer(ServerUrl(reused[0]), lock_ms=connections.LOCK_MS) as link:
        yield link


@pytest_asyncio.fixture
async def database(request: pytest.FixtureRequest, location: Location) -> AsyncIterator[Database]:
    """A new database, open until the test ends."""
    if isinstance(location, Path):
        opened = await Database.open(location, now_ms=NOW_MS)
    else:
        engine = Served(location, request.getfixturevalue("writer"))
        await engine.readers.add_readers()
        opened = Database(engine)
    try:
        yield opened
    finally:
        await opened.close()
