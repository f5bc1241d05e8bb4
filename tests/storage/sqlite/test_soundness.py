"""Looking through a file, as long as there is time."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.database import Database
from storage.sqlite.soundness import look_through
from tests.storage.files import digest, plain


def never() -> bool:
    """There is time enough."""
    return False


@pytest.fixture
def filled(path: Path) -> Path:
    """A file of some pages."""
    with plain(path) as connection:
        connection.execute("CREATE TABLE t (a TEXT)")
        connection.execute(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) "
            "INSERT INTO t SELECT hex(zeroblob(300)) FROM n"
        )
    return path


def test_a_whole_file_has_no_problems_and_stays_as_it_is(filled: Path) -> None:
    """Not a byte of it is changed."""
    before = digest(filled)
    assert look_through(filled, is_over=never) == []
    assert digest(filled) == before


async def test_it_is_looked_through_beside_a_bot(database: Database, path: Path) -> None:
    """Which has it open meanwhile."""
    assert look_through(path, is_over=never) == []


def test_a_damaged_page_is_a_problem(filled: Path) -> None:
    """In the middle of the file."""
    with filled.open("r+b") as file:
        file.seek(40 * 4096)
        file.write(b"\xff" * 4096)
    assert look_through(filled, is_over=never)


def test_where_the_time_is_over_nothing_is_known(filled: Path) -> None:
    """Neither that it is whole nor that it is not."""
    assert look_through(filled, is_over=lambda: True) is None


def test_what_is_no_database_is_a_problem(path: Path) -> None:
    """Told as SQLite tells it."""
    path.write_bytes(b"no database, whatever its name says" * 100)
    assert look_through(path, is_over=never) == ["file is not a database"]
