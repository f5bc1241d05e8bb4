"""The database beside a bot that runs on it: the same stores, asked and written without a loop."""

from __future__ import annotations

import asyncio

import pytest

from storage.database import Database
from storage.engines import beside
from storage.errors import ExpectationFailed
from storage.location import Location
from storage.tables.jobs import Jobs
from storage.tables.properties import Properties
from storage.tables.users import Users
from tests.second import rows
from tests.storage.files import NOW_MS


async def test_what_is_committed_beside_the_bot_is_read_by_both(database: Database, location: Location) -> None:
    """And what the bot commits is read beside it."""
    await database.commit(Users.set_timezone("1", "Europe/Berlin", now_ms=NOW_MS))

    def operate() -> tuple[str | None, str | None]:
        with beside(location) as other:
            other.commit(Properties.set("name", "value"))
            return other.ask(Users(other).timezone_of("1")), other.ask(Properties(other).find("name"))

    assert await asyncio.to_thread(operate) == ("Europe/Berlin", "value")
    assert await Properties(database).find("name") == "value"


async def test_a_unit_that_is_void_writes_nothing(database: Database, location: Location) -> None:
    """All statements, or none of them."""

    def operate() -> None:
        with beside(location) as other:
            other.commit(Properties.set("name", "value"), Jobs.remove("nowhere"))

    with pytest.raises(ExpectationFailed):
        await asyncio.to_thread(operate)
    assert rows(location, "SELECT * FROM polar_properties WHERE name = 'name'") == []
