"""Who was erased, and when: what a lost database is put back with."""

from __future__ import annotations

import pytest

from storage.database import Database
from storage.erasure import Erasure
from storage.errors import ErasuresUnreadable
from storage.tables.erasures import Erased, Erasures, read_list, write_list


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
