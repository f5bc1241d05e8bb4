"""The bot's pruning: a unit a minute, more often only while there is much to do and the bot has time."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from types import SimpleNamespace

import pytest

from bot import pruner as pruner_module
from bot.pruner import BUSY, EVERY_S, SOON_S, Pruner
from storage import pruning
from storage.database import Database
from storage.statement import Statement
from storage.tables.audit import AuditTrail
from storage.tables.properties import PRUNED, TELEGRAM_MS, Properties
from storage.tables.stop_marks import StopMarks
from storage.tables.updates import Received, Updates
from storage.terms import DAY_MS, Terms
from storage.views.health import Health
from tests.clocks import TestClock

YEARS = 1_000 * DAY_MS


class Enough(Exception):
    """The loop has gone round as often as a test wanted."""


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """A new database that has heard of Telegram's time."""
    opened = await Database.open(tmp_path / "polar-system.db", now_ms=TestClock().now_ms)
    try:
        await opened.commit(Properties.raise_to(TELEGRAM_MS, TestClock().now_ms))
        yield opened
    finally:
        await opened.close()


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slices of five rows."""
    monkeypatch.setattr(pruning, "ROWS", 5)


def made(database: Database, clock: TestClock | None = None) -> Pruner:
    """The bot's own part, with the terms that are default."""
    return Pruner(database, Health(database), Terms(), clock or TestClock())


async def audited(database: Database, numbers: Iterable[int], *, age_ms: int = YEARS) -> None:
    """Turns of long ago."""
    await database.commit(
        *(
            AuditTrail.append(
                turn_id=str(n),
                attempt=1,
                kind="message",
                session_id="s",
                user_id="7",
                outcome="answered",
                reason=None,
                duration_ms=1,
                now_ms=TestClock().now_ms - age_ms,
            )
            for n in numbers
        )
    )


async def left(database: Database) -> int:
    """The turns that are still told of."""
    [row] = await database.fetch("SELECT count(*) FROM polar_audit")
    return int(row[0])


async def pauses(database: Database, rounds: int, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the bot waits before each of so many units."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        if len(waited) == rounds:
            raise Enough
        waited.append(seconds)

    monkeypatch.setattr(pruner_module, "asyncio", SimpleNamespace(sleep=sleep))
    with pytest.raises(Enough):
        await made(database).run()
    return waited


async def test_a_unit_visits_a_slice_of_each_table(database: Database) -> None:
    """And goes on behind it the next time."""
    pruner = made(database)
    await audited(database, range(12))
    await database.commit(*(StopMarks.add(str(n), now_ms=1) for n in range(7)))
    assert await pruner.unit()
    [marks] = await database.fetch("SELECT count(*) FROM polar_stop_marks")
    assert (await left(database), marks[0]) == (7, 2)
    assert await pruner.unit()
    assert not await pruner.unit()
    assert await left(database) == 0


async def test_it_is_one_a_second_until_nothing_is_left_then_one_a_minute(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first a minute after the start."""
    await audited(database, range(12))
    assert await pauses(database, 4, monkeypatch) == [EVERY_S, SOON_S, SOON_S, EVERY_S]
    assert await left(database) == 0


async def test_it_is_one_a_minute_even_when_the_bot_is_busy(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither more nor less."""
    await audited(database, range(12))
    waiting = (
        Received(update_id=n, kind="message", lane="1::answer", session_id="s", telegram_message_id=n, body=b"{}")
        for n in range(BUSY + 1)
    )
    await database.commit(*(Updates.add(received, now_ms=1) for received in waiting))
    assert await pauses(database, 3, monkeypatch) == [EVERY_S, EVERY_S, EVERY_S]
    assert await left(database) == 0


async def test_what_stays_is_not_visited_again_and_again_before_the_rest(database: Database) -> None:
    """The place is remembered, also by the next process."""
    await database.commit(
        *(
            Statement(
                "INSERT INTO polar_scheduler_run_log (runId, eventId, status, startedAtMs) VALUES (?, 'e', ?, 1)",
                (str(n), "running" if n < 6 else "executed"),
            )
            for n in range(10)
        )
    )
    await audited(database, range(20))
    await made(database).unit()
    await made(database).unit()
    [row] = await database.fetch("SELECT count(*) FROM polar_scheduler_run_log WHERE status = 'executed'")
    assert (row[0], await left(database)) == (0, 10)
    await database.commit(Properties.set(PRUNED, "nonsense"))
    await made(database).unit()
    assert await left(database) == 5


async def test_nothing_goes_before_an_update_has_told_the_date(database: Database) -> None:
    """Our clock alone is no reason."""
    await audited(database, range(3))
    await database.commit(Statement("DELETE FROM polar_properties"))
    assert not await made(database).unit()
    assert await left(database) == 3


async def test_a_clock_that_leaps_ten_years_ahead_makes_nothing_old(database: Database) -> None:
    """Telegram's date stands still as long as no update comes."""
    clock = TestClock()
    await audited(database, range(3), age_ms=DAY_MS)
    clock.advance(seconds=10 * 365 * 86_400)
    await made(database, clock).unit()
    assert await left(database) == 3


async def test_a_table_that_refuses_is_told_of_once_and_keeps_no_other_back(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """Another program may have put a trigger there; the bot lives on."""
    await database.commit(
        Statement(
            "CREATE TRIGGER kept BEFORE DELETE ON polar_audit BEGIN SELECT RAISE(ABORT, 'the auditor forbids it'); END"
        )
    )
    await audited(database, range(3))
    await database.commit(StopMarks.add("t", now_ms=1))
    pruner = made(database)
    with caplog.at_level(logging.WARNING, "polar.pruning"):
        await pruner.unit()
        await pruner.unit()
    [record] = caplog.records
    assert record.getMessage() == "polar_audit cannot be pruned: the auditor forbids it"
    [marks] = await database.fetch("SELECT count(*) FROM polar_stop_marks")
    assert (await left(database), marks[0]) == (3, 0)


async def test_pages_are_given_back(database: Database) -> None:
    """What a unit has emptied leaves the file, and what is left over the next."""
    await audited(database, range(5))
    await database.commit(Statement("UPDATE polar_audit SET reason = ?", ("r" * 100_000,)))
    [before] = await database.fetch("PRAGMA page_count")
    await made(database).unit()
    [after] = await database.fetch("SELECT page_count, freelist_count FROM pragma_page_count, pragma_freelist_count")
    assert before[0] - after[0] > 100
    assert after[1] == 0
