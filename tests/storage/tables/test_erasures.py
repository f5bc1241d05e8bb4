"""Who was erased, and when: what a lost database is put back with."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from storage import migrations
from storage.database import Database
from storage.erasure import Erasure
from storage.errors import ErasuresUnreadable
from storage.tables.erasures import Erased, Erasures, read_list, read_of, write_list
from tests.storage.files import NOW_MS


async def test_an_erasure_is_entered_by_its_own_commit(database: Database) -> None:
    """With when it was; of a person the last one counts."""
    erasure = Erasure(database)
    await database.commit(*erasure.of("8", now_ms=50))
    await database.commit(*erasure.of("7", now_ms=60))
    await database.commit(*erasure.of("8", now_ms=70))
    assert await Erasures(database).list_all() == [Erased("7", 60), Erased("8", 70)]


async def test_a_clock_that_went_back_makes_no_later_erasure_an_earlier_one(database: Database) -> None:
    """By their times is told what a copy of the database has."""
    for now_ms in (50, 20):
        await database.commit(*Erasure(database).of("8", now_ms=now_ms))
    assert await Erasures(database).list_all() == [Erased("8", 51)]


def test_a_list_is_read_as_it_was_written() -> None:
    """JSON; an empty list too."""
    erased = [Erased("7", 60), Erased("8", 0)]
    assert read_list(write_list(erased)) == erased
    assert read_list(write_list([])) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "7",
        '{"erasures": 7}',
        '{"erasures": ["7"]}',
        '{"erasures": [{"userId": "7"}]}',
        '{"erasures": [{"userId": "ann", "erasedAtMs": 1}]}',
    ],
)
def test_what_is_no_list_is_refused(text: str) -> None:
    """Instead of being taken for one on which nobody stands."""
    with pytest.raises(ErasuresUnreadable):
        read_list(text)


def old(*statements: str) -> sqlite3.Connection:
    """A file of another version."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    return connection


PROPERTIES = "CREATE TABLE polar_properties (name TEXT PRIMARY KEY, value TEXT)"


def test_files_of_earlier_versions_tell_what_they_know() -> None:
    """Sequences where times were not kept; nothing where nobody was erased; None where it is not known who was."""
    table = "CREATE TABLE polar_erasures (userId TEXT PRIMARY KEY, sequence INTEGER)"
    counted = "INSERT INTO polar_properties VALUES ('erasures', '1')"
    with closing(old(table, "INSERT INTO polar_erasures VALUES ('7', 12)")) as connection:
        assert read_of(connection) == [Erased("7", 12)]
    with closing(old(PROPERTIES)) as connection:
        assert read_of(connection) == []
    with closing(old()) as connection:
        assert read_of(connection) == []
    with closing(old(PROPERTIES, counted)) as connection:
        assert read_of(connection) is None


def test_what_was_erased_before_times_were_kept_is_earlier_than_what_has_one() -> None:
    """By the sequence that stands there instead."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrations.apply(connection, 1, until=20)
        connection.execute("INSERT INTO polar_erasures VALUES ('7', 12)")
        before = read_of(connection)
        migrations.apply(connection, 1)
        assert read_of(connection) == before == [Erased("7", 12)]
        assert not Erased("7", 12).has_time
        assert Erased("7", NOW_MS).has_time
