"""`polar erase --list`, on a real file; erasing itself is in tests/abuse/test_erasure.py."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from storage.tables.erasures import Erased, read_list
from tests.bot.cli.terminal import polar, printed


def test_the_list_of_erasures_is_what_a_copy_is_put_back_with(database: Path) -> None:
    """Ids and instants, for programs as for people; nothing is erased by it."""
    polar("erase", "7", database=database)
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("INSERT INTO polar_erasures VALUES ('8', 3, 3)")
    listed = printed(polar("erase", "--list", "--json", database=database))
    first, second = read_list(json.dumps(listed))
    assert (first.user_id, first.has_time) == ("7", True)
    assert second == Erased("8", 3)
    told = polar("erase", "--list", database=database).stdout
    assert "7" in told
    assert "before times were kept" in told


@pytest.mark.parametrize("arguments", [(), ("7", "--list"), ("--list", "--dry-run")])
def test_a_person_is_named_or_a_list_is_asked_for(database: Path, arguments: tuple[str, ...]) -> None:
    """Status 2 for anything else."""
    assert polar("erase", *arguments, database=database).exit_code == 2
