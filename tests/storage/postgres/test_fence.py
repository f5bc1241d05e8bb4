"""The lease: one process writes, others stand by; who has lost it writes nothing more, and knows by its own clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing

import psycopg
import pytest

import storage.database
from storage.attendance import Worker
from storage.database import Database
from storage.errors import DatabaseLocked, DatabaseLost
from storage.location import ServerUrl
from storage.postgres import connections, fence, opening
from storage.postgres.fence import Fence
from storage.postgres.lease import ACTIVE, STANDBY
from storage.statement import Statement
from tests.storage.files import NOW_MS

PUT = Statement("INSERT INTO polar_properties VALUES ('a', '1') ON CONFLICT (name) DO NOTHING")
ROWS = "SELECT workerId FROM polar.polar_workers"
OVER = "UPDATE polar.polar_workers SET expiresAt = clock_timestamp() - interval '1 s'"
NAMES = "SELECT application_name FROM pg_stat_activity WHERE datname = current_database()"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is waited for who was killed, and who stands by looks often."""
    monkeypatch.setattr(fence, "GONE_S", 0.0)
    monkeypatch.setattr(fence, "TRY_S", 0.01)
    monkeypatch.setattr(opening, "GONE_MS", 1)


def run(url: str, statement: str) -> list[tuple[object, ...]]:
    """As the server's administrator."""
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    """A process that is active."""
    database = await Database.open(ServerUrl(url), now_ms=NOW_MS)
    try:
        yield database
    finally:
        await database.close()


class Standby:
    """A process that stands by; `heard` are those for whom."""

    def __init__(self, url: str) -> None:
        self.heard: list[Worker | None] = []
        self.stands = asyncio.Event()
        self.opening = asyncio.create_task(Database.open(ServerUrl(url), now_ms=NOW_MS, stand_by=self._hear))

    def _hear(self, worker: Worker | None) -> None:
        self.heard.append(worker)
        self.stands.set()


async def stands_by(url: str) -> Standby:
    """One that has said so."""
    standby = Standby(url)
    await standby.stands.wait()
    return standby


async def test_a_second_process_stands_by_and_takes_over(url: str) -> None:
    """It is told for whom; when that one has ended, it is active, and nothing of the first is left."""
    async with opened(url) as first:
        [(holder,)] = run(url, ROWS)
        standby = await stands_by(url)
        await first.commit(PUT)
        [heard] = standby.heard
        assert heard is not None
        assert heard.name == holder
    second = await standby.opening
    await second.commit(PUT)
    [(successor,)] = run(url, ROWS)
    assert successor != holder
    await second.close()
    assert run(url, ROWS) == []


async def test_without_standing_by_a_second_process_is_refused(url: str) -> None:
    """As on SQLite."""
    async with opened(url):
        with pytest.raises(DatabaseLocked, match="another Polar process runs on"):
            await Database.open(ServerUrl(url), now_ms=NOW_MS)


async def test_who_stands_by_can_be_asked_to_end(url: str) -> None:
    """At once, and nothing of it is left at the server."""
    async with opened(url):
        standby = await stands_by(url)
        standby.opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await standby.opening
        await until(lambda: not any(STANDBY in str(name) for (name,) in run(url, NAMES)))


async def until(condition: Callable[[], bool]) -> None:
    """What the server does after a connection's end is told to nobody."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_whose_lease_is_over_is_ended_though_its_connection_stands(url: str) -> None:
    """A frozen process renews nothing; the server's clock decides, and its connections end before its row does."""
    first = await Database.open(ServerUrl(url), now_ms=NOW_MS)
    standby = await stands_by(url)
    run(url, OVER)
    second = await standby.opening
    await second.commit(PUT)
    with pytest.raises(DatabaseLost):
        await first.commit(PUT)
    with pytest.raises(DatabaseLost):
        first.check_held()
    await first.close()
    assert len(run(url, ROWS)) == 1  # it gives nothing back that is another's
    await second.close()


async def test_who_is_frozen_within_a_transaction_is_ended(url: str) -> None:
    """It would keep its row for ever; what it has done is undone."""
    async with opened(url):
        [(holder,)] = run(url, ROWS)
        frozen = connections.connect_writer(ServerUrl(url), lock_ms=1, name=f"{ACTIVE}{holder}")
        with closing(frozen):
            frozen.execute("BEGIN")
            frozen.execute(f"{ROWS} FOR KEY SHARE")
            frozen.execute(PUT.sql)
            standby = await stands_by(url)
            run(url, OVER)
            second = await standby.opening
            with pytest.raises(psycopg.OperationalError):
                frozen.execute("COMMIT")
    assert run(url, "SELECT 1 FROM polar.polar_properties WHERE name = 'a'") == []
    await second.close()


async def test_nothing_is_committed_without_the_row(url: str) -> None:
    """Whoever has taken it away: the database is lost, and its process ends."""
    async with opened(url) as first:
        await first.commit(PUT)
        run(url, "DELETE FROM polar.polar_workers")
        with pytest.raises(DatabaseLost, match="another process's now"):
            await first.commit(PUT)


async def test_a_lease_that_cannot_be_renewed_is_over_by_our_own_clock(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server does not answer: nothing is sent any more, and whoever waits for it waits no longer."""
    monkeypatch.setattr(fence, "LEASE_S", 2.0)
    monkeypatch.setattr(fence, "RENEW_S", 0.02)
    with psycopg.connect(url) as other:
        async with opened(url) as first:
            first.check_held()
            other.execute("LOCK TABLE polar.polar_workers")
            with pytest.raises(DatabaseLost):
                await first.commit(PUT)
            assert first.lost.is_set()
            with pytest.raises(DatabaseLost):
                first.check_held()


async def test_a_lease_that_was_over_before_it_was_had_is_taken_again(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To take it may last for long, as where the commit of that waits for a replica that is away."""
    waiting = (
        "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND starts_with(application_name, 'polar') "
        "AND clock_timestamp() - query_start > interval '0.2 s'"
    )
    async with opened(url):
        pass
    monkeypatch.setattr(fence, "LEASE_S", 0.2)
    monkeypatch.setattr(fence, "RENEW_S", 0.02)
    with psycopg.connect(url) as other:
        other.execute("LOCK TABLE polar.polar_workers")
        opening_it = asyncio.create_task(Database.open(ServerUrl(url), now_ms=NOW_MS))
        await until(lambda: run(url, waiting) != [])
        monkeypatch.setattr(fence, "LEASE_S", 30.0)  # the next one may last, however busy the machine is
    database = await opening_it
    await database.commit(PUT)
    await database.close()
    assert run(url, ROWS) == []


async def test_closing_gives_up_a_commit_that_does_not_end(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As one does that waits for a replica which is away; nobody knows then whether it is there."""
    monkeypatch.setattr(storage.database, "COMMIT_S", 0.0)
    slow = "SELECT pg_sleep(30)"
    database = await Database.open(ServerUrl(url), now_ms=NOW_MS)
    commit = asyncio.create_task(database.commit(Statement(slow)))
    await until(lambda: run(url, f"SELECT 1 FROM pg_stat_activity WHERE query = '{slow}' AND state = 'active'") != [])
    await database.close()
    with pytest.raises(DatabaseLost, match="not answered in time"):
        await commit


async def test_a_lease_is_renewed_as_long_as_its_process_lives(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its end moves on by the server's clock."""
    monkeypatch.setattr(fence, "RENEW_S", 0.01)
    ends = "SELECT expiresAt FROM polar.polar_workers"
    async with opened(url) as first:
        before = run(url, ends)
        await until(lambda: run(url, ends) > before)
        first.check_held()


async def test_the_end_of_its_connection_is_the_end_of_a_lease(url: str) -> None:
    """The server gives the lock back then: others may have it, so it is not taken anew."""
    held = await Fence.take(ServerUrl(url), None)
    cut = asyncio.Event()
    held.on_loss.append(cut.set)
    run(
        url,
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{ACTIVE}{held.worker_id}'",
    )
    await cut.wait()
    assert not held.is_held
    await held.close()


async def test_who_stands_by_outlives_the_server_s_restart(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its connection ends; it comes back, and takes over when nobody else has."""
    monkeypatch.setattr(fence, "AGAIN_S", 0.01)
    async with opened(url):
        standby = await stands_by(url)
        run(url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'polar standby%'")
    second = await standby.opening
    await second.commit(PUT)
    await second.close()


async def test_closing_ends_well_where_the_server_is_gone(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is nothing to be ended there any more."""

    async def refuse(*_: object, **__: object) -> None:
        raise psycopg.OperationalError("cancellation failed")

    async with opened(url):
        monkeypatch.setattr(psycopg.AsyncConnection, "cancel_safe", refuse)
    assert run(url, ROWS) == []


async def test_who_may_stand_by_waits_for_a_server_from_its_first_word_on(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before it has told for whom; who may not is refused then."""
    monkeypatch.setattr(fence, "AGAIN_S", 0.01)
    monkeypatch.setattr(fence, "GONE_S", 3600.0)
    seen = (
        "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'polar standby%' AND query LIKE '%activeSince%'"
    )
    async with opened(url):
        standby = Standby(url)
        await until(lambda: run(url, seen) != [])
        run(url, seen.replace("pid", "pg_terminate_backend(pid)", 1))
        await until(lambda: run(url, seen) != [] and not standby.opening.done())
    await (await standby.opening).close()
    assert standby.heard == []


async def test_care_waits_for_no_bot_and_leaves_none_behind(url: str) -> None:
    """Who migrates by hand is refused while a bot runs, and ends what a bot that has died may still have there."""
    location = ServerUrl(url)
    async with opened(url):
        with pytest.raises(DatabaseLocked):
            opening.prepare(location, NOW_MS)
    run(url, "INSERT INTO polar.polar_workers VALUES ('dead', 1, clock_timestamp(), clock_timestamp())")
    with closing(connections.connect_writer(location, lock_ms=1, name=f"{ACTIVE}dead")) as left:
        opening.prepare(location, NOW_MS)[0].close()
        with pytest.raises(psycopg.OperationalError):
            left.execute("SELECT 1")
    assert run(url, ROWS) == []
