"""What is one person's is found by indexes, and its JSON holds whatever the tables hold."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from storage.database import Database
from storage.erasure import Erasure
from storage.location import Location
from storage.views import own_data
from storage.views.own_data import OwnData
from tests.second import program
from tests.storage import ON_SQLITE

# The few updates that were set aside, what is inside one of them, and the search in the index of words.
# What was asked for is bounded already.


async def test_what_other_programs_stored_is_given_as_it_is(database: Database, location: Location) -> None:
    """JSON as JSON, what is none as text; a number where a text was expected."""
    store(location, '{"fact": "a"}', "no json", 17, "[1, 2]")
    assert await records(database) == [{"fact": "a"}, "no json", 17, [1, 2]]


@ON_SQLITE
async def test_a_blob_where_a_text_was_expected_is_given_as_text(database: Database, path: Path) -> None:
    """A server would not have it there."""
    store(path, b'{"fact": "b"}')
    assert await records(database) == [{"fact": "b"}]


def store(location: Location, *found: object) -> None:
    """Another program has these remembered."""
    with program(location) as connection:
        for number, record in enumerate(found):
            connection.execute(
                "INSERT INTO polar_memory VALUES (?, 's', '7', 'session', 'fact', ?, '{}', 1, 1)",
                (f"m{number}", record),
            )


async def records(database: Database) -> list[object]:
    """What the person is given of it."""
    pages = OwnData(database).pages("7", "memories", start=0)
    return [json.loads(row)["record"] async for page in pages for row in page]


@pytest.mark.parametrize(("short", "given"), [(0, 3), (1, 2)])
async def test_what_has_no_room_is_left_out(
    database: Database, location: Location, monkeypatch: pytest.MonkeyPatch, short: int, given: int
) -> None:
    """Whole rows, the newest first; bytes are counted, not characters."""
    with program(location) as connection:
        for number in range(4):
            connection.execute(
                "INSERT INTO polar_memory VALUES (?, 's', '7', 'session', 'fact', 'é😀', '{}', 1, 1)", (f"m{number}",)
            )
    own = OwnData(database)
    rows = [row async for page in own.pages("7", "memories", start=0) for row in page]
    monkeypatch.setattr(own_data, "ROOM", sum(len(row.encode()) for row in rows[1:]) - short)
    fit = (await own.fit("7"))["memories"]
    assert (fit.there, fit.given, fit.left_out) == (4, given, 4 - given)
    assert [row async for page in own.pages("7", "memories", start=fit.start) for row in page] == rows[-given:]


async def test_no_row_is_missing_between_pages(
    database: Database, location: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor read twice."""
    monkeypatch.setattr(own_data, "A_PAGE", 2)
    with program(location) as connection:
        for number in range(5):
            connection.execute(
                "INSERT INTO polar_memory VALUES (?, 's', '7', 'session', 'fact', '{}', '{}', 1, 1)", (f"m{number}",)
            )
    pages = [page async for page in OwnData(database).pages("7", "memories", start=0)]
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [json.loads(row)["memoryId"] for page in pages for row in page] == [f"m{n}" for n in range(5)]


async def test_erasing_again_changes_nothing(database: Database) -> None:
    """There may be nothing of a person at all."""
    for _ in range(2):
        await database.commit(*Erasure(database).of("7", now_ms=1))
