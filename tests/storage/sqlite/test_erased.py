"""Who was erased, as files of earlier versions tell it."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from storage import migrations
from storage.sqlite.erased import erased_of
from storage.tables.erasures import Erased
from tests.storage.files import NOW_MS


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
        assert erased_of(connection) == [Erased("7", 12)]
    with closing(old(PROPERTIES)) as connection:
        assert erased_of(connection) == []
    with closing(old()) as connection:
        assert erased_of(connection) == []
    with closing(old(PROPERTIES, counted)) as connection:
        assert erased_of(connection) is None


def test_what_was_erased_before_times_were_kept_is_earlier_than_what_has_one() -> None:
    """By the sequence that stands there instead."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrations.apply(connection, 1, until=20)
        connection.execute("INSERT INTO polar_erasures VALUES ('7', 12)")
        before = erased_of(connection)
        migrations.apply(connection, 1)
        assert erased_of(connection) == before == [Erased("7", 12)]
        assert not Erased("7", 12).has_time
        assert Erased("7", NOW_MS).has_time
