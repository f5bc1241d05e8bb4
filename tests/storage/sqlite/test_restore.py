"""Putting a copy in the place of the database: nothing is done twice, nobody who was erased returns."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from storage import care, migrations
from storage.care import adopt
from storage.care import put_back as restore
from storage.engines import beside
from storage.erasure import Erasure
from storage.errors import CopyUnusable, DatabaseLocked, DatabaseUnusable
from storage.sqlite.backup import back_up
from storage.sqlite.lock import exclusive
from storage.state import Restored
from storage.statement import Statement
from storage.tables.deliveries import Deliveries
from storage.tables.erasures import Erased, since
from storage.tables.occurrences import Claim, Companion, Occurrence, Occurrences
from storage.tables.properties import ENDED_START, START, Properties
from storage.tables.runs import Runs
from tests.earlier import DECLARATIONS
from tests.storage.files import NOW_MS, can_be_written, digest, plain, rows

COPIED_MS = NOW_MS - 100_000
JOB = "INSERT INTO polar_automation_jobs VALUES (?, '7', 'telegram:chat:7', 'FREQ=DAILY', 'p', 1, NULL, NULL, 1, 1)"
DELIVERY = """
INSERT INTO polar_delivery_queue (deliveryId, sessionId, channel, payload, status, createdAtMs, updatedAtMs, sequence,
  replyId, ambiguous, taskId)
VALUES (?, 'telegram:chat:7', 'telegram', '{"method":"sendMessage"}', ?, 1, 1, ?, 'r', ?, ?)
"""
UPDATE = """
INSERT INTO polar_updates (updateId, sequence, status, kind, lane, body, receivedAtMs)
VALUES (?, ?, ?, 'message', 'telegram:chat:7::answer', '{}', 1)
"""
MESSAGE = """
INSERT INTO polar_messages (sessionId, messageId, role, telegramMessageId, threadKey, turnId, userId, kind, text,
  createdAtMs)
VALUES ('telegram:chat:' || ?1, 'msg_u_1', 'user', 1, 'root:' || ?1, 't', ?1, 'text', 'secret', 1)
"""
LEDGER = "SELECT source, id, runId, trigger, output, metadata FROM polar_run_events ORDER BY runId"


def nothing(done: int, of: int) -> None:
    """Nobody looks at how far it is."""


def write(path: Path, *writes: tuple[str, Sequence[Any]]) -> None:
    """As another program does."""
    with plain(path) as connection:
        for sql, params in writes:
            connection.execute(sql, params)


def commit(path: Path, *statements: Statement) -> None:
    """As the command line does."""
    with beside(path) as database:
        database.commit(*statements)


def erase(path: Path, user_id: str, now_ms: int) -> None:
    """As `polar erase` does."""
    with beside(path) as database:
        database.commit(*Erasure(database).of(user_id, now_ms=now_ms))


@pytest.fixture
def made(path: Path) -> Path:
    """The database."""
    care.migrate(path, now_ms=1)
    return path


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Where its copy will be."""
    return tmp_path / "copy"


def put_back(
    path: Path, copy: Path, erased: list[Erased] | None = None, progress: Callable[[int, int], None] = nothing
) -> Restored:
    """Put it back now."""
    return restore(path, copy, erased, progress, now_ms=NOW_MS)


def test_the_database_is_the_copy_again(made: Path, copy: Path) -> None:
    """Through SQLite, into the same file; who reads meanwhile sees the former one to the end."""
    write(made, (JOB, ("kept",)))
    back_up(made, copy, nothing)
    write(made, (JOB, ("later",)))
    inode = made.stat().st_ino
    with plain(made) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM polar_automation_jobs").fetchone() == (2,)
        put_back(made, copy)
        assert reader.execute("SELECT count(*) FROM polar_automation_jobs").fetchone() == (2,)
        reader.execute("COMMIT")
        assert reader.execute("SELECT id FROM polar_automation_jobs").fetchall() == [("kept",)]
    assert made.stat().st_ino == inode
    assert rows(made, "PRAGMA integrity_check") == [("ok",)]
    assert not list(made.parent.glob("*.restoring*"))


def test_nothing_of_the_former_database_stays_in_the_log(made: Path, copy: Path) -> None:
    """Also where a dashboard has it open, so that SQLite itself keeps the log."""
    back_up(made, copy, nothing)
    with plain(made) as reader:
        write(made, (JOB, ("later",)))
        assert reader.execute("SELECT count(*) FROM polar_automation_jobs").fetchone() == (1,)
        put_back(made, copy)
        assert made.with_name(f"{made.name}-wal").stat().st_size == 0


def test_what_is_open_in_the_copy_is_set_aside(made: Path, copy: Path) -> None:
    """It may have been done since; a delivery that is tried again is marked, as it may have arrived."""
    commit(
        made,
        *Runs.append(
            source="automation",
            subject_id="a",
            run_id="run:a:1",
            profile_id="p",
            trigger="schedule",
            output={"status": "executed"},
            metadata={},
            now_ms=1,
        ),
    )
    write(
        made,
        (DELIVERY, ("waits", "pending", 1, 0, "automation:a:run:a:1")),
        (DELIVERY, ("under way", "sending", 2, 2, None)),
        (DELIVERY, ("over", "sent", 3, 0, None)),
        (UPDATE, (1, 1, "pending")),
        (UPDATE, (2, 2, "done")),
    )
    back_up(made, copy, nothing)
    ended = put_back(made, copy).ended
    assert (ended.deliveries, ended.updates, ended.runs, ended.erased) == (2, 1, 0, 0)
    assert rows(made, "SELECT deliveryId, status, reason, ambiguous FROM polar_delivery_queue ORDER BY sequence") == [
        ("waits", "failed", "restored", 1),
        ("under way", "failed", "restored", 2),
        ("over", "sent", None, 0),
    ]
    assert rows(made, "SELECT updateId, status, reason, finishedAtMs FROM polar_updates ORDER BY updateId") == [
        (1, "dead", "restored", NOW_MS),
        (2, "done", None, None),
    ]
    assert rows(made, "SELECT runId, status, reason FROM polar_run_deliveries") == [
        ("run:a:1", "undelivered", "restored")
    ]
    with beside(made) as database:
        delivery = database.ask(Deliveries(database).find("waits"))
        assert delivery is not None
        database.commit(Deliveries.retry(delivery, now_ms=NOW_MS))


def test_nobody_misses_the_bot_that_ran_when_the_copy_was_made(made: Path, copy: Path) -> None:
    """It was stopped since; without this whoever looks after the bot would be told that it has died."""
    is_missed = """
    SELECT value <> (SELECT value FROM polar_properties WHERE name = 'ended_start')
    FROM polar_properties WHERE name = 'start'
    """
    commit(made, Properties.set(START, "3"), Properties.set(ENDED_START, "2"))
    back_up(made, copy, nothing)
    assert rows(copy, is_missed) == [(1,)]
    put_back(made, copy)
    assert rows(made, is_missed) == [(0,)]


def test_what_was_due_is_entered_once_and_what_comes_stays(made: Path, copy: Path) -> None:
    """A row a job or policy, and a row for each run that was under way; the start of the bot plans what is next."""
    due = Occurrence(source="automation", subject_id="due", at_ms=COPIED_MS, due_ms=COPIED_MS + 1)
    beat = replace(due, source="heartbeat", subject_id="beat")
    later = replace(due, subject_id="later", at_ms=COPIED_MS, due_ms=NOW_MS + 1)
    by_hand = Occurrence.by_hand("automation", "due", now_ms=COPIED_MS)
    claim = Claim(session_id="telegram:chat:9", user_id="7", prompt="p")
    run = replace(due, subject_id="run").claimed(claim, now_ms=COPIED_MS)
    along = Companion(subject_id="along", at_ms=5, ends=None)
    together = replace(run, subject_id="list", claim=replace(claim, companions=(along,)))
    waiting = replace(run, subject_id="waiting", due_ms=NOW_MS + 1)
    each = (due, beat, later, by_hand, run, together, waiting)
    commit(made, *(Occurrences.plan(occurrence, now_ms=1) for occurrence in each))
    write(
        made,
        (JOB, ("due",)),
        ("INSERT INTO polar_scheduler_events VALUES ('theirs', 'retry', 1, '{\"atMs\": 1}', 1)", ()),
        ("INSERT INTO polar_scheduler_events VALUES ('broken', 'scheduled', 1, 'no json', 1)", ()),
    )
    back_up(made, copy, nothing)
    assert put_back(made, copy).ended.runs == 5
    entered = [(source, subject, run_id, trigger) for source, subject, run_id, trigger, *_ in rows(made, LEDGER)]
    assert entered == [
        ("heartbeat", "beat", beat.run_id, "heartbeat"),
        ("automation", "along", "run:along:5", "schedule"),
        ("automation", "due", due.run_id, "schedule"),
        ("automation", "due", by_hand.run_id, "manual"),
        ("automation", "list", together.run_id, "schedule"),
        ("automation", "run", run.run_id, "schedule"),
    ]
    assert {row[4] for row in rows(made, LEDGER)} == {'{"reason":"restored","status":"skipped"}'}
    assert rows(made, "SELECT metadata FROM polar_run_events WHERE runId = ?", due.run_id) == [
        (f'{{"scheduledAtMs":{COPIED_MS},"sessionId":"telegram:chat:7"}}',)
    ]
    assert rows(made, "SELECT count(*) FROM polar_task_board WHERE status = 'blocked'") == [(6,)]
    left = {row[0] for row in rows(made, "SELECT eventId FROM polar_scheduler_events")}
    assert left == {later.event_id, waiting.event_id, "theirs", "broken"}
    again = adopt(made, [], now_ms=NOW_MS).ended
    assert (again.deliveries, again.updates, again.runs) == (0, 0, 0)


def test_who_was_erased_since_is_erased_in_the_copy(made: Path, copy: Path) -> None:
    """By the database that is replaced; who was erased before the copy, and came back, keeps what came since."""
    erase(made, "8", COPIED_MS - 10)
    write(made, *((MESSAGE, (user,)) for user in ("7", "8")))
    back_up(made, copy, nothing)
    erase(made, "7", COPIED_MS + 10)
    assert put_back(made, copy).ended.erased == 1
    assert rows(made, "SELECT userId, text FROM polar_messages ORDER BY userId") == [("7", ""), ("8", "secret")]
    assert b"secret" in copy.read_bytes()
    assert rows(made, "SELECT userId, erasedAtMs FROM polar_erasures ORDER BY userId") == [
        ("7", COPIED_MS + 10),
        ("8", COPIED_MS - 10),
    ]


def test_of_a_person_the_last_erasure_counts() -> None:
    """In whatever order a list has them, and only what is later than what the copy knows."""
    copy = [Erased("7", 5), Erased("8", 5)]
    assert since(copy, [Erased("8", 6), Erased("8", 4), Erased("7", 5), Erased("9", 0)]) == [
        Erased("8", 6),
        Erased("9", 0),
    ]


def test_a_lost_database_needs_the_list_of_erasures(made: Path, copy: Path) -> None:
    """Or somebody who says that there were none; nothing is made before that."""
    write(made, (MESSAGE, ("7",)))
    back_up(made, copy, nothing)
    made.unlink()
    with pytest.raises(DatabaseUnusable, match="--erasures FILE"):
        put_back(made, copy)
    assert not made.exists()
    done = put_back(made, copy, [Erased("7", COPIED_MS)])
    assert (done.ended.erased, done.aside) == (1, None)
    assert rows(made, "SELECT text FROM polar_messages") == [("",)]
    made.unlink()
    assert put_back(made, copy, []).ended.erased == 0


@pytest.mark.parametrize("offset", [0, 4096 * 3])
def test_a_damaged_database_is_replaced(made: Path, copy: Path, offset: int) -> None:
    """Through SQLite where that can write to it; else it is set aside, with its log, which is never taken for ours."""
    write(made, (JOB, ("kept",)))
    back_up(made, copy, nothing)
    with made.open("r+b") as file:
        file.seek(offset)
        file.write(b"nonsense" * 512)
    beside_it = made.with_name(made.name + "-wal")
    if not offset:
        beside_it.write_bytes(b"a log")
    done = put_back(made, copy, [])
    assert rows(made, "SELECT id FROM polar_automation_jobs") == [("kept",)]
    assert rows(made, "PRAGMA integrity_check") == [("ok",)]
    if not offset:
        assert done.aside == made.with_name(made.name + ".damaged-1")
        assert done.aside.read_bytes().startswith(b"nonsense")
        assert done.aside.with_name(done.aside.name + "-wal").read_bytes() == b"a log"
    else:
        assert done.aside is None


@pytest.mark.parametrize("version", [1, 7, 15, 20])
def test_an_older_copy_is_brought_up_to_date(made: Path, copy: Path, version: int) -> None:
    """Of whatever version; who was erased since is erased there too."""
    erase(made, "7", NOW_MS - 5)
    with plain(copy) as connection:
        migrations.apply(connection, 1, until=version)
        connection.execute("INSERT INTO polar_memory VALUES ('m', 's', '7', 'user', 'fact', '{}', '{}', 1, 1)")
        connection.execute("INSERT INTO polar_memory VALUES ('n', 's', '8', 'user', 'fact', '{}', '{}', 1, 1)")
    done = put_back(made, copy)
    assert [migration.version for migration in done.applied] == list(range(version + 1, migrations.newest() + 1))
    assert rows(made, "SELECT memoryId FROM polar_memory") == [("n",)]


def test_a_copy_of_the_earlier_runtime_is_one(made: Path, copy: Path) -> None:
    """With what it left in its own queue, which stays; the database stays one with a log."""
    with plain(copy) as connection:
        connection.executescript(DECLARATIONS)
    write(
        copy,
        ("INSERT INTO polar_memory VALUES ('m', 's', '7', 'session', 'fact', '{}', '{}', 1, 1)", ()),
        ("INSERT INTO polar_scheduler_events VALUES ('e', 'retry', 1, '{}', 1)", ()),
    )
    done = put_back(made, copy)
    assert len(done.applied) == migrations.newest()
    assert rows(made, "SELECT memoryId FROM polar_memory") == [("m",)]
    assert rows(made, "SELECT eventId, queue FROM polar_scheduler_events") == [("e", "retry")]
    assert rows(made, "PRAGMA journal_mode") == [("wal",)]


def test_pages_of_another_size_are_no_hindrance(made: Path, copy: Path) -> None:
    """The file keeps those that it has."""
    write(made, (JOB, ("kept",)))
    back_up(made, copy, nothing)
    with plain(copy) as connection:
        connection.execute("PRAGMA page_size = 1024")
        connection.execute("VACUUM")
    put_back(made, copy)
    assert rows(made, "SELECT id FROM polar_automation_jobs") == [("kept",)]
    assert rows(made, "PRAGMA page_size") == [(4096,)]


def foreign(copy: Path) -> None:
    """A database of another program."""
    with plain(copy) as connection:
        connection.execute("CREATE TABLE bookmarks (x)")


def newer(copy: Path) -> None:
    """One of a later version."""
    care.migrate(copy, now_ms=1)
    write(copy, ("INSERT INTO polar_schema_versions VALUES (9999, 'later', 1)", ()))


def of_another_bot(copy: Path) -> None:
    """One that belongs to somebody else."""
    care.migrate(copy, now_ms=1)
    write(copy, ("INSERT INTO polar_properties VALUES ('bot_id', '2')", ()))


def damaged(copy: Path) -> None:
    """One whose end is nonsense."""
    care.migrate(copy, now_ms=1)
    size = copy.stat().st_size
    with copy.open("r+b") as file:
        file.seek(size // 2)
        file.write(b"x" * 4096 * 20)


def no_database(copy: Path) -> None:
    """A text."""
    copy.write_text("a text " * 1000)


def missing(copy: Path) -> None:
    """None."""


@pytest.mark.parametrize("make", [foreign, newer, of_another_bot, damaged, no_database, missing])
def test_what_is_no_copy_of_this_database_changes_nothing(made: Path, copy: Path, make: Callable[[Path], None]) -> None:
    """It is looked through before."""
    write(made, (JOB, ("kept",)), ("INSERT INTO polar_properties VALUES ('bot_id', '1')", ()))
    before = digest(made)
    make(copy)
    with pytest.raises(CopyUnusable):
        put_back(made, copy)
    assert digest(made) == before
    assert not list(made.parent.glob("*.restoring*"))


def test_the_database_is_no_copy_of_itself(made: Path) -> None:
    """Whatever name it is called by."""
    with pytest.raises(CopyUnusable, match="polar db adopt"):
        put_back(made, made)


def test_what_has_the_name_of_what_is_about_to_be_restored_stays(made: Path, copy: Path) -> None:
    """It would go first, as what a killed process left there."""
    care.migrate(copy, now_ms=1)
    named = copy.rename(made.with_name(f"{made.name}.restoring"))
    with pytest.raises(CopyUnusable, match="another one"):
        put_back(made, named)
    assert named.exists()


def test_a_folder_is_not_replaced(path: Path, copy: Path) -> None:
    """And is told in the words of every other command."""
    care.migrate(copy, now_ms=1)
    path.mkdir()
    with pytest.raises(DatabaseUnusable, match="is a folder"):
        put_back(path, copy)


def test_a_running_bot_keeps_its_database(made: Path, copy: Path) -> None:
    """Refused by its lock, which is held to the end."""
    back_up(made, copy, nothing)
    with exclusive(made):
        with pytest.raises(DatabaseLocked):
            put_back(made, copy)
        with pytest.raises(DatabaseLocked):
            adopt(made, [], now_ms=1)

    def look(done: int, of: int) -> None:
        with pytest.raises(DatabaseLocked), exclusive(made):
            pass

    put_back(made, copy, progress=look)


@pytest.mark.parametrize("failing", [1, 2])
def test_a_failure_in_the_midst_leaves_the_database_as_it_was(
    made: Path, copy: Path, failing: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the copy is prepared, and while it is written into the file; a second try is a first one."""
    for module in ("storage.sqlite.backup", "storage.sqlite.replacing"):
        monkeypatch.setattr(f"{module}.STEP_PAGES", 100)
    back_up(made, copy, nothing)
    write(made, (JOB, ("later",)))
    parts: list[int] = []

    def fail(done: int, of: int) -> None:
        if done == 100:
            parts.append(of)
            if len(parts) == failing:
                raise sqlite3.OperationalError("database or disk is full")

    with pytest.raises(DatabaseUnusable, match="as it was: database or disk is full"):
        put_back(made, copy, progress=fail)
    assert rows(made, "SELECT id FROM polar_automation_jobs") == [("later",)]
    assert not list(made.parent.glob("*.restoring*"))
    assert can_be_written(made)
    put_back(made, copy)
    assert rows(made, "SELECT id FROM polar_automation_jobs") == []


def test_a_file_that_was_put_in_place_is_adopted(made: Path, copy: Path) -> None:
    """With what was open in it, and the erasures of a list."""
    write(made, (MESSAGE, ("7",)), (DELIVERY, ("waits", "pending", 1, 0, None)))
    back_up(made, copy, nothing)
    made.unlink()
    copy.rename(made)
    made.chmod(0o644)
    ended = adopt(made, [Erased("7", COPIED_MS)], now_ms=NOW_MS).ended
    assert (ended.deliveries, ended.erased) == (1, 1)
    assert rows(made, "SELECT text FROM polar_messages") == [("",)]
    assert made.stat().st_mode & 0o777 == 0o600


def test_nothing_that_is_not_there_is_adopted(path: Path) -> None:
    """Nor made."""
    with pytest.raises(CopyUnusable):
        adopt(path, [], now_ms=1)
    assert not path.exists()


def test_a_copy_with_a_log_beside_it_is_read_with_it(made: Path, tmp_path: Path) -> None:
    """As a copy of all files of a stopped bot is."""
    write(made, (JOB, ("kept",)))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with closing(sqlite3.connect(made, isolation_level=None)) as connection:
        connection.execute(JOB, ("in the log",))
        for ending in ("", "-wal"):
            (elsewhere / f"copy{ending}").write_bytes(made.with_name(made.name + ending).read_bytes())
    write(made, ("DELETE FROM polar_automation_jobs", ()))
    put_back(made, elsewhere / "copy")
    assert rows(made, "SELECT id FROM polar_automation_jobs ORDER BY id") == [("in the log",), ("kept",)]
