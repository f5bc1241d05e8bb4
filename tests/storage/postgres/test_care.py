"""Care of a database on a server: what is done here, and what its administrator's tools do."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from storage import care, engines, migrations
from storage.database import Database
from storage.errors import CopyFailed, CopyUnusable, DatabaseLocked, DatabaseUnusable
from storage.location import ServerUrl
from storage.tables.erasures import Erased, Erasures
from storage.tables.properties import Properties
from tests.storage.files import NOW_MS


def run(url: str, *statements: str) -> None:
    """As the administrator of that database."""
    with psycopg.connect(url, autocommit=True, options="-c search_path=polar") as connection:
        for statement in statements:
            connection.execute(statement)


def test_a_new_database_is_made_and_counted(empty: str) -> None:
    """All tables, with their rows, the states of work, and the size of all."""
    location = ServerUrl(empty)
    assert (care.look_at(location).version, care.look_at(location).exists) == (0, False)
    assert care.find_problems(location) == []
    assert care.count(location).rows == {}
    assert [migration.version for migration in care.migrate(location, now_ms=NOW_MS)][-1] == migrations.newest()
    assert care.migrate(location, now_ms=NOW_MS) == []
    run(empty, "INSERT INTO polar_properties VALUES ('a', '1')")
    counted = care.count(location)
    assert counted.rows["polar_properties"] == 1
    assert counted.rows["polar_schema_versions"] == len(migrations.migrations())
    assert set(counted.states) == {"polar_updates", "polar_delivery_queue"}
    state = care.look_at(location)
    assert (state.version, state.exists, state.trouble) == (migrations.newest(), True, "")
    assert counted.bytes > 0
    assert state.size > 0


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        ("ALTER TABLE polar_run_events DISABLE TRIGGER USER", "polar_run_events is switched off"),
        (
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'polar_updates_pending'::regclass",
            "polar_updates_pending is not valid",
        ),
        (
            "ALTER TABLE polar_properties ADD CONSTRAINT short CHECK (length(value) < 9) NOT VALID",
            "the rule short of polar_properties was never checked",
        ),
    ],
)
def test_what_lets_rows_lie_is_a_problem(changeable: str, damage: str, problem: str) -> None:
    """The server knows of it, and nobody asks it otherwise."""
    assert care.find_problems(ServerUrl(changeable)) == []
    run(changeable, damage)
    assert any(problem in found for found in care.find_problems(ServerUrl(changeable)))


async def test_nobody_migrates_under_a_bot(url: str) -> None:
    """Nor goes on with what was put back, which is still looked at and counted."""
    database = await Database.open(ServerUrl(url), now_ms=NOW_MS)
    try:
        with pytest.raises(DatabaseLocked):
            care.migrate(ServerUrl(url), now_ms=NOW_MS)
        with pytest.raises(DatabaseLocked):
            care.adopt(ServerUrl(url), [], now_ms=NOW_MS)
        assert care.look_at(ServerUrl(url)).version == migrations.newest()
        assert care.count(ServerUrl(url)).bytes
    finally:
        await database.close()


def test_going_on_with_what_was_put_back_ends_what_was_open_in_it(url: str) -> None:
    """As on SQLite: nothing is done twice, and who was erased since is erased again, who was before is not."""
    run(
        url,
        "INSERT INTO polar_delivery_queue (deliveryId, sessionId, channel, payload, status, createdAtMs, updatedAtMs, "
        "sequence, replyId) VALUES ('d', 'telegram:chat:1', 'telegram', '{}', 'pending', 1, 1, 1, 'r')",
        "INSERT INTO polar_updates (updateId, sequence, status, kind, lane, receivedAtMs) "
        "VALUES (7, 1, 'pending', 'message', 'telegram:chat:1', 1)",
    )
    known = Erased("5", 2_000_000_000_000)
    with engines.beside(ServerUrl(url)) as database:
        database.commit(Properties.set("kept", "1"), Erasures.enter(known.user_id, asked_by=None, at_ms=known.at_ms))
    done = care.adopt(ServerUrl(url), [known, Erased("6", 2_000_000_000_000)], now_ms=NOW_MS)
    assert (done.ended.deliveries, done.ended.updates, done.ended.erased) == (1, 1, 1)
    with engines.beside(ServerUrl(url)) as database:
        rows = database.ask(database.fetch("SELECT status, reason FROM polar_delivery_queue"))
        assert list(map(tuple, rows)) == [("failed", "restored")]
        assert [each.user_id for each in database.ask(Erasures(database).list_all())] == ["5", "6"]
    again = care.adopt(ServerUrl(url), [known], now_ms=NOW_MS)
    assert (again.ended.deliveries, again.ended.updates, again.ended.erased) == (0, 0, 0)


def test_what_the_servers_own_tools_do_is_told(tmp_path: Path) -> None:
    """In one line, with their names and what comes after them; no server is asked."""
    location = ServerUrl("postgresql://polar@127.0.0.1:1/polar", "secret")
    copy = tmp_path / "copy"
    with pytest.raises(CopyFailed, match="pg_dump"):
        care.back_up(location, copy, lambda *_: None)
    with pytest.raises(CopyUnusable, match=r"pg_restore.*polar db adopt"):
        care.put_back(location, copy, [], lambda *_: None, now_ms=NOW_MS)
    with pytest.raises(DatabaseUnusable, match="VACUUM FULL"):
        care.vacuum(location)
    assert not copy.exists()


def test_a_server_that_cannot_be_used_is_looked_at_all_the_same() -> None:
    """Its trouble is what is told of it."""
    state = care.look_at(ServerUrl("postgresql://polar@127.0.0.1:1/polar"))
    assert state.version is None
    assert "Connection refused" in state.trouble
