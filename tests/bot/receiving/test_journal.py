"""What comes in is durable before all else, and told once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.receiving.arrival import Letter
from bot.receiving.envelope import opened, read
from bot.receiving.journal import Journal
from bot.receiving.reading import UpdateUnreadable
from storage.database import Database
from storage.statement import Statement
from storage.tables.updates import Kept, Received
from tests.clocks import TestClock

COUNT = Statement("SELECT count(*) FROM polar_updates")


@pytest_asyncio.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """A new one."""
    database = await Database.open(tmp_path / "polar-system.db", now_ms=1)
    yield database
    await database.close()


def received(update_id: int, lane: str = "1::control") -> Received:
    """An update as it arrived."""
    return Received(
        update_id=update_id,
        kind="message",
        lane=lane,
        session_id="telegram:chat:1",
        telegram_message_id=update_id,
        body=b"{}",
        mark=f"message:{update_id}",
    )


async def test_what_comes_in_is_kept_before_what_waits(database: Database) -> None:
    """The next batch does not wait for the turns of the last one."""
    journal = Journal(database, TestClock())
    [counted], _ = await asyncio.gather(database.commit(COUNT), journal.keep([received(1), received(2)]))
    assert counted[0][0] == 2


async def test_only_what_is_new_is_told(database: Database) -> None:
    """However much of a batch has come before, as behind a restart."""
    journal, told = Journal(database, TestClock()), list[Kept]()
    journal.watch(told.append)
    for ids in ((1, 2), (2, 3, 4), (4,), (3, 4), (5,)):
        await journal.keep([received(number) for number in ids])
    assert [[(entry.update_id, entry.sequence) for entry in kept.entries] for kept in told] == [
        [(1, 1), (2, 2)],
        [(3, 3), (4, 4)],
        [(5, 5)],
    ]


async def test_only_what_comes_into_the_same_lane_is_waited_for(database: Database) -> None:
    """Until all of it is kept, in whichever order the batches are: one of which some is known is kept a second time."""
    journal = Journal(database, TestClock())
    await journal.keep([received(1)])
    known, new = ([received(1), received(2, "a"), received(3)], [received(4), received(5, "a")])
    keeping = [asyncio.create_task(journal.keep(batch)) for batch in (known, new)]
    await asyncio.sleep(0)  # now both wait for the writer
    await journal.settled("b")
    assert not any(task.done() for task in keeping)
    await journal.settled("a")
    [[(count,)]] = await database.commit(COUNT)
    assert count == 5
    await asyncio.gather(*keeping)


async def test_what_was_read_of_an_update_is_handed_over_with_it(database: Database) -> None:
    """So that none is read twice in one process; what cannot be read is not taken for read."""
    journal, told = Journal(database, TestClock()), list[Kept]()
    journal.watch(told.append)
    bodies = (b'{"update_id":1,"message":{"message_id":7,"text":"hello"}}', b'{"update_id":2,"message":' + b"[" * 9_999)
    await journal.keep([one for one in map(read, bodies) if one is not None])
    [[good, bad]] = [kept.entries for kept in told]
    assert good.opened == opened(good.body)
    assert Letter(good).open() is good.opened
    with pytest.raises(UpdateUnreadable):
        Letter(bad).open()
