"""What is remembered of a table, against a real database that this process and others write to."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from storage.database import Database
from storage.engines import beside
from storage.errors import DatabaseClosed
from storage.location import Location
from storage.statement import Statement
from storage.tables.properties import Properties
from storage.until_written import UntilWritten


class Asked:
    """The values of properties, each by the table's store as it is asked for, and how often that was read."""

    def __init__(self, database: Database, most: int = 10) -> None:
        self._database = database
        self._answers: UntilWritten[str, str | None] = UntilWritten(database, "polar_properties", most=most)
        self.reads = 0
        self.has_read, self.goes_on = asyncio.Event(), asyncio.Event()
        self.goes_on.set()
        self.failing = 0
        """How many reads fail from now on."""

    def expect(self, name: str) -> None:
        """It will be asked for."""
        self._answers.expect(name, partial(self._read, name))

    async def value(self, name: str) -> str | None:
        """As it is known, or read."""
        return await self._answers.of(name, partial(self._read, name))

    async def _read(self, name: str) -> str | None:
        self.reads += 1
        if self.failing:
            self.failing -= 1
            raise DatabaseClosed
        row = await self._database.look_up_one("SELECT value FROM polar_properties WHERE name = ?", (name,))
        self.has_read.set()
        await self.goes_on.wait()
        return None if row is None else str(row[0])


async def test_what_was_read_is_known_until_it_is_written_to(database: Database) -> None:
    """That there is nothing, too."""
    asked = Asked(database)
    assert [await asked.value("a"), await asked.value("a"), asked.reads] == [None, None, 1]
    await database.commit(Properties.set("a", "1"))
    assert [await asked.value("a"), await asked.value("a"), asked.reads] == ["1", "1", 2]


async def test_what_is_expected_is_read_before_it_is_asked_for(database: Database) -> None:
    """Once, whether it is asked for meanwhile or later; what is known is not read again."""
    asked = Asked(database)
    for _ in range(2):
        asked.expect("a")
    assert [await asked.value("a"), await asked.value("a"), asked.reads] == [None, None, 1]
    asked.expect("a")
    assert [await asked.value("a"), asked.reads] == [None, 1]


async def test_what_is_expected_is_read_again_if_it_changes_meanwhile(database: Database) -> None:
    """It was read before that."""
    asked = Asked(database)
    asked.goes_on.clear()
    asked.expect("a")
    await asked.has_read.wait()
    await database.commit(Properties.set("a", "1"))
    asked.goes_on.set()
    assert [await asked.value("a"), asked.reads] == ["1", 2]


async def test_what_is_expected_and_cannot_be_read_is_read_by_whoever_asks(database: Database) -> None:
    """Who hears of it then."""
    asked = Asked(database)
    asked.failing = 1
    asked.expect("a")
    assert [await asked.value("a"), asked.reads] == [None, 2]
    asked.failing = 2
    asked.expect("b")
    with pytest.raises(DatabaseClosed):
        await asked.value("b")


async def test_what_another_program_has_written_is_known_from_the_next_commit_on(
    database: Database, location: Location
) -> None:
    """Each message is committed before its turn begins, so none of them meets what is older than itself."""
    asked = Asked(database)
    assert await asked.value("a") is None

    def operate() -> None:
        with beside(location) as other:
            other.commit(Properties.set("a", "1"))

    await asyncio.to_thread(operate)
    await database.commit(Statement("DELETE FROM polar_audit"))
    assert await asked.value("a") == "1"


async def test_of_many_the_latest_are_known(database: Database) -> None:
    """So that it takes no more room the longer the process runs."""
    asked = Asked(database, most=2)
    for name in "abc":
        await asked.value(name)
    assert [await asked.value("b"), await asked.value("c"), asked.reads] == [None, None, 3]
    assert [await asked.value("a"), asked.reads] == [None, 4]


async def test_readers_that_tell_of_no_change_are_asked_each_time(database: Database) -> None:
    """Nobody would say when it is old."""
    reads = 0

    async def read() -> int:
        nonlocal reads
        reads += 1
        return reads

    answers: UntilWritten[str, int] = UntilWritten(database.asking, "polar_properties")
    answers.expect("a", read)
    assert [await answers.of("a", read), await answers.of("a", read)] == [1, 2]
